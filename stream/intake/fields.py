"""The fields that a mapping can fill, by event type, and how their text is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from stream.intake.times import UnreadableError

EventType = Literal[
    "ticket.opened",
    "ticket.replied",
    "ticket.closed",
    "ticket.reopened",
    "ticket.merged",
    "rating.submitted",
    "survey.offered",
]
Kind = Literal["text", "integer", "boolean", "list"]
Value = str | int | bool | list[str]

_OPENED: dict[str, Kind] = {
    "customer_id": "text",
    "channel": "text",
    "team": "text",
    "product": "text",
    "priority": "text",
    "language": "text",
    "campaign": "text",
    "tags": "list",
    "initiated_by": "text",
    "bot": "boolean",
}
_RATED: dict[str, Kind] = {
    "survey_id": "text",
    "kind": "text",
    "score": "integer",
    "scale_min": "integer",
    "scale_max": "integer",
    "comment": "text",
    "agent": "text",
    "team": "text",
    "channel": "text",
}

FIELDS: Mapping[EventType, Mapping[str, Kind]] = {
    "ticket.opened": _OPENED,
    "ticket.replied": {"author": "text", "public": "boolean", "agent": "text", "team": "text", "tags": "list"},
    "ticket.closed": {"closed_by": "text", "agent": "text", "spam": "boolean", "tags": "list"},
    "ticket.reopened": {},
    "ticket.merged": {"merged_into": "text"},
    "rating.submitted": _RATED,
    "survey.offered": {"survey_id": "text"},
}
"""Fields besides `ticket_id`, which every event has."""

REQUIRED: Mapping[EventType, tuple[str, ...]] = {
    "ticket.opened": (),
    "ticket.replied": ("author", "public"),
    "ticket.closed": (),
    "ticket.reopened": (),
    "ticket.merged": ("merged_into",),
    "rating.submitted": ("score",),
    "survey.offered": (),
}
"""Those that an event can't do without, besides `ticket_id`."""

_INTEGER = re.compile(r"-?[0-9]{1,9}(?:\.0+)?")
_BOOLEANS = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}


def convert(text: str, kind: Kind) -> Value:
    """A text as the field wants it; UnreadableError where it can't be."""
    if kind == "integer":
        if not _INTEGER.fullmatch(text):
            raise UnreadableError("not a whole number")
        return int(text.partition(".")[0])
    if kind == "boolean":
        if text.lower() not in _BOOLEANS:
            raise UnreadableError("neither true nor false (yes, no, y, n, 1 and 0 are understood; `values:` maps others)")
        return _BOOLEANS[text.lower()]
    if kind == "list":
        return [part.strip() for part in text.split(",") if part.strip()]
    return text
