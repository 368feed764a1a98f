"""Where the source topics begin and end, asked from the broker."""

from __future__ import annotations

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream.engine.verify import Ends
from stream.kafka_client import client_options
from stream.settings import Settings


class BrokerLog:
    """Begin and end of the source topics."""

    def __init__(self, settings: Settings, partitions: int) -> None:
        self._settings = settings
        self._partitions = range(partitions)
        self._consumer = AIOKafkaConsumer(**client_options(settings.kafka), enable_auto_commit=False)

    async def start(self) -> None:
        """Connect."""
        await self._consumer.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._consumer.stop()

    async def ends(self, partition: int) -> Mapping[str, Ends]:
        """Begin and end by topic, for one partition number."""
        places = [TopicPartition(topic, partition) for topic in self._settings.topics.sources]
        first, end = await self._consumer.beginning_offsets(places), await self._consumer.end_offsets(places)
        return {place.topic: Ends(first[place], end[place]) for place in places}

    async def end(self, topic: str, partition: int) -> int:
        """The offset behind the last record of a partition of any topic."""
        place = TopicPartition(topic, partition)
        return int((await self._consumer.end_offsets([place]))[place])

    def forget_leaders(self) -> None:
        """Ask anew which brokers lead the partitions: one that was cut off may answer although another one leads by now."""
        self._consumer._client.force_metadata_update()  # noqa: SLF001 (aiokafka asks by itself only after minutes)

    async def all_ends(self) -> dict[tuple[str, int], int]:
        """The offset behind the last record, by topic and partition."""
        places = [TopicPartition(topic, number) for topic in self._settings.topics.sources for number in self._partitions]
        ends = await self._consumer.end_offsets(places)
        return {(place.topic, place.partition): end for place, end in ends.items()}
