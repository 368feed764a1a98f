"""Properties: the fast path and the judge give the same verdict on anything, and the three modes say the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema

from schemas import fast
from schemas.deadletters import DeadLetterClass
from schemas.essence import Essence
from schemas.events import TICKET_EVENTS
from schemas.modes import DEEPEST, brackets
from schemas.read import Reader, Refused
from stream.settings import Settings

Json = dict[str, Any]
Verdict = tuple[str, Essence] | DeadLetterClass

READER = Reader(Settings().scale_rules)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)

WRONG_TIMES = [
    "",
    "yesterday",
    "2026-10-20",
    "2026-10-20T00:00:00",
    "2026-10-20T00:00Z",
    "2026-10-20T24:00:00Z",
    "2026-10-20T00:00:60Z",
    "2026-02-30T00:00:00Z",
    "2026-10-20T00:00:00+24:00",
    "1969-12-31T23:59:59.999Z",
    "1970-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "0000-01-01T00:00:00Z",
]
ODD_TIMES = [
    "1970-01-01T00:00:00Z",
    "1970-01-01T00:00:00-00:01",
    "9999-12-31T23:59:59.999Z",
    "2026-10-20t00:00:00z",
    "2026-10-20 00:00:00Z",
    "2026-10-20T00:00:00.1234567891Z",
    "2026-10-20T00:00:00.9999999Z",
    "2026-10-20T00:00:00+0100",
]
WORDS = [
    "customer",
    "agent",
    "bot",
    "auto",
    "csat",
    "nps",
    "ces",
    "1.0",
    "0.3",
    "ticket.opened",
    "rating.submitted",
    "survey.offered",
    "order.placed",
]
STRINGS = [
    "",
    " ",
    "x" * 200,
    "x" * 201,
    "\U0001f600" * 200,
    "\U0001f600" * 201,
    "\u0000",
    "a\u0000b",
    "\\u0000",
    "\ud800",
    "\udc00\ud800",
    "\ufeff",
    "\u2028",
]
NUMBERS = [0, 1, -1, 5, 10, 100, 1000, 1001, 2**63, 2**64, 4.0, 0.5, 1e308, True, False]
CONTAINERS = [None, [], ["x"], [""], [None], ["x"] * 101, {}, {"ticket_id": "T"}]
ODD_VALUES = st.sampled_from([*WRONG_TIMES, *ODD_TIMES, *WORDS, *STRINGS, *NUMBERS, *CONTAINERS]) | JSON_VALUES


@st.composite
def times(draw: st.DrawFn) -> str:
    """RFC 3339 texts of the years 1970 to 9999 with any zone and any number of digits below the second."""
    time = draw(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001 - Hypothesis wants bounds without zone
    offset = draw(st.integers(-(23 * 60 + 59), 0))
    text = time.astimezone(timezone(timedelta(minutes=offset))).isoformat() if time.year > 1970 else time.isoformat()
    if "." not in text:
        text = text[:19] + draw(st.sampled_from(["", ".1", ".12", ".123456", ".1234567", ".123456789"])) + text[19:]
    return text.replace("+00:00", draw(st.sampled_from(["Z", "z", "+00:00", "-00:00"])))


def valid(schema: Json, root: Json, *, extras: bool) -> st.SearchStrategy[Any]:
    """Values that a generated schema allows; `extras`: with fields it does not name."""
    if "$ref" in schema:
        return valid(root["$defs"][schema["$ref"].rpartition("/")[2]], root, extras=extras)
    if schema.get("format") == "date-time":
        return times()
    if schema.get("type") != "object":
        return from_schema(schema)
    fields = {name: valid(part, root, extras=extras) for name, part in schema["properties"].items()}
    required = {name: fields[name] for name in schema["required"]}
    optional = {name: fields[name] for name in fields.keys() - required.keys()}
    named = st.fixed_dictionaries(required, optional=dict(sorted(optional.items())))
    if not extras:
        return named
    names = st.text(max_size=8).filter(lambda name: name not in fields)
    return st.builds(lambda more, body: {**more, **body}, st.dictionaries(names, JSON_VALUES, max_size=2), named)


@cache
def events(*, extras: bool = False) -> st.SearchStrategy[Json]:
    """Valid events in structured mode, of every type."""
    schemas = [model.model_json_schema() for model in TICKET_EVENTS.values()]
    return st.one_of([valid(schema, schema, extras=extras) for schema in schemas])


@st.composite
def mutated(draw: st.DrawFn) -> Json:
    """Events with one to three fields dropped, added or replaced, in the envelope or in the data."""
    event = draw(events(extras=draw(st.booleans())))
    for _ in range(draw(st.integers(1, 3))):
        part = event["data"] if draw(st.booleans()) and isinstance(event.get("data"), dict) else event
        name = draw(st.sampled_from([*sorted(part), "extra"]))
        if draw(st.integers(0, 3)) == 0:
            part.pop(name, None)
        else:
            part[name] = draw(ODD_VALUES)
    return event


def written(event: Json, *, ascii_only: bool = True) -> bytes:
    """JSON text of an event; lone surrogates can only be written as escapes."""
    return json.dumps(event, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")


def key_of(event: Json) -> bytes:
    """The key that fits an event, where it has a ticket."""
    data = event.get("data")
    ticket_id = data.get("ticket_id") if isinstance(data, dict) else None
    return ticket_id.encode("utf-8", "surrogatepass") if isinstance(ticket_id, str) else b"T"


def judged(key: bytes | None, value: bytes, headers: list[tuple[str, bytes]] | None = None) -> Verdict:
    """The judge's verdict."""
    try:
        return READER._judge(key, value, headers or [])
    except Refused as refused:
        return refused.kind


