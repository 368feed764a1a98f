"""One installation in which a check is put to the test, and what is done to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from engine_case import Case, Input, event
from engine_worker import WorkerProcess, until

from stream.clock import real_ms
from stream.durations import HOUR
from stream.engine import topics
from stream.engine.fault_points import Point
from tests.faults.stage import Stage

MODULE = "tests.faults.without"
RATINGS = 10


class Run(NamedTuple):
    """One installation of one partition, and the environment of its workers: with a check taken out, or with all of them."""

    stage: Stage
    without: dict[str, str]

    @property
    def case(self) -> Case:
        """The installation."""
        return self.stage.case

    async def joined(self) -> WorkerProcess:
        """A worker that has recovered."""
        return await self.stage.joined(module=MODULE, **self.without)

    async def stopped_at(self, point: Point, count: int) -> WorkerProcess:
        """A worker that stands still there."""
        return await self.stage.stopped_at(point, count, module=MODULE, **self.without)

    def launch(self) -> WorkerProcess:
        """A worker that may refuse to start."""
        return self.stage.launch(module=MODULE, **self.without)


Scenario = Callable[[Run], Awaitable[str]]


async def rate(case: Case, first: int, stars: int = 5, ago: int = HOUR, prefix: str = "r") -> None:
    """Ten ratings, each of a ticket of its own, that were given so long ago (ms); `prefix`: of their ids."""
    time = (case.settings.clock.fixed or real_ms()) - ago
    tickets = [f"t{number}" for number in range(first, first + RATINGS)]
    bodies = ((name, event("rating.submitted", name, time, f"{prefix}-{name}", score=stars, survey_id=name)) for name in tickets)
    await case.produce(Input(3, name.encode(), body) for name, body in bodies)


async def differences(run: Run) -> str:
    """What the auditor still finds after a while, once whoever has started has published: until then the scores are those of the one before."""
    for worker in run.stage.running:
        await worker.until_logged("caught up")
    found = await run.stage.compared(6 if run.without else 30)
    return f"{found.differences} differences" if found.differences else ""


async def make_anew(case: Case, name: str) -> None:
    """Delete a topic and create it again."""
    wanted = [*topics.source_topics(case.settings, case.partitions), *topics.internal_topics(case.names, case.partitions)]
    async with topics.admin(case.settings) as client:
        await client.delete_topics([name])

        async def is_gone() -> bool:
            return not await topics.find(client, [name])

        assert await until(is_gone, 10)
        await topics.create(client, case.settings, [topic for topic in wanted if topic.name == name])
