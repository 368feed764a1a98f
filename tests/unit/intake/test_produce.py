"""Events to the real Kafka: by key, in order, acknowledged; and clear errors where that can't be."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from stream.devkit.ports import free_ports
from stream.errors import BrokerUnavailable, UsageError
from stream.intake.events import IntakeEvent
from stream.intake.produce import partition_of, produce
from stream.setting_parts import Kafka, Topics
from stream.settings import Settings

PARTITIONS = 3


def settings_for(address: str, prefix: str) -> Settings:
    """Settings with source topics of their own."""
    names = {name: f"{prefix}.{name}" for name in ("opened", "replied", "closed", "ratings")}
    return Settings(kafka=Kafka(bootstrap_servers=address), topics=Topics(**names))


@pytest.fixture
async def settings(bootstrap_servers: str) -> AsyncIterator[Settings]:
    """Settings whose four source topics exist, and go after the test."""
    found = settings_for(bootstrap_servers, f"intake-{uuid.uuid4().hex}")
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in found.topics.sources])
        yield found
        await admin.delete_topics(list(found.topics.sources))
    finally:
        await admin.close()


def some_events(settings: Settings, count: int) -> list[IntakeEvent]:
    """Events of 50 tickets over all topics, large enough for several batches a partition."""
    sources = settings.topics.sources
    return [IntakeEvent(n, sources[n % 4], b"T-%d" % (n % 50), b'{"n":%d,"pad":"%s"}' % (n, b"x" * 400), n) for n in range(count)]


async def logs(settings: Settings) -> dict[tuple[str, int], list[tuple[bytes, bytes]]]:
    """Keys and values of every source partition, in the order of their offsets."""
    places = [TopicPartition(name, number) for name in settings.topics.sources for number in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found: dict[tuple[str, int], list[tuple[bytes, bytes]]] = {(place.topic, place.partition): [] for place in places}
        while any(len(found[place.topic, place.partition]) < ends[place] for place in places):
            for place, records in (await consumer.getmany(timeout_ms=1_000)).items():
                found[place.topic, place.partition] += [(record.key or b"", record.value or b"") for record in records]
    finally:
        await consumer.stop()
    return found


async def test_events_are_in_order_in_their_partitions(settings: Settings) -> None:
    """Several slices and batches: every event is there once, where Kafka's own partitioner puts its key, in order."""
    events = some_events(settings, 25_000)
    steps: list[int] = []
    assert await produce(settings, events, steps.append) == 25_000
    assert (sum(steps), len(steps)) == (25_000, 3)
    expected: dict[tuple[str, int], list[tuple[bytes, bytes]]] = {
        (name, number): [] for name in settings.topics.sources for number in range(PARTITIONS)
    }
    for event in events:
        expected[event.topic_name, partition_of(event.key, PARTITIONS)].append((event.key, event.value))
    assert await logs(settings) == expected


async def test_nothing_to_produce(settings: Settings) -> None:
    """No events are no error."""
    assert await produce(settings, [], lambda _: None) == 0


async def test_missing_topics(bootstrap_servers: str) -> None:
    """They are named, with the command that makes them."""
    settings = settings_for(bootstrap_servers, "intake-missing")
    with pytest.raises(UsageError, match=r"intake-missing\.opened, .*csat-stream topics create"):
        await produce(settings, some_events(settings, 1), lambda _: None)


async def test_no_broker() -> None:
    """One line with the address."""
    settings = settings_for(f"127.0.0.1:{free_ports(1)[0]}", "none")
    with pytest.raises(BrokerUnavailable, match="no broker answers at 127"):
        await produce(settings, some_events(settings, 1), lambda _: None)


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_partitions_are_those_of_other_clients(key: bytes, hashed: int) -> None:
    """The hashes that Apache Kafka's own tests (UtilsTest) expect, without their sign, by the number of partitions."""
    assert [partition_of(key, count) for count in (1, 4, 12, 1000)] == [(hashed & 0x7FFFFFFF) % count for count in (1, 4, 12, 1000)]
