"""Events to Kafka: in the order of event time, by key, acknowledged by all replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.partitioner import murmur2

from stream.errors import BrokerUnavailable, UsageError
from stream.intake.events import IntakeEvent
from stream.kafka_client import client_options
from stream.settings import Settings

# Sent and acknowledged together: bounds memory, and how far one partition runs ahead of another.
_SLICE = 10_000
_BATCH_BYTES = 1 << 17
# A broker may not know a topic yet that was created a moment ago: look again for 2 s before calling it missing.
_LOOKS = 10
_LOOK_SECONDS = 0.2


async def produce(settings: Settings, events: Sequence[IntakeEvent], progress: Callable[[int], None]) -> int:
    """Produce all events and return their number; `progress` is told how many more have been acknowledged."""
    address = settings.kafka.bootstrap_servers
    producer = AIOKafkaProducer(**client_options(settings.kafka), acks="all", enable_idempotence=True, max_batch_size=_BATCH_BYTES)
    done = 0
    try:
        partitions = await _partitions(settings)
        await producer.start()
        remaining = iter(events)
        while part := list(islice(remaining, _SLICE)):
            await _send(producer, part, partitions)
            done += len(part)
            progress(len(part))
    except KafkaConnectionError:
        raise BrokerUnavailable(f"no broker answers at {address}; {done:,} of {len(events):,} events were produced") from None
    except KafkaError as error:
        raise BrokerUnavailable(f"the broker at {address} refused events ({type(error).__name__}) after {done:,} of {len(events):,}") from None
    finally:
        await producer.stop()
    return done


def partition_of(key: bytes, count: int) -> int:
    """The partition that Kafka's default partitioner gives a key."""
    return int((murmur2(key) & 0x7FFFFFFF) % count)


async def _partitions(settings: Settings) -> dict[str, int]:
    """Number of partitions of each source topic; UsageError where one is missing."""
    admin = AIOKafkaAdminClient(**client_options(settings.kafka))
    try:
        await admin.start()
        counts = await _counts(admin, settings.topics.sources)
        for _ in range(_LOOKS):
            if len(counts) == len(settings.topics.sources):
                break
            await asyncio.sleep(_LOOK_SECONDS)
            counts = await _counts(admin, settings.topics.sources)
    finally:
        await admin.close()
    missing = [name for name in settings.topics.sources if name not in counts]
    if missing:
        raise UsageError(f"missing topics: {', '.join(missing)}; create them with `csat-stream topics create`")
    return counts


async def _counts(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> dict[str, int]:
    found = await admin.describe_topics(list(topics))
    return {topic["topic"]: len(topic["partitions"]) for topic in found if topic["error_code"] == 0}


async def _send(producer: AIOKafkaProducer, events: Iterable[IntakeEvent], partitions: Mapping[str, int]) -> None:
    """Send one slice, each partition in order, and wait until all of it is acknowledged."""
    by_partition: dict[tuple[str, int], list[IntakeEvent]] = {}
    for event in events:
        by_partition.setdefault((event.topic_name, partition_of(event.key, partitions[event.topic_name])), []).append(event)
    await asyncio.gather(*(_send_partition(producer, *place, part) for place, part in by_partition.items()))


async def _send_partition(producer: AIOKafkaProducer, topic: str, partition: int, events: Sequence[IntakeEvent]) -> None:
    """Whole batches, since a call per record costs ten times as much."""
    batch = producer.create_batch()
    for event in events:
        # No timestamp of ours: the source topics take the time of the append, which `future` is judged by.
        if batch.append(key=event.key, value=event.value, timestamp=None) is None:
            await (await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(key=event.key, value=event.value, timestamp=None)
    await (await producer.send_batch(batch, topic, partition=partition))
