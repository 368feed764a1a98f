"""The standard job: one worker reads a backlog of standard load from its first event to published scores."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.broker import first_work, prompt_producer, watched
from bench.processes import BenchFailed, run_command, sampled, until_ready, usage, worker, write_config
from schemas.scores import score_key
from stream import settings as settings_file
from stream.devkit.fill import fill
from stream.devkit.kafka import EmbeddedKafka
from stream.devkit.load import RATINGS, LoadRecord
from stream.durations import SECOND
from stream.settings import Settings

SEGMENTS = [[], ["team"], ["channel"], ["product"], ["team", "channel"], ["team", "product"]]
PARTITIONS = 4
_READY_SECONDS = 900.0
_PUBLISHED_SECONDS = 90.0


@dataclass(frozen=True)
class Backlog:
    """What reading the backlog took: wall and CPU seconds of the worker, CPU seconds of the broker, peak memory in MB; and the worker's process."""

    events: int
    seconds: float
    cpu_seconds: float
    broker_cpu_seconds: float
    peak_rss_mb: float
    startup_seconds: float
    process: psutil.Process

    @property
    def events_per_second(self) -> float:
        """Events by wall time."""
        return self.events / self.seconds

    @property
    def cpu_seconds_per_million(self) -> float:
        """User and system time of the worker for a million events."""
        return self.cpu_seconds / self.events * 1_000_000


async def set_up(kafka: EmbeddedKafka, folder: Path) -> Settings:
    """Write `csat.yaml` and create the topics."""
    config = write_config(folder, {"kafka": {"bootstrap_servers": kafka.bootstrap_servers}, "segments": SEGMENTS})
    run_command("topics", "create", "--config", str(config))
    settings = settings_file.load(config)
    async with prompt_producer(settings) as producer:
        for topic in settings.topics.sources:
            if len(await producer.partitions_for(topic)) != PARTITIONS:
                raise BenchFailed(f"the standard load is {PARTITIONS} partitions a topic; {topic} has another number")
    return settings


async def prepare(kafka: EmbeddedKafka, folder: Path, records: Sequence[LoadRecord]) -> Settings:
    """The same, with records in the topics."""
    settings = await set_up(kafka, folder)
    await fill(settings, records)
    return settings


@asynccontextmanager
async def caught_up_worker(kafka: EmbeddedKafka, folder: Path, settings: Settings, records: Sequence[LoadRecord]) -> AsyncIterator[Backlog]:
    """A worker that has read the backlog, checked to have counted every rating; it runs on while the block does."""
    ready_file, log = folder / "ready", folder / "worker.log"
    began = time.perf_counter()
    with worker(folder / "csat.yaml", ready_file, log) as process:
        async with sampled(process.pid, kafka.pid) as samples, prompt_producer(settings) as producer:
            looking = asyncio.create_task(first_work(producer, settings))
            try:
                ready = await until_ready(process, ready_file, log, _READY_SECONDS)
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)
            await asyncio.sleep(0.1)
        if looking.cancelled():
            raise BenchFailed("the worker was ready before its first flush was seen; take more events")
        # What the first flush holds was read within the flush interval before it.
        first = looking.result() - settings.flush_interval / SECOND
        used = usage(samples, first, ready)
        await check_counted(settings, records)
        yield Backlog(
            len(records), ready - first, used.cpu_seconds, used.broker_cpu_seconds, used.peak_rss_mb, first - began, psutil.Process(process.pid)
        )


async def check_counted(settings: Settings, records: Sequence[LoadRecord]) -> None:
    """A fast wrong answer is none: the overall CSAT must count every rating of the load."""
    key = score_key("csat", {}, "all")
    expected = sum(record.topic_index == RATINGS for record in records)
    async with watched(settings, [key]) as watch:
        await watch.wait(key, expected, _PUBLISHED_SECONDS)
        if watch.last(key) != expected:
            raise BenchFailed(f"the overall CSAT counts {watch.last(key):,} ratings, produced were {expected:,}")
