"""Reading records: what each event becomes, and which dead letter each fault makes."""

from __future__ import annotations

import hashlib
import json
import pickle
from typing import Any

import pytest

from schemas.deadletters import DeadLetterClass
from schemas.essence import Closed, Essence, Merged, Offered, Opened, Rated, Reopened, Replied
from schemas.events import TICKET_EVENTS
from schemas.read import Reader, Refused
from stream.errors import Fault
from stream.settings import Settings

READER = Reader(Settings().scale_rules, ("called-back", "followed-up"))
TIME = 1_792_454_400_123
MARK = "Tr0ub4dor"

GOLDEN: list[tuple[str, str, Essence]] = [
    (
        "ticket.opened",
        '{"ticket_id":"T-1","customer_id":"C-7","channel":"email","team":"team3","product":"p2","priority":"normal","initiated_by":"customer"}',
        Opened(TIME, "bench", "1", True, "team3", "email", "p2", "normal"),
    ),
    (
        "ticket.opened",
        '{"ticket_id":"T-1","language":"nl","campaign":"spring","tags":["vip","late"],"bot":true}',
        Opened(TIME, "bench", "1", False, language="nl", campaign="spring"),
    ),
    ("ticket.opened", '{"ticket_id":"T-1","initiated_by":"agent","team":null}', Opened(TIME, "bench", "1", False)),
    (
        "ticket.replied",
        '{"ticket_id":"T-1","author":"agent","public":true,"agent":"a12","team":"team3"}',
        Replied(TIME, "bench", "1", True, "a12", "team3"),
    ),
    ("ticket.replied", '{"ticket_id":"T-1","author":"agent","public":false}', Replied(TIME, "bench", "1", False)),
    ("ticket.replied", '{"ticket_id":"T-1","author":"bot","public":true}', Replied(TIME, "bench", "1", False)),
    ("ticket.replied", '{"ticket_id":"T-1","author":"agent","public":false,"tags":["vip"]}', Replied(TIME, "bench", "1", False)),
    (
        "ticket.replied",
        '{"ticket_id":"T-1","author":"agent","public":false,"tags":["vip","called-back"]}',
        Replied(TIME, "bench", "1", False, followed_up=True),
    ),
    ("ticket.closed", '{"ticket_id":"T-1","tags":["called-back"]}', Closed(TIME, "bench", "1", "agent", followed_up=True)),
    ("ticket.replied", '{"ticket_id":"T-1","author":"auto","public":true}', Replied(TIME, "bench", "1", False)),
    ("ticket.replied", '{"ticket_id":"T-1","author":"customer","public":true}', Replied(TIME, "bench", "1", False)),
    ("ticket.closed", '{"ticket_id":"T-1"}', Closed(TIME, "bench", "1", "agent")),
    ("ticket.closed", '{"ticket_id":"T-1","closed_by":"bot","agent":"a1","spam":true}', Closed(TIME, "bench", "1", "bot", "a1", True)),
    ("ticket.reopened", '{"ticket_id":"T-1"}', Reopened(TIME, "bench", "1")),
    ("ticket.merged", '{"ticket_id":"T-1","merged_into":"T-2"}', Merged(TIME, "bench", "1")),
    ("survey.offered", '{"ticket_id":"T-1","survey_id":"s-1"}', Offered(TIME, "bench", "1", "s-1")),
    (
        "rating.submitted",
        '{"ticket_id":"T-1","survey_id":"s-1","kind":"csat","score":4,"scale_max":5,"team":"team3","channel":"chat","agent":"a1"}',
        Rated(TIME, "bench", "1", "csat", 4, 1, 5, "s-1", "a1", "team3", "chat"),
    ),
    ("rating.submitted", '{"ticket_id":"T-1","score":5,"comment":"thanks"}', Rated(TIME, "bench", "1", "csat", 5, 1, 5)),
    ("rating.submitted", '{"ticket_id":"T-1","score":0,"scale_max":1}', Rated(TIME, "bench", "1", "csat", 0, 0, 1)),
    ("rating.submitted", '{"ticket_id":"T-1","score":0,"scale_max":100}', Rated(TIME, "bench", "1", "csat", 0, 0, 100)),
    ("rating.submitted", '{"ticket_id":"T-1","kind":"nps","score":0,"scale_max":10}', Rated(TIME, "bench", "1", "nps", 0, 0, 10)),
    ("rating.submitted", '{"ticket_id":"T-1","kind":"ces","score":7,"scale_max":7}', Rated(TIME, "bench", "1", "ces", 7, 1, 7)),
    ("rating.submitted", '{"ticket_id":"T-1","kind":"ces","score":3,"scale_min":2,"scale_max":9}', Rated(TIME, "bench", "1", "ces", 3, 2, 9)),
]

DATA: dict[str, Any] = {"ticket_id": "T-1", "author": "agent", "public": True, "merged_into": "T-2", "score": 4}


