"""Reads compacted topics from the beginning up to some offset: where they stood when an owner claimed them, or where they end now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from stream.engine import topics
from stream.engine.log_reader import log_reader, read_from_beginning
from stream.kafka_client import client_options
from stream.settings import Settings

Place = tuple[str, int]


async def latest(settings: Settings, topic: str) -> dict[bytes, bytes]:
    """What a compacted topic holds now: the newest value of each key, tombstones left out; nothing where there is no such topic."""
    held: dict[bytes, bytes] = {}
    async for record in read_all(settings, topic):
        if record.key is None:
            continue
        if record.value is None:
            held.pop(record.key, None)
        else:
            held[record.key] = record.value
    return held


async def read_all(settings: Settings, topic: str) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """Every record that a topic holds now, in order within each partition; none where there is no such topic."""
    async for record in read_upto(settings, await _ends(settings, topic)):
        yield record


async def _ends(settings: Settings, topic: str) -> dict[Place, int]:
    async with topics.admin(settings) as client:
        found = await topics.find(client, [topic])
    if topic not in found:
        return {}
    consumer = AIOKafkaConsumer(**client_options(settings.kafka), enable_auto_commit=False)
    try:
        await consumer.start()
        ends = await consumer.end_offsets([TopicPartition(topic, number) for number in range(found[topic].partitions)])
        return {(topic, place.partition): end for place, end in ends.items()}
    finally:
        await consumer.stop()


async def read_upto(
    settings: Settings, upto: Mapping[Place, int], begin: Mapping[Place, int] | None = None
) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """Every record of these topic partitions below an offset, in order within each; from their beginnings, or where `begin` says."""
    if not upto:
        return
    consumer = log_reader(settings)
    try:
        await consumer.start()
        ends = {TopicPartition(*place): end for place, end in upto.items()}
        await read_from_beginning(consumer, list(ends))
        for place, offset in (begin or {}).items():
            consumer.seek(TopicPartition(*place), offset)
        while [place for place, end in ends.items() if await consumer.position(place) < end]:
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    if record.offset < ends[place]:
                        yield record
    finally:
        await consumer.stop()
