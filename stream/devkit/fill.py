"""Bring generated records to Kafka fast: whole batches by partition, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder

from stream.devkit.load import LoadRecord
from stream.errors import BrokerUnavailable, UsageError
from stream.kafka_client import client_options
from stream.settings import Settings

BATCH_BYTES = 256 * 1024


async def fill(settings: Settings, records: Iterable[LoadRecord], progress: Callable[[int], None] | None = None) -> int:
    """Produce records to the four source topics in their order, each partition in order; how many. `progress` hears the number so far."""
    producer = AIOKafkaProducer(**client_options(settings.kafka), acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES)
    try:
        await producer.start()
        return await append(producer, settings.topics.sources, records, progress)
    except KafkaConnectionError:
        raise BrokerUnavailable(f"no broker answers at {settings.kafka.bootstrap_servers}") from None
    finally:
        await producer.stop()


async def append(
    producer: AIOKafkaProducer, topics: Sequence[str], records: Iterable[LoadRecord], progress: Callable[[int], None] | None = None
) -> int:
    """Append records in whole batches by a started producer; returns when all are acknowledged."""
    partitions = await _partition_counts(producer, topics)
    batches = _Batches(producer, topics)
    hashes: dict[bytes, int] = {}
    count = 0
    for record in records:
        key = record.partition_key
        hashed = hashes.get(key)
        if hashed is None:
            hashed = hashes[key] = murmur2(key) & 0x7FFFFFFF
        await batches.add(record, hashed % partitions[record.topic_index])
        count += 1
        if progress is not None and count % 10_000 == 0:
            progress(count)
    await batches.finish()
    if progress is not None:
        progress(count)
    return count


class _Batches:
    """The open batch of every topic partition, and the acknowledgements that are awaited."""

    def __init__(self, producer: AIOKafkaProducer, topics: Sequence[str]) -> None:
        self._producer, self._topics = producer, topics
        self._open: dict[tuple[int, int], BatchBuilder] = {}
        self._acknowledged: list[asyncio.Future[object]] = []

    async def add(self, record: LoadRecord, partition: int) -> None:
        place = (record.topic_index, partition)
        batch = self._open.get(place)
        if batch is not None and self._appended(batch, record):
            return
        if batch is not None:
            await self._send(place, batch)
        batch = self._open[place] = self._producer.create_batch()
        if not self._appended(batch, record):
            raise UsageError(f"a record of {len(record.value)} bytes does not fit a batch of {BATCH_BYTES} bytes")

    async def finish(self) -> None:
        for place, batch in self._open.items():
            await self._send(place, batch)
        await asyncio.gather(*self._acknowledged)

    async def _send(self, place: tuple[int, int], batch: BatchBuilder) -> None:
        topic_index, partition = place
        batch.close()
        self._acknowledged.append(await self._producer.send_batch(batch, self._topics[topic_index], partition=partition))

    @staticmethod
    def _appended(batch: BatchBuilder, record: LoadRecord) -> bool:
        return batch.append(key=record.partition_key, value=record.value, timestamp=record.time_ms) is not None


async def _partition_counts(producer: AIOKafkaProducer, topics: Sequence[str]) -> list[int]:
    cluster = await producer.client.fetch_all_metadata()
    counts = [len(cluster.partitions_for_topic(topic) or ()) for topic in topics]
    for topic, count in zip(topics, counts, strict=True):
        if count == 0:
            raise UsageError(f"topic {topic} is missing; create it with: csat-stream topics create")
    return counts
