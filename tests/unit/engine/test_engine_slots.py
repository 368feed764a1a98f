"""Slots around a rebalance: what was held before must not act under a claim that came after."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from types import SimpleNamespace
from typing import cast

import pytest
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
    TopicAuthorizationFailedError,
    UnknownError,
)
from aiokafka.structs import ConsumerRecord

from schemas.read import Refused
from stream.clock import real_ms
from stream.durations import MINUTE
from stream.engine import slots as module
from stream.engine.chunk import Chunk
from stream.engine.control import FIRST
from stream.engine.fenced import FencedProducer, OwnershipLost
from stream.engine.letters import Letters
from stream.engine.names import Names
from stream.engine.slot import Slot
from stream.engine.slots import Slots
from stream.engine.verify import Ends
from stream.kpis.registry import layout
from stream.outlets.health import Health
from stream.rules import rules_of
from stream.settings import Settings
from stream.state.partition import CLAIM_KEY
from tests.helpdesk import NOON, log, rated

SETTINGS = Settings()
TOPIC_IDS = dict.fromkeys((*SETTINGS.topics.sources, Names("csat", 1).changelog), "id")


class Producer:
    """Accepts everything; the changelog ends at `end`."""

    def __init__(self, end: int) -> None:
        self.end = end
        self.written: list[str] = []
        self.held = asyncio.Event()
        self.held.set()

    async def append(self, topic: str, _number: int, records: list[object]) -> int:
        """The offset of the first."""
        await self.held.wait()
        self.written.append(topic)
        offset, self.end = self.end, self.end + len(records)
        return offset

    async def append_all(self, topic: str, _number: int, _records: object) -> None:
        """Nothing is kept."""
        self.written.append(topic)

    async def close(self) -> None:
        """Nothing to close."""


class Log:
    """Where the sources end, when it is let go on."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()

    async def ends(self, _partition: int) -> Mapping[str, Ends]:
        """Empty topics."""
        await self.answers.wait()
        return {topic: Ends(0, 0) for topic in SETTINGS.topics.sources}


@pytest.fixture
def producers(monkeypatch: pytest.MonkeyPatch) -> list[Producer]:
    """What the next claims get, in order."""
    found: list[Producer] = []

    async def give(_settings: Settings, _name: str) -> FencedProducer:
        return cast("FencedProducer", found.pop(0))

    monkeypatch.setattr(module, "FencedProducer", SimpleNamespace(open=give))
    return found


def slots_with(log: Log) -> Slots:
    """The slots of a worker without a broker."""
    found = Slots(SETTINGS, Names("csat", 1), rules_of(SETTINGS, layout=layout()), TOPIC_IDS, FIRST, Health())
    found.source_log = log
    found.letters = cast("Letters", SimpleNamespace(counts=Counter()))
    return found


async def owned(slots: Slots, log: Log) -> Slot:
    """Partition 0, claimed and recovered."""
    await slots._claim(0)
    slot = slots._slots[0]
    slot.position = slot.claimed_at + 1
    log.answers.set()
    await slots._take_up(slot)
    assert slot.is_ready
    assert not slots.is_recovering
    return slot


async def with_a_letter(producers: list[Producer], producer: Producer, error: KafkaError) -> tuple[Slots, Slot, list[int]]:
    """Partition 0 with a dead letter that is refused with this error, and a list of who has joined again for it."""
    log, joined = Log(), list[int]()
    slots = slots_with(log)
    producers += [producer]
    slot = await owned(slots, log)

    async def send(_refused: object) -> None:
        raise error

    async def rejoin() -> None:
        joined.append(slot.number)

    slots.letters = cast("Letters", SimpleNamespace(counts=Counter(), send=send))
    slots.on_lost = rejoin
    slot.refused.append(cast("tuple[ConsumerRecord, Refused]", (None, None)))
    slot.partition.changed = True
    return slots, slot, joined


