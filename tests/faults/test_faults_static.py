"""Fault 3: workers with a fixed name in their group (static membership) are back sooner after a crash."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest
from engine_worker import WorkerProcess

from stream.devkit.kafka import EmbeddedKafka
from stream.durations import DAY
from tests.faults.feed import feeding, standard_load
from tests.faults.stage import NewStage, Stage

NAME = "CSAT_KAFKA__GROUP_INSTANCE_ID"


async def restarted(stage: Stage, worker: WorkerProcess, **environment: str) -> float:
    """Seconds from the end of a worker that was killed until its successor has recovered what it held."""
    worker.kill()
    begun = time.monotonic()
    await stage.joined(**environment)
    return time.monotonic() - begun


@pytest.mark.timeout(300)
async def test_static_member_restarts_quickly(
    kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int, *, is_long: bool
) -> None:
    """A worker with a fixed name is back at once after kill -9, one without waits for the end of its old session; figures stay right."""
    # In the short form many tests run beside this one, and Python alone may take 6 s to start.
    session = "6s" if is_long else "15s"
    stage = new_stage(kafka.bootstrap_servers, kafka={"bootstrap_servers": kafka.bootstrap_servers, "session_timeout": session})
    await stage.case.create_topics()
    static, times = {NAME: "one"}, 5 if is_long else 1
    took: dict[str, list[float]] = {"static": [], "usual": []}
    async with feeding(stage.case, standard_load(100_000, seed, 2 * DAY), 300):
        for _ in range(times):
            worker = await stage.joined(**static)
            took["static"].append(await restarted(stage, worker, **static))
            stage.running[0].kill()
            # Under another name: the session of the dead one has to end.
            worker = await stage.joined()
            took["usual"].append(await restarted(stage, worker))
            assert await stage.running[0].stop() == 0
    assert max(took["static"]) < min(took["usual"]), took
    await stage.joined()
    found = await stage.verdict()
    await stage.stop_all()
    best = {name: round(statistics.median(seconds), 1) for name, seconds in took.items()}
    note("kill -9 and restart with static membership and without", 2 * times, found.differences, seconds=best)
