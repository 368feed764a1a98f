"""Fault 3: workers that come and go every few seconds, slow ones among them; more partitions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from engine_worker import until

from stream.devkit.kafka import EmbeddedKafka
from stream.durations import DAY
from stream.engine import topics
from tests.faults.feed import feeding, standard_load
from tests.faults.stage import PATIENCE, NewStage, Stage

STEP_SECONDS = 5
MODULES = ("stream.cli", "tests.engine.slow_worker", "tests.faults.slow_taking")


async def step(stage: Stage) -> None:
    """From one worker to three of unequal speed, or from three to one, which is the newest; whoever goes is asked to or killed."""
    running = stage.running
    if len(running) == 1:
        for module in stage.rng.sample(MODULES, 2):
            stage.launch(module=module)
        return
    for worker in running[:-1]:
        if stage.rng.random() < 0.3:
            worker.kill()
        else:
            # Python itself takes a while to start, and until then SIGTERM ends it as any process.
            assert await worker.until_logged("generation")
            assert await worker.stop() == 0, worker.log


@pytest.mark.timeout(900)
async def test_one_three_one(kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int, *, is_long: bool) -> None:
    """Every five seconds two workers join or leave: no figure differs, every dead letter is there."""
    steps = 36 if is_long else 4
    stage = new_stage(kafka.bootstrap_servers)
    await stage.case.create_topics()
    events, per_second, span = (400_000, 1_500, 30 * DAY) if is_long else (60_000, 500, 2 * DAY)
    async with feeding(stage.case, standard_load(events, seed, span), per_second) as feed:
        await stage.joined()
        for _ in range(steps):
            ends = asyncio.get_running_loop().time() + STEP_SECONDS
            await step(stage)
            await asyncio.sleep(max(0.0, ends - asyncio.get_running_loop().time()))
    assert feed.produced < events, "the load ended before the faults did"
    found = await stage.verdict(PATIENCE if is_long else 60)
    await stage.stop_all()
    note("rebalance: 1 -> 3 -> 1 workers of unequal speed, every 5 s", steps, found.differences)


async def add_partition(stage: Stage, names: tuple[str, ...], count: int) -> None:
    """Give topics one more partition."""
    async with topics.admin(stage.case.settings) as client:
        await client.create_partitions({name: NewPartitions(count) for name in names})
        assert await until(lambda: _have(client, names, count), 10)


async def _have(client: AIOKafkaAdminClient, names: tuple[str, ...], count: int) -> bool:
    found = await topics.find(client, names)
    return all(topic.partitions == count for topic in found.values())


async def test_more_partitions_are_refused(kafka: EmbeddedKafka, new_stage: NewStage) -> None:
    """Where the source topics have more partitions than the state, a worker refuses to start, and names both numbers."""
    stage = new_stage(kafka.bootstrap_servers, partitions=2)
    await stage.case.create_topics()
    async with topics.admin(stage.case.settings) as client:
        await topics.create(client, stage.case.settings, topics.internal_topics(stage.case.names, 2))
    await add_partition(stage, stage.case.settings.topics.sources, 3)
    refused = stage.launch()
    assert await until(lambda: not refused.is_running, 30)
    assert f"{stage.case.names.changelog} has 2 partitions instead of 3" in refused.log.splitlines()[-1]
    assert (refused.exit_code, "Traceback" in refused.log) == (2, False)
