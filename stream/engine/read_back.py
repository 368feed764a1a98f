"""Reads compacted topics back up to where they stood when this owner claimed them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from stream.kafka_client import client_options
from stream.settings import Settings

Place = tuple[str, int]


async def read_upto(settings: Settings, upto: Mapping[Place, int]) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    """Every record of these topic partitions below an offset, in order within each."""
    consumer = AIOKafkaConsumer(**client_options(settings.kafka), enable_auto_commit=False, auto_offset_reset="earliest", max_poll_records=20_000)
    await consumer.start()
    try:
        ends = {TopicPartition(*place): end for place, end in upto.items()}
        consumer.assign(list(ends))
        await consumer.seek_to_beginning(*ends)
        while [place for place, end in ends.items() if await consumer.position(place) < end]:
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    if record.offset < ends[place]:
                        yield record
    finally:
        await consumer.stop()
