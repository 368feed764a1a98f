"""Fault 4: topics that are made anew or cut under a worker: it ends with a clear line, or tells what is lost."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable

from engine_case import this_minute
from engine_worker import until

from stream.devkit.kafka import EmbeddedKafka
from tests.faults.refusals import assert_ends, at_work, rebuilt
from tests.faults.scenarios import cut_under_a_worker
from tests.faults.situation import RATINGS, Run, make_anew, rate
from tests.faults.stage import NewStage


async def test_source_made_anew(kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None]) -> None:
    """New events under offsets that the state has seen already would be skipped silently: the worker ends, and no other one starts."""
    stage, worker = await at_work(new_stage, kafka)
    name = stage.case.settings.topics.ratings
    await make_anew(stage.case, name)
    await rate(stage.case, RATINGS)
    await assert_ends(worker, f"topic {name} was deleted and made anew")
    await assert_ends(stage.launch(), f"topic {name} was deleted and made anew")
    note("a source topic made anew under a worker: refused, then rebuilt", 1, (await rebuilt(stage)).differences)


async def test_sums_made_anew(kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None]) -> None:
    """The scorer would miss most of them: the worker ends, and no other one starts, since the changelog names the topic that is gone."""
    stage, worker = await at_work(new_stage, kafka)
    problem = f"topic {stage.case.names.sums} was deleted and made anew"
    await make_anew(stage.case, stage.case.names.sums)
    await assert_ends(worker, problem)
    await assert_ends(stage.launch(), problem)
    note("the topic of the sums made anew under a worker: refused, then rebuilt", 1, (await rebuilt(stage)).differences)


def lose_last_batch(broker: EmbeddedKafka, topic: str) -> None:
    """A crash of the broker's machine: the end of a log was not on the disk yet, and the broker begins again without it."""
    broker.kill()
    (folder,) = broker.folder.rglob(f"{topic}-0")
    (log,) = folder.glob("*.log")
    os.truncate(log, log.stat().st_size - 1)
    broker.start()


async def test_source_loses_its_end(own_kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None]) -> None:
    """New events under offsets that the state has seen already would be skipped silently: the worker ends, and no other one starts."""
    stage, worker = await at_work(new_stage, own_kafka)
    name = stage.case.settings.topics.ratings
    await rate(stage.case, RATINGS)
    await stage.case.until_read()
    await asyncio.to_thread(lose_last_batch, own_kafka, name)
    problem = f"{name}/0 ends at offset "
    await assert_ends(worker, problem)
    await assert_ends(stage.launch(), problem)
    note("a source topic without its end after a crash: refused, then rebuilt", 1, (await rebuilt(stage)).differences)


async def test_cut_by_retention_under_a_worker(kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None]) -> None:
    """Records that were removed before a slow worker came to them are told, and every other one is counted."""
    stage = new_stage(kafka.bootstrap_servers, partitions=1, clock={"fixed": this_minute()})
    assert await cut_under_a_worker(Run(stage, {})) == ""
    lost = sum(map(int, re.findall(r"(\d+) records were removed by retention", stage.workers[0].log)))
    assert 0 < lost < 2 * RATINGS
    counted = [0]

    async def has_all_others() -> bool:
        score = await stage.case.score("csat", {}, "4h")
        counted[0] = score.n if score else 0
        return counted[0] == 3 * RATINGS - lost

    assert await until(has_all_others, 30), f"{counted[0]} ratings are counted, {lost} of {3 * RATINGS} were lost"
    await stage.stop_all()
    note("a source topic cut by retention past the marker: told, and all others counted", 1, 3 * RATINGS - lost - counted[0])