def read(key: bytes | None, value: bytes, headers: list[tuple[str, bytes]] | None = None) -> Verdict:
    """The reader's verdict."""
    try:
        return READER.read(key, value, headers or [])
    except Refused as refused:
        return refused.kind


def usual(event: Json, value: bytes) -> bool:
    """Whether the fast path means to read this body, if it is right."""
    return "specversion" in event and fast.NUL.encode() not in value and len(value) <= fast.LONGEST and brackets(value) <= DEEPEST


def assert_one_verdict(event: Json, value: bytes) -> None:
    """What the fast path accepts the judge accepts with the same essence; what it refuses, though usual, the judge refuses."""
    quick, verdict = READER._fast(key_of(event), value), judged(key_of(event), value)
    if quick is not None:
        assert quick == verdict
    elif usual(event, value):
        assert isinstance(verdict, DeadLetterClass)


@given(events(extras=True), st.booleans())
def test_what_the_schema_allows_is_accepted_by_both(event: Json, ascii_only: bool) -> None:
    """Anything made from the generated schema is read by both ways with the same essence, or lies outside its scale."""
    value = written(event, ascii_only=ascii_only)
    verdict = judged(key_of(event), value)
    assert isinstance(verdict, tuple) or (verdict is DeadLetterClass.SCORE and event["type"] == "rating.submitted")
    if usual(event, value):
        assert READER._fast(key_of(event), value) == (verdict if isinstance(verdict, tuple) else None)


@given(mutated(), st.booleans())
def test_both_ways_give_one_verdict_on_mutated_events(event: Json, ascii_only: bool) -> None:
    """Fast accepts what the judge accepts, with the same essence, and nothing else."""
    assert_one_verdict(event, written(event, ascii_only=ascii_only))