def body(kind: str, data: str, time: str = "2026-10-20T00:00:00.123Z") -> bytes:
    """A structured-mode event as the peers' generator writes it."""
    return f'{{"specversion":"1.0","type":"{kind}","source":"bench","id":"1","time":"{time}","data":{data}}}'.encode()


def refusal(key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]] | None = None) -> Refused:
    """How a record is refused."""
    with pytest.raises(Refused) as caught:
        READER.read(key, value, headers or [])
    return caught.value


def refusal_text(value: bytes) -> str:
    """All that a refusal says; empty where the value is accepted."""
    try:
        READER.read(b"T-1", value, [])
    except Refused as refused:
        return f"{refused} {refused!r}"
    return ""


@pytest.mark.parametrize(("kind", "data", "essence"), GOLDEN)
def test_events_become_essences(kind: str, data: str, essence: Essence) -> None:
    """Each event gives the essence the definitions say, on the fast path and by the judge."""
    value = body(kind, data)
    assert READER._fast(b"T-1", value) == ("T-1", essence)
    assert READER._judge(b"T-1", value, []) == ("T-1", essence)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-10-20T00:00:00Z", 1_792_454_400_000),
        ("2026-10-20T02:00:00+02:00", 1_792_454_400_000),
        ("2026-10-20T00:00:00.9999Z", 1_792_454_400_999),
        ("1970-01-01T00:00:00Z", 0),
    ],
)
def test_times_are_whole_milliseconds_rounded_down(text: str, ms: int) -> None:
    """Event times in any zone become UTC milliseconds, what is below a millisecond is cut off."""
    assert READER.read(b"T-1", body("ticket.reopened", '{"ticket_id":"T-1"}', text), [])[1].time == ms


def test_a_plain_body_gets_source_and_id() -> None:
    """Without source and id the source is `plain` and the id is the SHA-256 of the value."""
    value = b'{"type":"ticket.reopened","time":"2026-10-20T00:00:00.123Z","ticket_id":"T-1"}'
    ticket_id, essence = READER.read(b"T-1", value, [])
    assert (ticket_id, essence) == ("T-1", Reopened(TIME, "plain", hashlib.sha256(value).hexdigest()))
    assert READER.read(b"T-1", value, [])[1] == essence
    assert READER.read(b"T-1", value + b" ", [])[1].id != essence.id


def test_binary_mode_reads_attributes_from_headers() -> None:
    """Attributes come from ce_ headers in any case; the value is the data."""
    headers = [
        ("Ce_Specversion", b"1.0"),
        ("CE_TYPE", b"ticket.reopened"),
        ("Ce_source", b"crm"),
        ("CE_ID", b"9"),
        ("Ce_time", b"2026-10-20T00:00:00.123Z"),
    ]
    assert READER.read(b"T-1", b'{"ticket_id":"T-1"}', [*headers, ("content-type", b"application/json")]) == ("T-1", Reopened(TIME, "crm", "9"))


@pytest.mark.parametrize(
    ("key", "value", "kind", "faults"),
    [
        (b"T-1", None, DeadLetterClass.NOT_JSON, [("", "there is no value")]),
        (b"T-1", b"", DeadLetterClass.NOT_JSON, [("", "is not JSON")]),
        (b"T-1", b"{", DeadLetterClass.NOT_JSON, [("", "is not JSON")]),
        (b"T-1", b'{"type":"\xff"}', DeadLetterClass.NOT_JSON, [("", "is not JSON")]),
        (b"T-1", b"[1]", DeadLetterClass.NOT_JSON, [("", "is not a JSON object")]),
        (b"T-1", b'{"a":' + b"[" * 80 + b"]" * 80 + b"}", DeadLetterClass.NOT_JSON, [("", "is nested more than 64 levels deep")]),
        (b"T-1", b"{}", DeadLetterClass.UNKNOWN_TYPE, [("type", "is not the type of a ticket event")]),
        (b"T-1", b'{"type":["ticket.opened"]}', DeadLetterClass.UNKNOWN_TYPE, [("type", "is not the type of a ticket event")]),
        (b"T-1", body("order.placed", "{}"), DeadLetterClass.UNKNOWN_TYPE, [("type", "is not the type of a ticket event")]),
        (b"T-1", body("ticket.opened", "{}"), DeadLetterClass.SCHEMA, [("data.ticket_id", "Field required")]),
        (
            b"T-1",
            body("ticket.opened", "[]"),
            DeadLetterClass.SCHEMA,
            [("data", "Input should be a valid dictionary or instance of TicketOpenedData")],
        ),
        (b"x", body("rating.submitted", '{"ticket_id":"T-1","score":6}'), DeadLetterClass.SCORE, [("data.score", "lies outside its scale")]),
        (
            b"T-1",
            body("rating.submitted", '{"ticket_id":"T-1","score":9,"scale_max":6}'),
            DeadLetterClass.SCORE,
            [("data.score", "lies outside its scale"), ("data.scale_max", "this scale is not configured")],
        ),
        (
            b"T-1",
            body("rating.submitted", '{"ticket_id":"T-1","kind":"nps","score":5}'),
            DeadLetterClass.SCORE,
            [("data.scale_max", "nps is answered from 0 to 10")],
        ),
        (
            b"T-1",
            body("rating.submitted", '{"ticket_id":"T-1","kind":"ces","score":5,"scale_min":5}'),
            DeadLetterClass.SCORE,
            [("data.scale_max", "must be above scale_min")],
        ),
        (b"T-2", body("ticket.reopened", '{"ticket_id":"T-1"}'), DeadLetterClass.WRONG_KEY, [("key", "is not the ticket_id")]),
        (None, body("ticket.reopened", '{"ticket_id":"T-1"}'), DeadLetterClass.WRONG_KEY, [("key", "is not the ticket_id")]),
    ],
)
def test_each_class_of_dead_letter(key: bytes | None, value: bytes | None, kind: DeadLetterClass, faults: list[tuple[str, str]]) -> None:
    """The first class that applies names the dead letter, and every fault is given with its path."""
    refused = refusal(key, value)
    assert refused.kind is kind
    assert [(fault.path, fault.message) for fault in refused.faults] == faults


