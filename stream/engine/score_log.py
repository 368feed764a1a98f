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

    def note(self, record: ConsumerRecord[bytes, bytes]) -> None:
        """Take in one record of the topic; what is no score is left alone."""
        if record.key is None:
            return
        try:
            parse_key(record.key)
            if record.value is None:
                revision = int(dict(record.headers).get(REVISION_HEADER, b"0"))
                self.revisions[record.key] = revision, False
            else:
                known = msgspec.json.decode(record.value, type=_Known)
                self.newest = max(self.newest, from_iso(known.as_of))
                self.revisions[record.key] = known.revision, True
        except ValueError:
            return


async def read_back(settings: Settings, upto: Mapping[int, int], left: ScoresLeft, begin: Mapping[int, int]) -> None:
    """Read every partition of the score topic up to an offset, on top of what was read before `begin` (from their beginnings where it is empty)."""
    topic = settings.topics.scores
    begins = {(topic, number): offset for number, offset in begin.items()}
    async for record in read_upto(settings, {(topic, number): end for number, end in upto.items()}, begins):
        left.note(record)
