"""Fault 3: a worker that is asked to end while it recovers: it ends then, not when the recovery is over."""

from __future__ import annotations

from stream.devkit.fill import fill
from stream.devkit.kafka import EmbeddedKafka
from stream.durations import DAY
from tests.faults.feed import standard_load
from tests.faults.stage import NewStage

EVENTS = 20_000


async def test_stopped_inside_a_recovery(kafka: EmbeddedKafka, new_stage: NewStage, seed: int) -> None:
    """It ends with exit code 0 before anything is recovered, and the next one finds all as it was."""
    stage = new_stage(kafka.bootstrap_servers, partitions=2)
    await stage.case.create_topics()
    await fill(stage.case.settings, standard_load(EVENTS, seed, 2 * DAY))
    await stage.joined()
    await stage.case.until_read()
    await stage.stop_all()
    slow = stage.launch(module="tests.engine.slow_worker")
    assert await slow.until_logged("state to be recovered", 40), slow.log
    assert await slow.stop() == 0, slow.log
    assert "tickets recovered" not in slow.log
    await stage.joined()
    await stage.verdict()
    await stage.stop_all()
