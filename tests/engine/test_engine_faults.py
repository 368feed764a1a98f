"""Workers killed, paused and taken over while standard load in disorder goes through: no figure differs in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from engine_case import Case, produced
from engine_worker import REFUSED, WorkerProcess, until

from stream.clock import real_ms
from stream.devkit.disorder import Disordered, disordered
from stream.devkit.fill import fill
from stream.devkit.load import standard_load
from stream.durations import DAY, HOUR, MINUTE

SEGMENTS = [[], ["team"], ["channel"], ["product"], ["team", "channel"], ["team", "product"]]


@dataclass(frozen=True)
class Plan:
    """How much load, and how many faults; a pause is in seconds and longer than the session timeout."""

    events: int
    kills: int
    pauses: int
    pause: int


SHORT = Plan(events=40_000, kills=2, pauses=1, pause=10)
LONG = Plan(events=200_000, kills=5, pauses=3, pause=15)


def load(events: int) -> Disordered:
    """A month of standard load up to an hour ago: shuffled within an hour, 3 % twice, 1 % malformed."""
    records = standard_load(events, start=real_ms() - 30 * DAY - HOUR)
    return disordered(records, shuffle=HOUR, duplicates=0.03, malformed=0.01)


class Stage:
    """Two workers of one group at any time, and the faults that befall them."""

    def __init__(self, case: Case, start: Callable[..., WorkerProcess]) -> None:
        self._case = case
        self._start = start
        self._count = 0
        self.workers: list[WorkerProcess] = []

    async def add(self) -> WorkerProcess:
        """One more worker, which has joined the group."""
        worker = self._launch()
        assert await worker.until_logged("recovered", 40), worker.log
        return worker

    def _launch(self) -> WorkerProcess:
        self._count += 1
        worker = self._start(self._case, f"worker-{self._count}")
        self.workers.append(worker)
        return worker

    async def kill(self) -> None:
        """Kill the older of the two while it works; a new one takes its place."""
        victim = self.workers.pop(0)
        victim.kill()
        await self.add()

    async def kill_in_recovery(self) -> None:
        """Kill a worker that has claimed its partitions and not yet recovered them."""
        for _ in range(5):
            victim = self._launch()
            assert await victim.until_logged("state to be recovered", 40, poll=0.002), victim.log
            victim.kill()
            self.workers.remove(victim)
            if "recovered" not in victim.log.replace("to be recovered", ""):
                return
        pytest.fail("no worker was caught in its recovery")

    async def pause(self, seconds: int) -> WorkerProcess:
        """Let the older of the two stand still until the other has taken over, and some time more."""
        sleeper = self.workers[0]
        other = self.workers[1]
        await sleeper.until_quiet()
        seen = other.log.count("claimed")
        sleeper.pause()
        await asyncio.sleep(seconds)
        assert await until(lambda: other.log.count("claimed") > seen, 20), other.log
        sleeper.resume()
        return sleeper


@pytest.mark.timeout(900)
async def test_killed_and_paused(new: Callable[..., Case], start: Callable[..., WorkerProcess], *, is_long: bool) -> None:
    """Killed with -9 (once in recovery) and paused while another takes over: no difference, every dead letter once, late batches refused."""
    plan = LONG if is_long else SHORT
    case = new(partitions=4, segments=SEGMENTS, publish={"min": "1s", "max": "1s"})
    await case.create_topics()
    disorder = load(plan.events)
    stage = Stage(case, start)
    await stage.add()
    await stage.add()
    sleepers = []
    async with produced(case, disorder.records, plan.events // (plan.pauses * (plan.pause + 5) + plan.kills * 4)):
        for number in range(max(plan.kills - 1, plan.pauses)):
            await asyncio.sleep(1)
            if number < plan.pauses:
                sleepers.append(await stage.pause(plan.pause))
                await asyncio.sleep(2)
            if number < plan.kills - 1:
                await stage.kill()
        await stage.kill_in_recovery()
    await case.until_read(60)
    judged = await case.audit(60)
    letters = await case.audit_letters(judged)

    by_class: dict[str, int] = {}
    for letter in letters.values():
        by_class[letter.kind.value] = by_class.get(letter.kind.value, 0) + 1
    assert by_class == dict(disorder.malformed)
    # A sleeper that learns of its loss before its next flush is due sends nothing at all; of three, one at least does send.
    assert not is_long or any(REFUSED in sleeper.log for sleeper in sleepers)
    assert [worker.exit_code for worker in stage.workers] == [None, None]
    assert [await worker.stop() for worker in stage.workers] == [0, 0]


@pytest.mark.timeout(900)
async def test_two_workers_on_a_backlog(new: Callable[..., Case], start: Callable[..., WorkerProcess], *, is_long: bool) -> None:
    """A month of tickets waits for two workers of one group: no difference, and no event is called late."""
    case = new(partitions=4, segments=SEGMENTS, publish={"min": "1s", "max": "1s"})
    await case.create_topics()
    events = 1_000_000 if is_long else 60_000
    await fill(case.settings, standard_load(events, start=real_ms() - 30 * DAY - MINUTE))
    workers = [start(case, "one"), start(case, "two")]
    for worker in workers:
        await worker.until_ready(180)
    await case.until_read(60)
    judged = await case.audit(60)
    assert judged.dead_letters == {}
    assert await case.letters() == {}
    assert all("claimed" in worker.log for worker in workers)
