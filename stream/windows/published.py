"""What the score topic holds, and the records that change it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import msgspec

from schemas.scores import score_key
from schemas.times import iso
from stream.kpis.definition import Metric, Reading
from stream.settings import Settings

REVISION_HEADER = "revision"
_text = lru_cache(maxsize=1)(iso)
"""All records of a pass have one now."""


class ScoreRecord(NamedTuple):
    """One record for the score topic; no value is a tombstone. `revision` counts the records of the key."""

    key: bytes
    value: bytes | None
    revision: int


@dataclass(slots=True)
class _Known:
    revision: int
    exists: bool


class Published:
    """Revision and existence of every key that was ever published."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[bytes, _Known] = {}
        self._encode = msgspec.json.Encoder().encode

    def remember(self, key: bytes, revision: int, *, exists: bool) -> None:
        """What was read back from the topic."""
        self._known[key] = _Known(revision, exists)

    def existing(self) -> Iterator[bytes]:
        """Keys that have a record which is not a tombstone."""
        return (key for key, known in self._known.items() if known.exists)

    def score(self, metric: Metric, segment: Mapping[str, str], window: str, reading: Reading, as_of: int) -> ScoreRecord:
        """The record of a reading; field by field as `schemas.scores.Score`."""
        key = score_key(metric.name, segment, window)
        known = self._known.setdefault(key, _Known(0, exists=False))
        known.revision += 1
        known.exists = True
        settings = self._settings
        fields: dict[str, object] = {
            "metric": metric.name,
            "segment": segment,
            "window": window,
            "value": reading.value,
            "unit": metric.unit,
            "n": reading.n,
            "counts": reading.counts,
            "stats": reading.stats,
            "low": reading.low,
            "high": reading.high,
            "state": "ok" if reading.n >= settings.min_n else "insufficient_data",
            "as_of": _text(as_of),
            "revision": known.revision,
            "definition": metric.definition(settings),
        }
        if metric.attributed:
            fields["attribution"] = settings.attribution
        return ScoreRecord(key, self._encode(fields), known.revision)

    def tombstone(self, key: bytes) -> ScoreRecord | None:
        """The record that removes a key; None where there is nothing to remove."""
        known = self._known.get(key)
        if known is None or not known.exists:
            return None
        known.revision += 1
        known.exists = False
        return ScoreRecord(key, None, known.revision)
