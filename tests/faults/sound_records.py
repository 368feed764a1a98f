"""Undamaged records of every type and in every mode, for the mutator to begin with."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from stream.devkit.load import standard_load
from stream.durations import DAY

_START = 1_780_000_000_000
_LOAD = 2_000


class Draft(NamedTuple):
    """A record: key, value and headers, as a Kafka client gives them."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


def sound_records() -> list[Draft]:
    """Standard load, of which some is in binary mode and some in the two plain ones, and the events that it has none of."""
    load = [Draft(record.partition_key, record.value) for record in standard_load(_LOAD, start=_START, span=30 * DAY)]
    return [*load, *(_in_mode(draft, number) for number, draft in enumerate(load[: _LOAD // 2])), *_rare() * (_LOAD // 40)]


def _in_mode(draft: Draft, number: int) -> Draft:
    event = json.loads(draft.value or b"")
    if number % 3 == 0:
        headers = [(f"ce_{name}", text.encode()) for name, text in event.items() if name != "data"]
        return Draft(draft.key, _written(event["data"]), (*headers, ("content-type", b"application/json")))
    del event["specversion"]
    return Draft(draft.key, _written({**event, **event.pop("data")} if number % 3 == 1 else event))


def _rare() -> list[Draft]:
    """Events of every other type, and ratings of other kinds and scales."""
    comment = {"comment": "gr\u00fc\u00dfe \U0001f600 \u2028 <b>", "tags": ["vip", "\u00e9t\u00e9"]}
    data: list[tuple[str, dict[str, Any]]] = [
        ("ticket.reopened", {}),
        ("ticket.merged", {"merged_into": "T-2"}),
        ("survey.offered", {"survey_id": "s-1"}),
        ("ticket.closed", {"closed_by": "bot", "spam": True, "tags": ["followed-up"]}),
        ("ticket.opened", {"tags": ["a", "b"], "bot": True, "initiated_by": "agent", "campaign": "c", "language": "nl"}),
        ("ticket.replied", {"author": "agent", "public": True, "agent": None, "tags": ["followed-up"], **comment}),
        ("rating.submitted", {"kind": "nps", "score": 9, "scale_max": 10, **comment}),
        ("rating.submitted", {"kind": "ces", "score": 7, "scale_min": 1, "scale_max": 7}),
        ("rating.submitted", {"score": 1, "scale_max": 1}),
    ]
    envelope = {"specversion": "1.0", "source": "s", "subject": "x", "datacontenttype": "application/json", "more": {"a": [1, {"b": None}]}}
    times = ("2026-10-20T00:00:00+02:00", "2026-10-20T00:00:00.123456789Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z")
    return [
        Draft(
            b"T-1",
            _written({**envelope, "type": kind, "id": f"e-{number}", "time": times[number % len(times)], "data": {"ticket_id": "T-1", **more}}),
        )
        for number, (kind, more) in enumerate(data)
    ]


def _written(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
