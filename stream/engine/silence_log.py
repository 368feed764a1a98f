"""Silences as they arrive from their topic: records of people, so a bad one is told and left aside."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from aiokafka.structs import ConsumerRecord

from schemas.silences import Silence as SilenceRecord
from schemas.silences import silence_key
from schemas.times import from_iso
from stream.alerts.silences import Silence

log = logging.getLogger(__name__)


class Silences:
    """The silences that stand, by id; a tombstone ends one."""

    def __init__(self) -> None:
        self._standing: dict[bytes, Silence] = {}

    def apply(self, records: Iterable[ConsumerRecord[bytes, bytes]]) -> None:
        """Take in records in order."""
        for record in records:
            if record.key is None:
                continue
            self._standing.pop(record.key, None)
            if record.value is None:
                continue
            try:
                self._standing[record.key] = standing(read(record.key, record.value))
            except ValueError as error:
                log.warning("silences: the record at offset %d %s, and counts for nothing", record.offset, error)

    def standing(self, now: int) -> list[Silence]:
        """Those that have not ended at `now` (ms)."""
        return [silence for silence in self._standing.values() if now < silence.until]


def read(key: bytes, value: bytes) -> SilenceRecord:
    """The silence of a record; ValueError says why it counts for nothing, without what stands in it."""
    try:
        found = SilenceRecord.model_validate_json(value)
        from_iso(found.until)
    except ValueError:  # the schema's form of a time has the 13th month too
        raise ValueError("is no silence") from None
    # Under another key it could never be ended: the tombstone would go to its id.
    if silence_key(found.id) != key:
        raise ValueError("has a key that is not its id")
    return found


def standing(record: SilenceRecord) -> Silence:
    """A record that was read, as the rules take it."""
    return Silence(record.id, record.rule or "", record.segment, from_iso(record.until), record.who, record.why)
