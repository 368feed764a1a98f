"""Reads the score topic back: which scores stand, their revisions, and how new the newest is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from schemas.scores import parse_key
from schemas.times import from_iso
from stream.kafka_client import client_options
from stream.settings import Settings
from stream.windows.published import REVISION_HEADER


class _Known(msgspec.Struct):
    as_of: str
    revision: int


@dataclass(slots=True)
class ScoresLeft:
    """What the topic holds. `revisions`: by key, the newest revision and whether it is not a tombstone; `newest`: latest as_of in ms."""

    revisions: dict[bytes, tuple[int, bool]] = field(default_factory=dict)
    newest: int = 0


async def read_back(settings: Settings, upto: Mapping[int, int]) -> ScoresLeft:
    """Read every partition of the score topic up to an offset."""
    left = ScoresLeft()
    consumer = AIOKafkaConsumer(**client_options(settings.kafka), enable_auto_commit=False, auto_offset_reset="earliest", max_poll_records=20_000)
    await consumer.start()
    try:
        places = [TopicPartition(settings.topics.scores, number) for number in upto]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        while [place for place in places if await consumer.position(place) < upto[place.partition]]:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    _note(left, record)
    finally:
        await consumer.stop()
    return left


def _note(left: ScoresLeft, record: ConsumerRecord[bytes, bytes]) -> None:
    if record.key is None:
        return
    try:
        parse_key(record.key)
        if record.value is None:
            revision = int(dict(record.headers).get(REVISION_HEADER, b"0"))
            left.revisions[record.key] = revision, False
        else:
            known = msgspec.json.decode(record.value, type=_Known)
            left.newest = max(left.newest, from_iso(known.as_of))
            left.revisions[record.key] = known.revision, True
    except ValueError:
        return
