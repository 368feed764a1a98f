"""What the broker shows of a worker: its first durable work, and the scores it publishes."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.processes import BenchFailed
from stream.kafka_client import client_options
from stream.settings import Settings

# A worker's claims and markers are a few records a partition, its first flush in a backlog thousands.
FIRST_WORK_RECORDS = 500


class _Count(msgspec.Struct):
    n: int


_decoder = msgspec.json.Decoder(_Count)


async def first_work(producer: AIOKafkaProducer, settings: Settings) -> float:
    """Wait for the first flush of a worker; the moment its records were in the log (`time.perf_counter()`).

    The internal topics are those named after the installation. It looks every 20 ms.
    """
    async with consumer_of(settings) as consumer:
        while True:
            cluster = await producer.client.fetch_all_metadata()
            internal = [
                TopicPartition(topic, partition)
                for topic in cluster.topics()
                if topic.startswith(settings.app)
                for partition in cluster.partitions_for_topic(topic) or ()
            ]
            ends = await consumer.end_offsets(internal) if internal else {}
            if sum(ends.values()) >= FIRST_WORK_RECORDS:
                return time.perf_counter()
            await asyncio.sleep(0.02)


class ScoreWatch:
    """Every n that was published under some keys of the score topic, and when it could be read."""

    def __init__(self) -> None:
        self.seen: dict[bytes, list[tuple[float, int]]] = defaultdict(list)
        self._keys: set[bytes] = set()
        self._changed = asyncio.Event()

    def add(self, keys: Iterable[bytes]) -> None:
        """Watch these keys from now on."""
        self._keys |= set(keys)

    async def wait(self, key: bytes, n: int, patience: float) -> None:
        """Until a score of `key` counts `n` cases or more; BenchFailed after `patience` seconds."""
        deadline = time.perf_counter() + patience
        while self.last(key) < n:
            if time.perf_counter() > deadline:
                raise BenchFailed(f"a score counts {self.last(key):,} of {n:,} cases after {patience:.0f} s")
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), 1)
            except TimeoutError:
                continue

    def last(self, key: bytes) -> int:
        """The latest n of a key; 0 where there was none."""
        return self.seen[key][-1][1] if self.seen[key] else 0

    async def read(self, consumer: AIOKafkaConsumer) -> None:
        """Read for ever."""
        while True:
            chunks = await consumer.getmany(timeout_ms=1_000)
            now = time.perf_counter()
            for records in chunks.values():
                for record in records:
                    if record.key in self._keys and record.value is not None:
                        self.seen[record.key].append((now, _decoder.decode(record.value).n))
            self._changed.set()


@asynccontextmanager
async def watched(settings: Settings, keys: Iterable[bytes]) -> AsyncIterator[ScoreWatch]:
    """A watch over the score topic, from its beginning, while the block runs."""
    watch = ScoreWatch()
    watch.add(keys)
    async with consumer_of(settings, settings.topics.scores) as consumer:
        task = asyncio.create_task(watch.read(consumer))
        try:
            yield watch
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def consumer_of(settings: Settings, *topics: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A started consumer without a group, of all partitions of these topics from their beginning."""
    options = client_options(settings.kafka)
    consumer = AIOKafkaConsumer(*topics, **options, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


@asynccontextmanager
async def prompt_producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """A started producer that sends at once."""
    producer = AIOKafkaProducer(**client_options(settings.kafka), acks="all", linger_ms=0)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()
