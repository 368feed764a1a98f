"""Silences as they arrive from their topic: records of people, so a bad one is told and left aside."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from aiokafka.structs import ConsumerRecord

from schemas.silences import Silence as SilenceRecord
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
            found = read(record.value)
            if found is None:
                self._standing.pop(record.key, None)
                if record.value is not None:
                    log.warning("silences: the record at offset %d is not one, and counts for nothing", record.offset)
            else:
                self._standing[record.key] = found

    def standing(self, now: int) -> list[Silence]:
        """Those that have not ended at `now` (ms)."""
        return [silence for silence in self._standing.values() if now < silence.until]


def read(value: bytes | None) -> Silence | None:
    """The silence of a record's value; None for a tombstone, and for what is none."""
    if value is None:
        return None
    try:
        found = SilenceRecord.model_validate_json(value)
        until = from_iso(found.until)
    except ValueError:  # the schema's form of a time has the 13th month too
        return None
    return Silence(found.id, found.rule or "", found.segment, until, found.who, found.why)
