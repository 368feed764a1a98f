"""All partitions that this worker holds: claims at a rebalance, recovery, and the offsets that Faust asks for."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Collection, Mapping

from aiokafka.errors import KafkaError
from faust.types import TP

from schemas.essence import Closed, Essence, Merged, Offered, Opened, Rated, Reopened, Replied
from schemas.read import Reader
from stream.clock import WallClock, real_ms, steady_ms
from stream.engine.chunk import Chunk
from stream.engine.control import Generation
from stream.engine.fenced import FencedProducer, OwnershipLost
from stream.engine.letters import Letters
from stream.engine.local_store import LocalStore, open_store
from stream.engine.names import Names
from stream.engine.room import MOST_EVENTS
from stream.engine.slot import Slot
from stream.engine.verify import SourceLog, explain_gap, verify_marker, verify_offsets
from stream.errors import CsatStreamError, FlushTooLarge, StartRefused
from stream.outlets.health import Health
from stream.rules import Rules
from stream.settings import Settings
from stream.state.partition import Partition

log = logging.getLogger(__name__)

_TYPES: dict[type[Essence], str] = {
    Opened: "ticket.opened",
    Replied: "ticket.replied",
    Closed: "ticket.closed",
    Reopened: "ticket.reopened",
    Merged: "ticket.merged",
    Rated: "rating.submitted",
    Offered: "survey.offered",
}

_LONGEST_SLEEP = 100


class Slots:
    """The partitions of one worker. `on_lost` is called when one was lost to another worker; it makes this one rejoin the group."""

    def __init__(self, settings: Settings, names: Names, rules: Rules, topic_ids: dict[str, str], generation: Generation, health: Health) -> None:
        self.settings = settings
        self.names = names
        self.rules = rules
        self.reader = Reader(settings.scale_rules, settings.follow_up.tags)
        self.clock = WallClock(settings.clock)
        self.letters = Letters(settings, health.dead_letters)
        self.health = health
        self.owns_scorer = False
        self.new_partition: Callable[[Rules, dict[str, str], LocalStore | None], Partition] = Partition
        self.on_lost: Callable[[], Awaitable[None]]
        self.on_owner_change: Callable[[], Awaitable[None]]
        self.on_failure: Callable[[BaseException], None]
        self.source_log: SourceLog
        self._topic_ids = topic_ids
        self._generation = generation
        self.has_joined = False
        self._slots: dict[int, Slot] = {}
        self._ceilings: dict[int, int] = {}
        self._worker = f"{socket.gethostname()}/{os.getpid()}"

    # -- what Faust asks

    def next_offset(self, topic: str, partition: int) -> int:
        """First offset of a source topic partition that the state does not hold."""
        slot = self._slots.get(partition)
        return slot.partition.next_offsets.get(topic, 0) if slot else 0

    def durable_offset(self, topic: str, partition: int) -> int | None:
        """Offset that may be committed, if there is one."""
        slot = self._slots.get(partition)
        return slot.durable.get(topic) if slot and slot.is_ready else None

    @property
    def is_recovering(self) -> bool:
        """Whether the state of a partition that was claimed is still being read back."""
        return any(slot.claimed_at >= 0 and not slot.recovered and not slot.lost for slot in self._slots.values())

    def durable_flushes(self) -> dict[int, int]:
        """The number of the last durable flush of each partition that is owned."""
        return {number: slot.durable_flush for number, slot in self._slots.items() if slot.is_ready}

    def persisted_offset(self, partition: int) -> int | None:
        """Last changelog offset that the state holds; None where it holds nothing."""
        slot = self._slots.get(partition)
        return slot.position - 1 if slot and slot.position else None

    # -- membership

    async def on_rebalance(self, assigned: Collection[TP]) -> None:
        """Claim the partitions that are owned in all four source topics, and drop the others."""
        sources = self.settings.topics.sources
        owned = {tp.partition for tp in assigned if all(TP(topic, tp.partition) in assigned for topic in sources)}
        standbys = {tp.partition for tp in assigned if tp.topic == self.names.changelog} - owned
        for number in [number for number in self._slots if number not in owned and number not in standbys]:
            await self._drop(number)
        for number in sorted(standbys):
            await self._stand_by(number)
        for number in sorted(owned):
            await self._claim(number)
        self.owns_scorer = TP(self.names.scorer, 0) in assigned
        self.has_joined = True
        await self.on_owner_change()

    async def _stand_by(self, number: int) -> None:
        """Keep a copy of what another worker owns. What was owned here, or whose claim was refused, is read anew."""
        slot = self._slots.get(number)
        if slot is not None and (slot.lost or slot.claimed_at >= 0):
            await self._drop(number)
        if number not in self._slots:
            self._new_slot(number)

    async def _claim(self, number: int) -> None:
        slot = self._slots.get(number)
        if slot is not None:
            await slot.until_settled()
            await slot.close()
        producer = await FencedProducer.open(self.settings, self.names.owner_id(number))
        if slot is not None and slot.lost:
            await self._drop(number)
            slot = None
        slot = slot or self._new_slot(number)
        slot.contiguous = True
        slot.claimed_since = steady_ms()
        try:
            kept = await slot.claim(producer, self._worker)
        except OwnershipLost:
            log.warning("partition %d: the claim was refused", number)
            slot.lost = True
            await self.on_lost()
            return
        if not kept and slot.recovered:
            claimed = slot.claimed_at
            slot.close_local()
            # A flush of it that is still to come must not go out under the new claim.
            slot.lost, slot.producer = True, None
            slot = self._slots[number] = self._new_slot(number)
            slot.producer, slot.claimed_at, slot.claimed_since = producer, claimed, steady_ms()
        log.info(
            "partition %d: claimed at offset %d, %s",
            number,
            slot.claimed_at,
            "state kept" if kept else f"state to be recovered from offset {slot.position}",
        )

    def _new_slot(self, number: int) -> Slot:
        sources = {topic: self._topic_ids[topic] for topic in self.settings.topics.sources}
        local = self._local_store(number)
        partition = self.new_partition(self.rules, sources, local)
        ceiling = self._ceilings.get(number, MOST_EVENTS)
        slot = self._slots[number] = Slot(number, self.names, partition, ceiling, topic_ids=self._topic_ids, local=local)
        return slot

    def _local_store(self, number: int) -> LocalStore | None:
        root = self.settings.local_store
        if root is None:
            return None
        return open_store(root / self.names.group / str(number), self._topic_ids[self.names.changelog], real_ms())

    async def _drop(self, number: int) -> None:
        slot = self._slots.pop(number, None)
        self.health.forget(number)
        if slot is not None:
            slot.close_local()
            slot.lost = True
            await slot.close()

    # -- recovery

    def load(self, chunk: Chunk) -> int | None:
        """Take in a chunk of a changelog, of a partition that is owned or kept as a standby.

        Gives the offset to fetch from again where a standby's chunk leaves a hole; where that of an owned one does, the worker joins again then.
        What comes for a partition that was let go of is none of its business any more.
        """
        slot = self._slots.get(chunk.partition)
        if slot is None:
            return None
        if slot.claimed_at < 0 and not slot.continues(chunk.begins):
            return slot.position
        if not slot.recovered:
            slot.load(chunk.begins, chunk.records)
        return None

    async def on_recovered(self, numbers: Collection[int]) -> None:
        """The changelogs of these partitions have been read to their claims: check, and take up the work."""
        claims = {number: (slot, slot.claimed_at) for number, slot in self._slots.items() if number in numbers}
        for number, (slot, claimed_at) in sorted(claims.items()):
            if slot.lost or slot.recovered or slot.claimed_at != claimed_at or slot.is_changing_hands:
                continue
            if not slot.contiguous or slot.position <= slot.claimed_at:
                log.warning("partition %d: the changelog was read with a hole; joining again", number)
                slot.lost = True
                await self.on_lost()
                return
            await self._take_up(slot)

    async def _take_up(self, slot: Slot) -> None:
        partition = slot.partition
        if partition.flush_number == 0 and not partition.is_empty:
            raise StartRefused(f"{self.names.changelog}/{slot.number} has data without a marker", "run `csat-stream rebuild`")
        if not partition.flush_number:
            begin = {topic: self._generation.first_offset(topic, slot.number) for topic in self.settings.topics.sources}
            partition.next_offsets.update({topic: offset for topic, offset in begin.items() if offset})
        else:
            verify_marker(partition.recovered_marker, self.rules.fingerprint, self._topic_ids)
        claimed_at = slot.claimed_at
        try:
            ends = await self.source_log.ends(slot.number)
        except KafkaError as error:
            log.warning("partition %d: no broker tells where the sources end (%s); joining again", slot.number, type(error).__name__)
            slot.lost = True
            await self.on_lost()
            return
        if slot.lost or slot.claimed_at != claimed_at or slot.is_changing_hands:
            return  # a rebalance has come meanwhile, and its own recovery will
        verify_offsets(partition, ends, slot.number)
        partition.finish_loading()
        partition.changed = True
        slot.recovered = True
        try:
            await slot.send_last_sums()
        except OwnershipLost as error:
            await self._lose(slot, error)
            return
        self.health.recoveries.observe(steady_ms() - slot.claimed_since)
        log.info("partition %d: %d tickets recovered", slot.number, len(partition))
        self.schedule(slot)

    # -- work

    async def take(self, chunk: Chunk, seek_again: Callable[[TP, int], Awaitable[None]], seek_number: Callable[[TP], int]) -> None:
        """Take in a chunk of a source topic; one that does not begin where the state stands is fetched again."""
        slot = self._slots.get(chunk.partition)
        if slot is None or not slot.is_ready:
            return
        done = slot.partition.next_offsets.get(chunk.topic, 0)
        tp = TP(chunk.topic, chunk.partition)
        if chunk.begins is None or chunk.begins > done:
            if chunk.seek == seek_number(tp):
                await seek_again(tp, done)
            return
        records = chunk.records
        while records and slot.is_ready:
            records = records[slot.apply(chunk.topic, records, self.reader) :]
            if slot.is_full:
                await self._flush(slot)
        self.schedule(slot)
        if chunk.records[0].offset > done:
            await explain_gap(self.source_log, tp.topic, tp.partition, done)

    def schedule(self, slot: Slot) -> None:
        """Let a flush go out: at once after quiet, otherwise when the interval is over."""
        if slot.timer is None or slot.timer.done():
            slot.timer = asyncio.get_running_loop().create_task(self._flush_soon(slot))

    async def _flush_soon(self, slot: Slot) -> None:
        while slot.is_ready and slot.partition.changed:
            # Looked at again and again: a backlog may end meanwhile, and with it the long wait.
            while wait := slot.wait_before_flush(self.settings.flush_interval):  # noqa: ASYNC110 (nothing tells of the time)
                await asyncio.sleep(min(wait, _LONGEST_SLEEP) / 1000)
            try:
                await self._flush(slot)
            except Exception as error:  # noqa: BLE001 (the edge of a background task)
                self.on_failure(error)
                return

    async def _flush(self, slot: Slot) -> None:
        begun, number = steady_ms(), slot.partition.flush_number
        try:
            await slot.flush(self.letters, self.clock)
        except OwnershipLost as error:
            await self._lose(slot, error)
        except FlushTooLarge as error:
            ceiling = slot.room.next_ceiling
            if ceiling is None:
                raise
            # Nothing of it is durable: the state comes back from the log, and goes on with less at a time.
            self._ceilings[slot.number] = ceiling
            await self._lose(slot, error)
        self._count(slot.partition)
        if slot.partition.flush_number != number:
            self.health.flushes.observe(steady_ms() - begun)

    async def _lose(self, slot: Slot, error: OwnershipLost | FlushTooLarge) -> None:
        log.warning("partition %d: a batch was refused (%s); dropping the state and joining again", slot.number, error)
        slot.lost = True
        await self.on_lost()

    def is_caught_up(self, ends: dict[tuple[str, int], int]) -> bool:
        """Whether everything below these end offsets is durable in the partitions that this worker owns."""
        mine = [number for number, slot in self._slots.items() if slot.producer is not None]
        return all(self._slots[number].is_ready for number in mine) and all(
            (self.durable_offset(topic, number) or 0) >= end for (topic, number), end in ends.items() if number in mine
        )

    def offsets(self) -> dict[tuple[str, int], int]:
        """First offset that the state does not hold, by topic and partition, of what is owned."""
        return {
            (topic, number): offset for number, slot in self._slots.items() if slot.is_ready for topic, offset in slot.partition.next_offsets.items()
        }

    def behind(self, ends: Mapping[tuple[str, int], int]) -> dict[int, int]:
        """Of partitions that are owned, not in the middle of a flush, and have more to read: the sum of the offsets that they have come to."""
        working = {number: slot for number, slot in self._slots.items() if slot.is_ready and not slot.flushing.locked()}
        late = {number for (topic, number), end in ends.items() if number in working and self.next_offset(topic, number) < end}
        return {number: sum(working[number].partition.next_offsets.values()) for number in late}

    def _count(self, partition: Partition) -> None:
        """Add what was taken in to the health, by type of event."""
        for kind, events in partition.taken.items():
            self.health.events[_TYPES[kind]] += events
        partition.taken.clear()

    def measure(self, ends: Mapping[tuple[str, int], int]) -> None:
        """Note lag, tickets and sums of the partitions that are owned, by the end offsets of the source topics."""
        for number, slot in self._slots.items():
            if slot.is_ready:
                self.health.tickets[number] = len(slot.partition)
                self.health.sums[number] = len(slot.partition.sums)
                for topic in self.settings.topics.sources:
                    self.health.lag[topic, number] = max(0, ends.get((topic, number), 0) - slot.durable.get(topic, 0))

    async def stop(self) -> None:
        """Make durable what is not, and let go of everything."""
        slots = list(self._slots.items())
        try:
            for number, slot in slots:
                with contextlib.suppress(CsatStreamError, KafkaError, OSError):
                    await self._flush(slot)
                await self._drop(number)
        finally:
            for _, slot in slots:
                if slot.timer is not None:
                    slot.timer.cancel()
        await self.letters.stop()