async def test_a_slot_that_was_replaced_writes_nothing(producers: list[Producer]) -> None:
    """Another worker has written meanwhile: the old state must not go out with the new producer, whichever timer still runs for it."""
    log, second = Log(), Producer(20)
    slots = slots_with(log)
    producers += [Producer(0), second]
    old = await owned(slots, log)
    await slots._claim(0)
    assert slots._slots[0] is not old
    assert slots.is_recovering
    claims = list(second.written)
    old.partition.changed = True
    await old.flush(slots.letters, slots.clock)
    assert (old.is_ready, second.written) == (False, claims)


@pytest.mark.parametrize(
    "error", [KafkaTimeoutError(), NotLeaderForPartitionError(), KafkaConnectionError(), UnknownError(), KafkaError("unsent")], ids=repr
)
async def test_dead_letters_that_do_not_go_out_end_no_worker(producers: list[Producer], error: KafkaError) -> None:
    """A broker that is away for long: nothing goes out without them, the state is let go of, and the worker joins again."""
    first = Producer(0)
    slots, slot, joined = await with_a_letter(producers, first, error)
    claims = list(first.written)
    await slots._flush(slot)
    assert (slot.lost, joined, first.written) == (True, [0], claims)


@pytest.mark.parametrize("error", [MessageSizeTooLargeError(), TopicAuthorizationFailedError()], ids=repr)
async def test_dead_letters_that_never_go_out_end_the_worker(producers: list[Producer], error: KafkaError) -> None:
    """To join again and again would help nobody."""
    slots, slot, joined = await with_a_letter(producers, Producer(0), error)
    with pytest.raises(type(error)):
        await slots._flush(slot)
    assert (slot.lost, joined) == (True, [])


async def test_a_copy_after_a_claim_that_was_refused(producers: list[Producer]) -> None:
    """It begins anew: what was to be claimed would be thrown away at the next claim, with all that was read into it."""
    slots = slots_with(Log())

    class Refusing(Producer):
        """Somebody else has claimed since."""

        async def append(self, topic: str, number: int, records: list[object]) -> int:
            """Nothing is taken."""
            raise OwnershipLost(f"{topic}/{number}: {len(records)}")

    async def rejoin() -> None:
        """Nobody is there to join."""

    slots.on_lost = rejoin
    producers += [Refusing(0)]
    await slots._claim(0)
    refused = slots._slots[0]
    assert refused.lost
    await slots._stand_by(0)
    assert slots._slots[0] is not refused
    assert not slots._slots[0].lost


async def test_nothing_goes_out_during_a_claim(producers: list[Producer]) -> None:
    """Until both claims stand it is not known whether the state is the newest."""
    log, second = Log(), Producer(20)
    slots = slots_with(log)
    producers += [Producer(0), second]
    old = await owned(slots, log)
    second.held.clear()
    claiming = asyncio.create_task(slots._claim(0))
    await asyncio.sleep(0.01)
    assert not old.is_ready
    second.held.set()
    await claiming
    assert len(second.written) == 2


async def test_a_copy_reads_its_own_claim_before_the_acknowledgement(producers: list[Producer]) -> None:
    """It is in the log once the broker has it; that is no log that has lost what was acknowledged."""
    log = Log()
    slots = slots_with(log)
    await slots._stand_by(0)
    copy = slots._slots[0]

    class Late(Producer):
        """What it appends is read before the append ends."""

        async def append(self, topic: str, number: int, records: list[object]) -> int:
            """The offset of the first."""
            offset = await super().append(topic, number, records)
            if topic == slots.names.changelog:
                record = ConsumerRecord(topic, number, offset, 0, 0, CLAIM_KEY, b"worker", None, 1, 6, ())
                assert slots.load(Chunk(topic, number, 0, 0, [record])) is None
            return offset

    producers += [Late(0)]
    await slots._claim(0)
    assert (slots._slots[0], copy.claimed_at, copy.position) == (copy, 1, 2)
    log.answers.set()
    await slots.on_recovered({0})
    assert copy.recovered


