"""Nothing vanishes: chunks that the transport loses are fetched again, and workers may come and go every few seconds."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import pytest
from copies import until_copied
from engine_case import Case, Input, event, produced, this_minute
from engine_worker import WorkerProcess, until
from interrupted_worker import MOST as MOST_INTERRUPTED

from stream.clock import real_ms
from stream.devkit.fill import fill
from stream.devkit.load import standard_load
from stream.durations import DAY, HOUR, MINUTE

EVENTS = 20_000
MOST_LOST = 4
QUICK = {"min": "1s", "max": "1s"}


@pytest.mark.timeout(120)
async def test_lost_chunks_are_fetched_again(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """A consumer that loses every seventh chunk for a while: the figures are exact all the same."""
    case = new(partitions=2, publish=QUICK)
    await case.create_topics()
    worker = start(case, "lossy", "tests.engine.lossy_worker")
    assert await worker.until_logged("recovered")
    async with produced(case, standard_load(EVENTS, start=real_ms() - 30 * DAY - MINUTE), per_second=3_000):
        pass
    await case.until_read()
    judged = await case.audit()
    assert sum(len(events) for events in judged.tickets.values()) == EVENTS
    assert worker.log.count("lost chunk") > 10
    assert await case.letters() == {}


@pytest.mark.timeout(120)
async def test_a_copy_goes_on_behind_lost_chunks(
    new: Callable[..., Case], start: Callable[..., WorkerProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a standby has not got it fetches again at once: who takes over reads hardly anything, and the figures are exact."""
    case = new(partitions=2, publish=QUICK, standbys=1)
    await case.create_topics()
    owner = start(case, "owner")
    assert await owner.until_logged("recovered")
    monkeypatch.setenv("LOSES", "copies")
    other = start(case, "lossy", "tests.engine.lossy_worker")
    assert await other.until_logged("generation")
    async with produced(case, standard_load(EVENTS, start=real_ms() - 30 * DAY - MINUTE), per_second=3_000):
        pass
    await case.until_read()
    assert other.log.count("lost chunk") == MOST_LOST
    assert "a hole in the copy" in other.log
    await has_the_whole_copy(case, other, owner)
    await case.audit()


@pytest.mark.timeout(120)
async def test_a_copy_is_whole_although_rounds_ended_early(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """The end of a quiet changelog was fetched and not handed on; nothing behind it shows the hole, and it is fetched again all the same."""
    case = new(partitions=1, publish=QUICK, standbys=1)
    await case.create_topics()
    await fill(case.settings, standard_load(EVENTS // 10, start=real_ms() - 30 * DAY - MINUTE))
    owner = start(case, "owner")
    await owner.until_ready()
    other = start(case, "interrupted", "tests.engine.interrupted_worker")
    assert await until(lambda: other.log.count("a round ended early") == MOST_INTERRUPTED, 30), other.log
    await has_the_whole_copy(case, other, owner)
    await case.audit()


@pytest.mark.timeout(120)
async def test_a_copy_is_whole_although_the_recovery_ended(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """Chunks of a quiet changelog wait to be taken in when the recovery ends, and nothing behind them would show that they are missing."""
    case = new(partitions=2, publish=QUICK, standbys=1)
    await case.create_topics()
    await fill(case.settings, standard_load(EVENTS // 4, start=real_ms() - 30 * DAY - MINUTE))
    owner = start(case, "owner")
    await owner.until_ready()
    other = start(case, "dawdling", "tests.engine.dawdling_worker")
    assert await other.until_logged("standing by")
    await has_the_whole_copy(case, other, owner)
    await case.audit()


async def has_the_whole_copy(case: Case, other: WorkerProcess, owner: WorkerProcess) -> None:
    """The owner is killed, and who takes over has next to nothing to read."""
    await until_copied(case, other)
    before = len(other.log)
    owner.kill()
    assert await until(lambda: other.log[before:].count("tickets recovered") == 1, 30), other.log
    ((end, begin),) = re.findall(r"claimed at offset (\d+), state to be recovered from offset (\d+)", other.log[before:])
    assert int(begin) >= int(end) - 1, other.log


@pytest.mark.timeout(120)
async def test_a_lost_chunk_with_nothing_behind_it(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """Nothing arrives that would show the hole: that the log has more is enough for it to be fetched again."""
    now = this_minute()
    case = new(partitions=1, publish=QUICK, clock={"fixed": now})
    await case.create_topics()
    await case.produce(Input(3, b"t%d" % n, event("rating.submitted", f"t{n}", now - HOUR, f"r-{n}", score=5)) for n in range(10))
    worker = start(case, "forgetful", "tests.engine.forgetful_worker")
    assert await worker.until_logged("lost a chunk")
    await case.until_read()
    assert "partition 0: nothing arrives although there is more to read; fetching it again" in worker.log
    await case.audit()


@pytest.mark.timeout(120)
async def test_workers_come_and_go(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """A worker joins or leaves every two seconds while events arrive: no difference, and whoever left has ended cleanly."""
    case = new(partitions=4, publish=QUICK)
    await case.create_topics()
    workers = [start(case, "worker-0")]
    assert await workers[0].until_logged("recovered")
    async with produced(case, standard_load(EVENTS, start=real_ms() - 30 * DAY - MINUTE), per_second=1_000):
        for number in range(1, 5):
            workers.append(start(case, f"worker-{number}"))
            await asyncio.sleep(2)
            # Python itself takes a while to start, and until then SIGTERM ends it as any process.
            assert await workers[0].until_logged("generation")
            assert await workers.pop(0).stop() == 0
    await case.until_read()
    judged = await case.audit()
    assert judged.dead_letters == {}
    assert await case.letters() == {}


@pytest.mark.timeout(120)
async def test_rebalance_in_the_middle_of_a_recovery(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """Workers that join while another recovers do not make it begin again and again: the recovery is taken up, and ends."""
    case = new(partitions=2, publish=QUICK)
    await case.create_topics()
    await fill(case.settings, standard_load(EVENTS, start=real_ms() - 30 * DAY - MINUTE))
    first = start(case, "first")
    await first.until_ready()
    assert await first.stop() == 0
    slow = start(case, "slow", "tests.engine.slow_worker")
    assert await slow.until_logged("state to be recovered")
    joins = start(case, "joins", "tests.engine.slow_worker")
    await slow.until_ready()
    await joins.until_ready()
    assert slow.log.count("claimed") > 2, "no rebalance came in the middle"
    assert "read with a hole" not in slow.log + joins.log
    await case.audit()
