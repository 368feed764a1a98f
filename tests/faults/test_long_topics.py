"""Fault 4, long form: more of what may happen to topics under a worker: deleted, made anew, given more partitions."""

from __future__ import annotations

from collections.abc import Callable

from aiokafka.admin import NewPartitions

from stream.devkit.kafka import EmbeddedKafka
from stream.engine import topics
from tests.faults.refusals import assert_ends, at_work, rebuilt
from tests.faults.situation import make_anew
from tests.faults.stage import NewStage


async def test_changelog_made_anew(kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None]) -> None:
    """The worker ends, and no other one starts on the rest: the sums name the changelog that is gone."""
    stage, worker = await at_work(new_stage, kafka)
    problem = f"topic {stage.case.names.changelog} was deleted and made anew"
    await make_anew(stage.case, stage.case.names.changelog)
    await assert_ends(worker, problem)
    await assert_ends(stage.launch(), problem)
    note("the topic of the changelog made anew under a worker: refused, then rebuilt", 1, (await rebuilt(stage)).differences)


async def test_more_partitions(kafka: EmbeddedKafka, new_stage: NewStage) -> None:
    """Tickets would be spread over partitions: the worker ends. What helps is shown in test_long_partitions."""
    stage, worker = await at_work(new_stage, kafka)
    name = stage.case.settings.topics.ratings
    async with topics.admin(stage.case.settings) as client:
        await client.create_partitions({name: NewPartitions(2)})
    await assert_ends(worker, f"topic {name} has 2 partitions, it had 1", "make new topics with more")


async def test_deleted(kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None]) -> None:
    """A worker does not wait for ever for a changelog that is gone, and the one that is made in its place is not taken for it."""
    stage, worker = await at_work(new_stage, kafka)
    name = stage.case.names.changelog
    async with topics.admin(stage.case.settings) as client:
        await client.delete_topics([name])
    await assert_ends(worker, f"topics were deleted: {name}")
    await assert_ends(stage.launch(), f"topic {name} was deleted and made anew")
    note("a topic deleted under a worker: refused, then rebuilt", 1, (await rebuilt(stage)).differences)
