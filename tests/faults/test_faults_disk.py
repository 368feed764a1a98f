"""Fault 4: no room for the changelog, batches that the broker finds too large, compaction in the middle, topics that are cut or made anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from engine_worker import until

from stream.devkit.kafka import EmbeddedKafka
from stream.durations import DAY
from stream.engine import topics
from stream.engine.topics import BATCH_LIMIT
from tests.faults import disk
from tests.faults.feed import feeding, standard_load
from tests.faults.stage import BROKER, NewStage, Stage

pytestmark = pytest.mark.kafka
ROOM = 1 << 20
TOO_SMALL = 600
"""Bytes into which no flush fits, but a claim does."""


async def configure(stage: Stage, topic: str, **changes: str) -> None:
    """Set some settings of the changelog or the sums topic; the others are as a worker wants them."""
    (usual,) = [each for each in topics.internal_topics(stage.case.names, stage.case.partitions) if each.name == topic]
    values = {**usual.exact, **{name: str(value) for name, value in usual.at_least.items()}, **{k.replace("_", "."): v for k, v in changes.items()}}
    async with topics.admin(stage.case.settings) as client:
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, values)])


async def until_dead(broker: EmbeddedKafka) -> None:
    """A broker whose only disk fails ends by itself."""
    assert await until(lambda: not broker.is_running, 60), broker.log[-2000:]


@pytest.mark.timeout(300)
async def test_disk_full(tmp_path: Path, new_stage: NewStage, note: Callable[..., None], seed: int, *, is_long: bool) -> None:
    """The disk is full while flushes go out: the broker ends; with room again it starts, workers go on, and no figure differs."""
    with disk.small_disk(tmp_path / "disk", 512) as mounted, EmbeddedKafka(tmp_path / "disk" / "kafka") as broker:
        stage = new_stage(broker.bootstrap_servers, kafka={"bootstrap_servers": broker.bootstrap_servers})
        await stage.case.create_topics()
        await asyncio.gather(*(stage.joined() for _ in range(2)))
        async with feeding(stage.case, standard_load(60_000, seed, 2 * DAY), 2_000 if is_long else 500):
            await asyncio.sleep(2)
            if mounted:
                disk.fill_up(tmp_path / "disk", ROOM)
            else:
                disk.limit_files(broker.pid, disk.largest_file(broker.folder / "data", "*-changelog-*/*.log") + ROOM)
            await until_dead(broker)
            if mounted:
                disk.make_room(tmp_path / "disk")
            broker.kill()
            await asyncio.to_thread(broker.start)
            await asyncio.sleep(2)
        found = await stage.verdict()
        assert [worker.exit_code for worker in stage.workers] == [None, None]
        await stage.stop_all()
    note(f"broker: disk full of the changelog ({'a small tmpfs' if mounted else 'RLIMIT_FSIZE'})", 1, found.differences)


@pytest.mark.timeout(300)
async def test_a_flush_that_does_not_fit(kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int) -> None:
    """A changelog that takes small batches only: the worker ends with one clear line, nothing half is written, and it goes on when mended."""
    stage = new_stage(kafka.bootstrap_servers)
    changelog = stage.case.names.changelog
    await stage.case.create_topics()
    first = await stage.joined()
    async with feeding(stage.case, standard_load(60_000, seed, 2 * DAY), 500):
        await asyncio.sleep(1)
        await configure(stage, changelog, max_message_bytes=str(TOO_SMALL))
        assert await until(lambda: not first.is_running, 30), first.log
    assert first.exit_code == 1
    assert first.log.splitlines()[-1] == f"csat-stream: {changelog} refuses a batch as too large; set its max.message.bytes to {BATCH_LIMIT} or more"
    refused = stage.launch()
    assert await until(lambda: not refused.is_running, 30), refused.log
    assert f"{changelog} has max.message.bytes={TOO_SMALL}, less than {BATCH_LIMIT}" in refused.log.splitlines()[-1]
    await configure(stage, changelog)
    await stage.joined()
    found = await stage.verdict()
    await stage.stop_all()
    note("a flush that does not fit one batch", 1, found.differences)


COMPACTS = {"log.cleaner.backoff.ms": "200", "log.cleaner.min.compaction.lag.ms": "0"}
COMPACTED = {"segment_bytes": str(1 << 20), "min_cleanable_dirty_ratio": "0.001", "min_compaction_lag_ms": "0", "segment_ms": "1000"}


@pytest.mark.timeout(300)
async def test_compaction_in_the_middle(new_stage: NewStage, note: Callable[..., None], seed: int, *, is_long: bool) -> None:
    """Changelog and sums are compacted hard while workers are killed: what recoveries read is always whole."""
    with EmbeddedKafka(config={**BROKER, **COMPACTS}) as broker:
        stage = new_stage(broker.bootstrap_servers)
        names = stage.case.names
        await stage.case.create_topics()
        await stage.joined()
        async with feeding(stage.case, standard_load(400_000 if is_long else 60_000, seed, 2 * DAY), 1_500):
            for _ in range(6 if is_long else 1):
                before = await removed(stage, names.changelog)
                await asyncio.gather(*(configure(stage, topic, **COMPACTED) for topic in (names.changelog, names.sums)))
                assert await until(lambda: _more_removed(stage, names.changelog, before), 40, poll=0.5), "nothing was compacted"  # noqa: B023 (awaited)
                stage.running[0].kill()
                await asyncio.gather(*(configure(stage, topic) for topic in (names.changelog, names.sums)))
                await stage.joined()
                await asyncio.sleep(2)
        found = await stage.verdict()
        await stage.stop_all()
    note("compaction forced between kills and restarts", 6 if is_long else 1, found.differences)


async def removed(stage: Stage, topic: str) -> int:
    """How many records of a topic compaction has removed: gaps between its offsets."""
    offsets: dict[int, list[int]] = {}
    for record in await stage.case.read(topic):
        offsets.setdefault(record.partition, []).append(record.offset)
    return sum(found[-1] + 1 - len(found) for found in offsets.values())


async def _more_removed(stage: Stage, topic: str, before: int) -> bool:
    return await removed(stage, topic) > before
