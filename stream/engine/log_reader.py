"""Consumers outside of the group that read whole topics."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream.kafka_client import client_options
from stream.settings import Settings


def log_reader(settings: Settings) -> AIOKafkaConsumer:
    """A consumer of assigned partitions that commits nothing; not started yet."""
    return AIOKafkaConsumer(**client_options(settings.kafka), enable_auto_commit=False, auto_offset_reset="earliest", max_poll_records=20_000)


async def places_of(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    """The partitions of a topic, in order; none where the broker tells of none."""
    await consumer._client.add_topic(topic)  # noqa: SLF001 (aiokafka knows no other way to ask for one topic's partitions)
    return [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]


async def read_from_beginning(consumer: AIOKafkaConsumer, places: Sequence[TopicPartition]) -> None:
    """Let these be what is read, from where they begin."""
    consumer.assign(places)
    await consumer.seek_to_beginning(*places)
