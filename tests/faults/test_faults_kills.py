"""Fault 1: workers killed with -9 at random moments under load, among them the worst ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from stream.devkit.kafka import EmbeddedKafka
from stream.durations import DAY
from stream.engine.fault_points import Point
from tests.faults.feed import feeding, standard_load
from tests.faults.situation import MODULE
from tests.faults.stage import PATIENCE, NewStage, Stage
from tests.faults.without import SPREADS

PLACES: dict[Point, tuple[int, str]] = {
    "before-claim": (4, "with its claims unsent"),
    "between-claims": (4, "with one claim sent"),
    "in-recovery": (2, "inside a recovery"),
    "after-recovery": (4, "right after a recovery"),
    "before-flush": (40, "inside a flush, before its batch is sent"),
    "before-sums": (40, "between flush and sums"),
    "between-batches": (40, "between two batches of sums"),
    "before-commit": (40, "between sums and commit"),
    "before-scores": (4, "between the sums and their scores"),
    "between-scores": (8, "with the scores of one partition sent and others not"),
}
"""Where a worker may die, and the latest passing at which it does; all are reached within seconds."""


@dataclass(frozen=True)
class Plan:
    """How many kills at each of how many places, how many besides at any moment of the first seconds, and the load."""

    places: int
    each: int
    anywhere: int
    events: int
    per_second: int
    span: int = 30 * DAY
    latest: float = 7


SHORT = Plan(places=2, each=1, anywhere=1, events=60_000, per_second=500, span=2 * DAY, latest=4)
LONG = Plan(places=len(PLACES), each=2, anywhere=14, events=400_000, per_second=2_000)


def moments(stage: Stage, plan: Plan) -> list[Point | None]:
    """Where each worker dies, in random order; None is any moment."""
    found: list[Point | None] = [point for point in stage.rng.sample(list(PLACES), plan.places) for _ in range(plan.each)]
    found += [None] * plan.anywhere
    stage.rng.shuffle(found)
    return found


async def kill(stage: Stage, point: Point | None, latest: float) -> None:
    """Start a worker and let it die."""
    if point is None:
        worker = stage.launch()
        await asyncio.sleep(stage.rng.uniform(0.5, latest))
        assert worker.is_running, worker.log
        worker.kill()
        return
    count = stage.rng.randint(1, PLACES[point][0])
    if point == "between-batches":
        await stage.killed_at(point, count, module=MODULE, **{SPREADS: "0.01"})  # a flush of this load is one batch
    else:
        await stage.killed_at(point, count)


@pytest.mark.timeout(900)
async def test_killed_at_any_moment(kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int, *, is_long: bool) -> None:
    """However often and wherever workers die, the next one goes on: no figure differs, every dead letter is there."""
    plan = LONG if is_long else SHORT
    stage = new_stage(kafka.bootstrap_servers)
    await stage.case.create_topics()
    died = moments(stage, plan)
    async with feeding(stage.case, standard_load(plan.events, seed, plan.span), plan.per_second) as feed:
        before = await stage.joined()
        await asyncio.sleep(1)
        before.kill()
        for point in died:
            await kill(stage, point, plan.latest)
        last = await stage.joined()
    assert feed.produced < plan.events, "the load ended before the faults did"
    found = await stage.verdict(PATIENCE if is_long else 60)
    assert found.letters > 0
    assert last.is_running
    await stage.stop_all()
    for point in dict.fromkeys(died):
        where = PLACES[point][1] if point else "at a random moment"
        note(f"kill -9 of a worker {where}", died.count(point) + (point is None), found.differences)
