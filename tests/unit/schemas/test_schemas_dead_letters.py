"""Dead letters: whole records, with where they stood and what is wrong."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.deadletters import DeadLetter, DeadLetterClass, Refused, dead_letter
from stream.errors import Fault


@dataclass(frozen=True)
class Record:
    """A record of a Kafka log."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    topic: str = "support.ticket.closed.v1"
    partition: int = 3
    offset: int = 17
    timestamp: int = 1_792_454_400_000


def test_text_of_a_dead_letter() -> None:
    """Key, value and headers are as documented."""
    refused = Refused(DeadLetterClass.SCHEMA, (Fault("data.score", "Field required"),))
    out = dead_letter(Record(b"T-1", b"{}", [("ce_id", b"\xff")]), refused)
    assert out.key == b"support.ticket.closed.v1/3/17"
    assert out.headers == [("content-type", b"application/json"), ("class", b"schema")]
    assert json.loads(out.value) == {
        "class": "schema",
        "faults": [{"path": "data.score", "message": "Field required"}],
        "topic": "support.ticket.closed.v1",
        "partition": 3,
        "offset": 17,
        "timestamp": 1_792_454_400_000,
        "key": "VC0x",
        "value": "e30=",
        "headers": [["ce_id", "/w=="]],
        "missing": 0,
    }


@pytest.mark.parametrize("headers", [[("", b"")] * 300_000, [("\x01", b"")] * 100_000, [("\x01" * 30_000, b"")]])
def test_headers_of_a_very_large_record_fit_the_topic(headers: list[tuple[str, bytes]]) -> None:
    """Many that hold nothing are much text; beside a large key and value, too."""
    out = dead_letter(Record(b"k" * 900_000, b"v" * 5_000_000, headers), Refused(DeadLetterClass.NOT_JSON, (Fault("", "is no JSON"),)))
    assert len(out.value) < 2 * 1024 * 1024 - 10_000


def test_a_very_large_record_fits_the_topic() -> None:
    """Its letter has the beginning and says how much is missing: one that the broker refuses would stop the partition for ever."""
    out = dead_letter(
        Record(b"k" * 900_000, b"v" * 5_000_000, [("h", b"x" * 900_000)]), Refused(DeadLetterClass.NOT_JSON, (Fault("", "is no JSON"),))
    )
    letter = DeadLetter.model_validate_json(out.value)
    assert len(out.value) < 2 * 1024 * 1024 - 10_000
    assert (b64decode(letter.key or ""), b64decode(letter.value or ""), letter.headers) == (b"k" * 100_000, b"v" * 1_000_000, ())
    assert letter.missing == 800_000 + 4_000_000 + 900_001


@given(st.none() | st.binary(), st.none() | st.binary(), st.lists(st.tuples(st.text(), st.binary())), st.sampled_from(DeadLetterClass))
def test_the_record_can_be_had_back(key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]], kind: DeadLetterClass) -> None:
    """Any bytes come back from a dead letter as they were, a missing key or value included."""
    out = dead_letter(Record(key, value, headers), Refused(kind, (Fault("", "is wrong"),)))
    letter = DeadLetter.model_validate_json(out.value)
    assert letter.kind is kind
    assert (None if letter.key is None else b64decode(letter.key)) == key
    assert (None if letter.value is None else b64decode(letter.value)) == value
    assert [(name, b64decode(content or "")) for name, content in letter.headers] == headers
    assert out == dead_letter(Record(key, value, headers), Refused(kind, (Fault("", "is wrong"),)))
