"""Records of the silence topic: which count, and which are left aside."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

import pytest

from stream.engine.silence_log import Silences, read

WRITTEN = "what somebody wrote"


@dataclass(frozen=True)
class Record:
    """What a consumer hands over."""

    key: bytes | None
    value: bytes | None
    offset: int = 7


def written(name: str = "a", until: str = "2099-01-01T00:00:00.000Z", **changed: object) -> bytes:
    """A silence as it is written."""
    fields: dict[str, object] = {
        "id": name,
        "rule": None,
        "segment": {},
        "until": until,
        "who": "Ann",
        "why": WRITTEN,
        "created": "2026-01-01T00:00:00.000Z",
    }
    return json.dumps({**fields, **changed}).encode()


def ids(*records: Record) -> list[str]:
    """Who stands after these records."""
    silences = Silences()
    silences.apply(records)
    return [silence.id for silence in silences.standing(0)]


def test_records_in_order() -> None:
    """The last one of a key counts; a tombstone ends it."""
    assert ids(Record(b"a", written()), Record(b"b", written("b"))) == ["a", "b"]
    assert ids(Record(b"a", written()), Record(b"a", None)) == []
    assert ids(Record(None, written())) == []


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        (b"a", b"\xff", "is no silence"),
        (b"a", written(until="2099-13-01T00:00:00.000Z"), "is no silence"),
        (b"a", written(who="ann@example.org"), "is no silence"),
        (b"other", written(), "has a key that is not its id"),
        (b"\xff", written(), "has a key that is not its id"),
    ],
)
def test_what_counts_for_nothing(key: bytes, value: bytes, told: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is told by its offset, never by what stands in it; what stood under its key is replaced by it."""
    with pytest.raises(ValueError, match=f"^{told}$"):
        read(key, value)
    with caplog.at_level(logging.WARNING):
        assert ids(Record(key, written(key.decode(errors="replace"))), Record(key, value)) == []
    assert f"silences: the record at offset 7 {told}, and counts for nothing" in caplog.messages
    assert WRITTEN not in caplog.text
