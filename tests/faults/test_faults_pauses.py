"""Fault 2: workers that stand still (SIGSTOP) while another takes over, and wake up as zombies with something half done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import pytest
from engine_worker import REFUSED, WorkerProcess, until

from stream.devkit.kafka import EmbeddedKafka
from stream.durations import DAY
from stream.engine.fault_points import Point
from tests.faults.feed import feeding, standard_load
from tests.faults.stage import PATIENCE, NewStage, Stage

CLAIM_REFUSED = "the claim was refused"
AGAIN = "claimed at offset"


class Pause(NamedTuple):
    """Where a worker stands still, the latest passing at which it does, and what it says when it wakes up. `alone`: while it owns everything.

    A scorer that wakes up may be told to end before it hears that it was refused.
    """

    what: str
    point: Point | None
    most: int
    says: str
    alone: bool = False


PAUSES = (
    Pause("with an unsent flush", "before-flush", 30, REFUSED),
    Pause("with a half-sent flush: changelog written, sums unsent", "before-sums", 30, REFUSED),
    Pause("in the scorer, with unsent scores", "before-scores", 3, AGAIN, alone=True),
    Pause("in the scorer, with half-sent scores", "between-scores", 3, AGAIN, alone=True),
    Pause("in the scorer, before it looks for alerts", "before-look", 3, AGAIN, alone=True),
    Pause("during a recovery", "in-recovery", 2, AGAIN),
    Pause("with its claims unsent", "before-claim", 2, CLAIM_REFUSED),
    Pause("with one claim sent", "between-claims", 2, CLAIM_REFUSED),
    Pause("at a random moment", None, 0, AGAIN),
)
SHORT, LONG = PAUSES[1:2], PAUSES
SECONDS = (5, 15, 40)
SHORT_SECONDS = (4,)


async def paused(stage: Stage, pause: Pause) -> WorkerProcess:
    """A worker that stands still there, while another one runs."""
    count = stage.rng.randint(1, pause.most) if pause.most else 0
    if pause.point is None:
        worker = await stage.joined()
        await asyncio.sleep(stage.rng.uniform(0, 3))
        worker.pause()
        return worker
    if not pause.alone:
        return await stage.stopped_at(pause.point, count)
    others = stage.running
    await asyncio.gather(*(other.stop() for other in others))
    worker = await stage.stopped_at(pause.point, count)
    stage.launch()
    return worker


async def pause(stage: Stage, kind: Pause, seconds: int) -> None:
    """Let one worker stand still for so long, and wake up to find that its partitions have gone to the other, which then ends."""
    sleeper = await paused(stage, kind)
    other = next(worker for worker in stage.running if worker is not sleeper)
    await asyncio.sleep(seconds)
    assert await until(lambda: "tickets recovered" in other.log, 30), other.log
    before = len(sleeper.log)
    sleeper.resume()
    assert await until(lambda: kind.says in sleeper.log[before:], 40), f"{kind.what}: {sleeper.log}"
    assert await until(lambda: "tickets recovered" in sleeper.log[before:], 40), f"{kind.what}: {sleeper.log}"
    assert await other.stop() == 0


@pytest.mark.timeout(1800)
async def test_paused_at_the_worst_moments(kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int, *, is_long: bool) -> None:
    """Whatever a zombie still had to send is refused, it joins again, and no figure differs in the end."""
    kinds, lengths = (LONG, SECONDS) if is_long else (SHORT, SHORT_SECONDS)
    stage = new_stage(kafka.bootstrap_servers)
    await stage.case.create_topics()
    events, per_second, span = (600_000, 400, 30 * DAY) if is_long else (60_000, 500, 2 * DAY)
    async with feeding(stage.case, standard_load(events, seed, span), per_second) as feed:
        await stage.joined()
        for kind in kinds:
            for seconds in lengths:
                await pause(stage, kind, seconds)
    assert feed.produced < events, "the load ended before the faults did"
    found = await stage.verdict(PATIENCE if is_long else 60)
    await stage.stop_all()
    for kind in kinds:
        note(f"SIGSTOP of a worker {kind.what} ({', '.join(map(str, lengths))} s)", len(lengths), found.differences)
