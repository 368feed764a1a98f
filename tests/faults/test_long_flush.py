"""Fault 4, long form: a flush that the broker finds too large is done again in smaller ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from engine_worker import until

from stream.devkit.kafka import EmbeddedKafka
from stream.durations import DAY
from tests.faults.feed import feeding, standard_load
from tests.faults.stage import NewStage
from tests.faults.test_faults_disk import configure

SMALL = 150_000


@pytest.mark.timeout(300)
async def test_a_flush_that_is_too_large_is_done_in_smaller_ones(
    kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int
) -> None:
    """A backlog whose first flush the broker refuses: the worker takes its state back from the log and goes on with less at a time."""
    stage = new_stage(kafka.bootstrap_servers)
    await stage.case.create_topics()
    worker = await stage.joined()
    await configure(stage, stage.case.names.changelog, max_message_bytes=str(SMALL))
    load = standard_load(20_000, seed, 2 * DAY)
    worker.pause()  # so that it finds all of it at once
    async with feeding(stage.case, load, 1_000_000) as feed:
        assert await until(lambda: feed.produced == len(load), 30)
    worker.resume()
    assert await worker.until_logged("refuses a batch as too large", 30), worker.log
    found = await stage.verdict()
    assert worker.is_running, worker.log
    await stage.stop_all()
    note("a flush that is too large, done again in smaller ones", 1, found.differences)