@pytest.mark.parametrize("value", [*WRONG_TIMES, *ODD_TIMES, *WORDS, *STRINGS, *NUMBERS, *CONTAINERS], ids=lambda value: ascii(value)[:24])
@pytest.mark.parametrize("kind", sorted(TICKET_EVENTS))
def test_both_ways_give_one_verdict_on_each_odd_value_in_each_field(kind: str, value: Any) -> None:
    """The same, over every odd value in every field, and every field left out."""
    schema = TICKET_EVENTS[kind].model_json_schema()
    data = {"ticket_id": "T", "author": "agent", "public": True, "merged_into": "S", "kind": "ces", "score": 1}
    event = {"specversion": "1.0", "type": kind, "source": "s", "id": "1", "time": "2026-10-20T00:00:00Z", "data": data}
    inner = next(part for name, part in schema["$defs"].items() if name.endswith("Data"))["properties"]
    changed = [{**event, name: value} for name in schema["properties"]] + [{**event, "data": {**data, name: value}} for name in inner]
    dropped = [{key: event[key] for key in event if key != name} for name in event if name != "specversion"]
    dropped += [{**event, "data": {key: data[key] for key in data if key != name}} for name in data]
    for body in changed + dropped:
        assert_one_verdict(body, written(body))


@given(mutated() | events(extras=True), st.data())
def test_the_fast_path_never_accepts_a_damaged_text_that_the_judge_refuses(event: Json, data: st.DataObject) -> None:
    """The same for texts with bytes cut out and put in anywhere."""
    value = written(event, ascii_only=data.draw(st.booleans()))
    start = data.draw(st.integers(0, len(value)))
    end = data.draw(st.integers(start, min(len(value), start + 3)))
    odd = [b"", b"\xff", b"\x00", b"\xed\xa0\x80", b"\\", b'"', b"{", b"}", b",", b" ", b"1e999", b"\\u0000", b"\\ud800", b"\xc3"]
    damaged = value[:start] + data.draw(st.sampled_from(odd) | st.binary(max_size=3)) + value[end:]
    quick = READER._fast(key_of(event), damaged)
    if quick is not None:
        assert quick == judged(key_of(event), damaged)


@pytest.mark.parametrize(
    "extra", [b"1e999", b"-1e999", b"1" * 5000, b'"\xff"', b'"\xed\xa0\x80"', b'"\\ud800"', b"[" * 70 + b"]" * 70, b"[" * 1500 + b"]" * 1500]
)
def test_fields_that_are_skipped_are_skipped_alike(extra: bytes) -> None:
    """What msgspec passes over in a field it does not need is no difference between the two ways."""
    value = (
        b'{"specversion":"1.0","type":"ticket.reopened","source":"s","id":"1","time":"2026-10-20T00:00:00Z","data":{"ticket_id":"T"},"x":'
        + extra
        + b"}"
    )
    quick = READER._fast(b"T", value)
    assert quick is None or quick == judged(b"T", value)
    assert read(b"T", value) == judged(b"T", value)


@given(events())
def test_the_modes_say_the_same(event: Json) -> None:
    """Structured, binary, plain nested and plain flat give one verdict with one essence."""
    key, expected = key_of(event), read(key_of(event), written(event))
    attributes = {name: value for name, value in event.items() if name != "data" and value is not None}
    headers = [(f"CE_{name}" if name == "id" else f"ce_{name}", value.encode()) for name, value in attributes.items()]
    assert read(key, written(event["data"]), [*headers, ("content-type", b"application/json")]) == expected
    plain = {name: value for name, value in event.items() if name != "specversion"}
    assert read(key, written(plain)) == expected
    flat = {name: value for name, value in plain.items() if name != "data"} | event["data"]
    assert read(key, written(flat)) == expected
    assert read(key, written(event), [("traceparent", b"00")]) == expected
    assert read(key, written(event), [("Content-Type", b"application/cloudevents+json; charset=UTF-8"), ("ce_id", b"other")]) == expected


@given(mutated(), st.binary(max_size=4) | st.none())
def test_reading_ends_in_an_essence_or_a_refusal(event: Json, key: bytes | None) -> None:
    """Whatever stands in a record, there is an essence under its own key or a refusal of a class that one record can have."""
    verdict = read(key, written(event))
    if isinstance(verdict, DeadLetterClass):
        assert verdict not in (DeadLetterClass.FUTURE, DeadLetterClass.LATE, DeadLetterClass.CONFLICT)
    else:
        assert verdict[0].encode() == key
        assert verdict[1].time >= 0
