"""Topics of the peer bench: made, watched, read back, and all that a run made removed again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from stream.errors import BrokerUnavailable

PARTITIONS = 4
_READ_RECORDS = 20_000
_READ_MS = 1_000
_EMPTY_READS = 10


class Output(NamedTuple):
    """What a topic holds: the values in order, partition by partition, and the latest broker append time in Unix seconds."""

    values: list[bytes]
    last: float


async def create_topics(servers: str, topics: Sequence[str], configs: Mapping[str, str]) -> None:
    """Create topics with four partitions."""
    async with _admin(servers) as admin:
        await admin.create_topics([NewTopic(topic, PARTITIONS, 1, topic_configs=dict(configs)) for topic in topics])


async def remove_topics(servers: str, app: str) -> None:
    """Delete every topic that carries the id of a run in its name: its output and what the contestant made for itself."""
    async with _admin(servers) as admin:
        topics = [topic for topic in await admin.list_topics() if app in topic]
        if topics:
            await admin.delete_topics(topics)


class Watch:
    """How many records an output topic holds."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: str) -> None:
        self._consumer = consumer
        self.partitions = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]

    async def ends(self) -> dict[TopicPartition, int]:
        """The end of each partition."""
        found: dict[TopicPartition, int] = await self._consumer.end_offsets(self.partitions)
        return found

    async def records(self) -> int:
        """Records so far, those of transactions and claims included."""
        return sum((await self.ends()).values())

    async def read(self) -> Output:
        """All records with a value, to the ends as they are now; BrokerUnavailable where the broker stops giving them."""
        ends = await self.ends()
        self._consumer.assign(self.partitions)
        await self._consumer.seek_to_beginning(*self.partitions)
        values: list[bytes] = []
        last, empty = 0, 0
        while any([await self._consumer.position(partition) < end for partition, end in ends.items()]):
            chunks = await self._consumer.getmany(timeout_ms=_READ_MS, max_records=_READ_RECORDS)
            empty = 0 if chunks else empty + 1
            if empty == _EMPTY_READS:
                raise BrokerUnavailable("the broker does not give back what a contestant wrote")
            records = [record for chunk in chunks.values() for record in chunk]
            values += [record.value for record in records if record.value is not None]
            last = max([last, *(record.timestamp for record in records)])
        return Output(values, last / 1000)


@asynccontextmanager
async def watched_output(servers: str, topic: str) -> AsyncIterator[Watch]:
    """A fresh output topic, stamped by the broker, and a watch on it."""
    await create_topics(servers, [topic], {"message.timestamp.type": "LogAppendTime"})
    async with AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="earliest") as consumer:
        yield Watch(consumer, topic)


@asynccontextmanager
async def _admin(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()