async def test_a_claim_while_the_broker_is_asked_for_the_ends(producers: list[Producer]) -> None:
    """A recovery that a rebalance has overtaken leaves the partition to the next one."""
    log = Log()
    slots = slots_with(log)
    producers += [Producer(0), Producer(20)]
    await slots._claim(0)
    slot = slots._slots[0]
    taking = asyncio.create_task(slots._take_up(slot))
    await asyncio.sleep(0.01)
    await slots._claim(0)
    log.answers.set()
    await taking
    assert not slot.recovered


async def test_a_claim_that_is_still_under_way(producers: list[Producer], monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where the claim is not made yet: its sums would be taken for sent, and the state for one that needs no recovery."""
    log, opening = Log(), asyncio.Event()
    slots = slots_with(log)
    first, second = Producer(0), Producer(1)
    producers += [first]
    await slots._claim(0)
    slot = slots._slots[0]
    slot.position = slot.claimed_at + 1
    slot.partition.recovered_marker = slot._named(slot.partition.flush(0, 0).marker)

    async def give(_settings: Settings, _name: str) -> FencedProducer:
        await opening.wait()
        return cast("FencedProducer", second)

    monkeypatch.setattr(module, "FencedProducer", SimpleNamespace(open=give))
    taking = asyncio.create_task(slots._take_up(slot))
    await asyncio.sleep(0.01)
    claiming = asyncio.create_task(slots._claim(0))
    await asyncio.sleep(0.01)
    log.answers.set()
    await taking
    assert not slot.recovered
    opening.set()
    await claiming
    slot.position = slot.claimed_at + 1
    await slots.on_recovered({0})
    assert (slot.recovered, second.written.count(slots.names.sums)) == (True, 2)


async def test_the_marker_of_a_take_over_makes_nobody_wait(producers: list[Producer]) -> None:
    """Only what comes behind events waits for the interval."""
    log_of_ends = Log()
    slots = slots_with(log_of_ends)
    producers += [Producer(0)]
    slot = await owned(slots, log_of_ends)
    await slot.flush(slots.letters, slots.clock)
    assert slot.partition.flush_number == 1
    assert slot.wait_before_flush(MINUTE) == 0
    record = log([rated(NOON, 5)])[0]
    slot.apply(SETTINGS.topics.ratings, [record._replace(timestamp=real_ms())], slots.reader)
    await slot.flush(slots.letters, slots.clock)
    assert slot.partition.flush_number == 2
    assert slot.wait_before_flush(MINUTE) > 0


async def test_each_slot_has_its_own_timer(producers: list[Producer]) -> None:
    """What waits for a slot that is gone does not keep the next one from flushing."""
    log = Log()
    slots = slots_with(log)
    producers += [Producer(0), Producer(20)]
    old = await owned(slots, log)
    old.timer = asyncio.create_task(asyncio.sleep(60))
    await slots._claim(0)
    slot = slots._slots[0]
    slots.schedule(slot)
    assert slot.timer is not None
    await asyncio.wait_for(slot.timer, 1)
    old.timer.cancel()


@pytest.mark.parametrize(
    ("end", "unsettled", "kept"),
    [(1, False, True), (2, False, False), (1, True, False)],
    ids=["its own claim is the last record", "another has written", "a flush was cut off"],
)
async def test_state_outlasts_a_rebalance(producers: list[Producer], end: int, *, unsettled: bool, kept: bool) -> None:
    """Only where everything sent was acknowledged, and the new claim comes right behind the last record that the state holds."""
    log = Log()
    slots = slots_with(log)
    producers += [Producer(0), Producer(end)]
    old = await owned(slots, log)
    old.lost = unsettled  # what a flush that failed leaves behind
    await slots._claim(0)
    assert (slots._slots[0] is old) is kept
    assert slots._slots[0].recovered is kept


async def test_state_that_was_never_whole_is_not_kept(producers: list[Producer]) -> None:
    """A second claim right behind the first, in the middle of a recovery: the recovery goes on."""
    slots = slots_with(Log())
    producers += [Producer(0), Producer(1)]
    await slots._claim(0)
    await slots._claim(0)
    assert not slots._slots[0].is_ready
    assert slots.is_recovering
