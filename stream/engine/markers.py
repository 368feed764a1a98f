"""The newest markers of the state and of its sums, read before a worker joins its group: it must not claim what it can't use."""

from __future__ import annotations

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream.engine.names import Names
from stream.engine.verify import verify_marker
from stream.kafka_client import client_options
from stream.settings import Settings
from stream.state import marker
from stream.state.marker import Marker
from stream.state.partition import MARKER_KEY
from stream.windows.board import STATUS_KEY

_TAIL = 200
"""A marker ends every flush and its sums; behind it stand only claims, one for each assignment."""


async def verify_state(settings: Settings, names: Names, partitions: int, fingerprint: str, topic_ids: Mapping[str, str]) -> None:
    """StartRefused where a partition's state was made under another format, other settings, or from or beside other topics.

    The sums tell what the changelog can't: that they were made from another changelog than the one that is there.
    """
    for found in await newest_markers(settings, {names.changelog: MARKER_KEY, names.sums: STATUS_KEY}, partitions):
        verify_marker(found, fingerprint, topic_ids)


async def newest_markers(settings: Settings, keys: Mapping[str, bytes], partitions: int) -> list[Marker]:
    """The last marker in the tail of each partition that has one; `keys`: what markers are kept under, by topic."""
    consumer = AIOKafkaConsumer(**client_options(settings.kafka), enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        await consumer.start()
        places = [TopicPartition(topic, number) for topic in keys for number in range(partitions)]
        consumer.assign(places)
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        found: dict[TopicPartition, Marker] = {}
        for place in places:
            consumer.seek(place, max(begins[place], ends[place] - _TAIL))
        while [place for place in places if await consumer.position(place) < ends[place]]:
            for place, records in (await consumer.getmany(timeout_ms=500)).items():
                markers = [record.value for record in records if record.key == keys[place.topic] and record.value]
                if markers:
                    found[place] = marker.decode(markers[-1])
        return list(found.values())
    finally:
        await consumer.stop()