def test_all_faults_are_given_at_once() -> None:
    """A wrong envelope and wrong data are reported together, each with its path."""
    value = b'{"specversion":"0.3","type":"ticket.replied","source":"","time":"noon","data":{"ticket_id":"T-1","author":"me","public":1}}'
    paths = [fault.path for fault in refusal(b"T-1", value).faults]
    assert paths == ["specversion", "source", "id", "time", "data.author", "data.public"]


def test_paths_of_a_flat_body_are_as_written() -> None:
    """Where the data stand beside the type, a fault's path has no `data` in it."""
    value = b'{"type":"ticket.replied","time":"2026-10-20T00:00:00Z","ticket_id":"T-1","author":"me"}'
    assert [fault.path for fault in refusal(b"T-1", value).faults] == ["author", "public"]
    value = b'{"type":"rating.submitted","time":"2026-10-20T00:00:00Z","ticket_id":"T-1","score":6}'
    assert [fault.path for fault in refusal(b"T-1", value).faults] == ["score"]


def test_a_binary_record_with_broken_headers_is_refused() -> None:
    """Headers that are no UTF-8, or missing, are faults of their attribute."""
    headers = [("ce_type", b"ticket.reopened"), ("ce_source", b"\xff"), ("ce_specversion", b"1.0"), ("ce_time", b"2026-10-20T00:00:00Z")]
    refused = refusal(b"T-1", b'{"ticket_id":"T-1"}', headers)
    assert refused.kind is DeadLetterClass.SCHEMA
    assert [fault.path for fault in refused.faults] == ["source", "id"]
    assert refusal(b"T-1", b"{}", [("ce_type", b"\xff")]).kind is DeadLetterClass.UNKNOWN_TYPE


def test_a_record_said_to_be_structured_needs_its_version() -> None:
    """With the content type of structured mode a body is not taken for a plain one."""
    value = b'{"type":"ticket.reopened","source":"s","id":"1","time":"2026-10-20T00:00:00Z","data":{"ticket_id":"T-1"}}'
    refused = refusal(b"T-1", value, [("content-type", b"application/cloudevents+json")])
    assert [fault.path for fault in refused.faults] == ["specversion"]


@pytest.mark.parametrize("kind", sorted(TICKET_EVENTS))
def test_faults_never_carry_text_of_the_record(kind: str) -> None:
    """No message and no path repeats what stood in any field, its name included."""
    event = {"specversion": "1.0", "type": kind, "source": "s", "id": "1", "time": "2026-10-20T00:00:00Z", "data": DATA}
    schema = TICKET_EVENTS[kind].model_json_schema()
    inner = next(part for name, part in schema["$defs"].items() if name.endswith("Data"))["properties"]
    refused = 0
    for wrong in (MARK * 50, MARK + "\0", [MARK], {MARK: MARK}, [[MARK]]):
        bodies = [{**event, name: wrong, MARK: wrong} for name in schema["properties"]]
        bodies += [{**event, "data": {**DATA, name: wrong, MARK: wrong}} for name in inner]
        for each in bodies:
            for value in (json.dumps(each).encode(), json.dumps({**each, "specversion": MARK}).encode(), json.dumps(each).encode()[:-1]):
                text = refusal_text(value)
                assert MARK not in text
                refused += bool(text)
    assert refused > 100


def test_a_refusal_survives_pickling() -> None:
    """Class and faults reach another process."""
    refused = Refused(DeadLetterClass.LATE, (Fault("time", "is too old"),))
    again = pickle.loads(pickle.dumps(refused))  # noqa: S301 - our own bytes
    assert (again.kind, again.faults, str(again)) == (refused.kind, refused.faults, "late: time: is too old")
