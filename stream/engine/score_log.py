"""Reads the score topic back: which scores stand, their revisions, and how new the newest is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from aiokafka.structs import ConsumerRecord

from schemas.scores import parse_key
from schemas.times import from_iso
from stream.engine.read_back import read_upto
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
    async for record in read_upto(settings, {(settings.topics.scores, number): end for number, end in upto.items()}):
        _note(left, record)
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
