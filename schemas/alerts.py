"""Alerts, the output: one record for each rule and segment, and one for each rating on the lowest step of its scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from schemas.alert_parts import AllClear, Context, LinksOut, Lost, RatingOut, Silenced, WhyOut
from schemas.scores import Finite, Timestamp

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
MOST_TICKETS = 10
"""Most tickets shown as evidence."""


class Alert(BaseModel):
    """What is known of a rule in a segment since its state last changed, or somebody was last notified. Never comment text or customers."""

    model_config = ConfigDict(strict=True, frozen=True, use_attribute_docstrings=True)

    id: Sha256
    """Idempotency key: hash of rule, segment, start of the episode and state. Records with the same id say the same."""
    rule: str
    """Name of the rule, such as csat_dip."""
    kind: Literal["two_windows", "one_window", "drift", "oldest", "burn", "signal_lost", "signal_low", "intake", "rating", "custom"]
    """Kind of its condition."""
    severity: Literal["page", "ticket", "info"]
    """Whom it wakes: `page` somebody now, `ticket` somebody in office hours, `info` nobody."""
    segment: dict[str, str]
    """Values of the segment's dimensions; empty for everything."""
    state: Literal["ok", "pending", "firing", "stale", "resolved", "event"]
    """Where it stands; stale: firing, but without data; event: a single rating, which has no state."""
    event: Literal["pending", "cancelled", "fired", "stale", "back", "resolved", "worse", "still", "inhibited", "released"]
    """What happened: `cancelled` (over before it fired), `back` (data again), `worse` (within the cooldown), `still` (after it), `inhibited`
    (another segment speaks for it), `released` (it no longer does); the others are named as the state they lead to."""
    reason: Literal["cleared", "no_data"] | None
    """Why it ended; null where it has not."""
    since: Timestamp | None
    """When the condition began to hold: the start of the episode; null where none is under way. All times: RFC 3339, UTC, milliseconds."""
    fired_at: Timestamp | None
    """When it had held for long enough; null where it has not."""
    ended_at: Timestamp | None
    """When the episode ended; null where it has not."""
    as_of: Timestamp
    """The now that the figures were read at."""
    metric: str | None
    """The figure that is judged, such as csat; null for dead letters."""
    window: str | None
    """The window that decides, such as 4h; `now` for levels, null for a single rating."""
    value: Finite | int | None
    """The figure in that window, in `unit`; null where nothing is counted."""
    unit: Literal["percent", "seconds", "tickets", "unix_seconds", "cases"] | None
    """Unit of value, low, high, bound, target and now_value; null where there is no figure, or nobody knows it."""
    n: Annotated[int, Field(ge=0)]
    """Number of cases in that window."""
    low: Finite | None
    """Lower end of the 95 % interval; null where there is none."""
    high: Finite | None
    """Upper end of the 95 % interval; null where there is none."""
    bound: Finite | None
    """The confidence bound that was compared with the target; null where the rule compares the value itself."""
    target: Finite | None
    """What the figure is compared with: a target, a usual value or an expected number of cases."""
    counts: dict[str, int]
    """What the figure is made of."""
    lost: Lost | None
    """The loss in cases; null where the figure is no proportion."""
    shift_began: Timestamp | None
    """Since when it has been worse than usual, to the hour; null where the hours do not show it."""
    now_value: Finite | int | None
    """The figure in the last hour; null where nothing is counted."""
    now_n: Annotated[int, Field(ge=0)]
    """Number of cases in the last hour."""
    direction: Literal["better", "worse", "steady"] | None
    """The last hour against the hour before: steady within a point (2 % where it is not in percent); null where one of them has no cases."""
    why: WhyOut | None
    """Which parts of the segment explain the change."""
    why_not: str | None
    """Why there is no `why`, in plain words; null where there is one."""
    evidence: Annotated[list[str], Field(max_length=MOST_TICKETS)]
    """Ticket ids of the worst ratings; of the ticket that waits longest, where the rule is about that."""
    rating: RatingOut | None = None
    """The single rating that this record is about; null for alerts with a state."""
    context: Context
    """Other figures of the same segment."""
    inhibits: list[dict[str, str]]
    """Segments that this alert speaks for."""
    inhibited_by: dict[str, str] | None
    """Segment whose alert speaks for this one; null where it speaks for itself."""
    silenced: Silenced | None
    """The silence that holds; null where none does."""
    links: LinksOut
    """Where to look."""
    silence_command: str
    """Command that silences this alert, ready to paste once YOU and the reason are filled in."""
    summary: str
    """One line in words."""
    all_clear: AllClear | None
    """The whole episode in figures; null until it has ended."""
    notify: bool
    """Whether somebody is notified of this record."""
    revision: Annotated[int, Field(ge=1)]
    """Number of records of this key so far."""


class AlertKey(NamedTuple):
    """What an alert record is about; `ticket` and `survey` only for a single rating (`survey` is empty where it has no id)."""

    rule: str
    segment: dict[str, str]
    ticket: str | None = None
    survey: str | None = None


class _Key(msgspec.Struct, forbid_unknown_fields=True):
    rule: str
    segment: dict[str, str]
    ticket: str | None = None
    survey: str | None = None


def alert_key(rule: str, segment: Mapping[str, str]) -> bytes:
    """The key of an alert record: compact JSON with sorted names, so that equal alerts have equal bytes."""
    return msgspec.json.encode({"rule": rule, "segment": dict(segment)}, order="sorted")


def rating_key(rule: str, segment: Mapping[str, str], ticket: str, survey: str) -> bytes:
    """The key of the record of a single rating; `survey` is empty where it has no id."""
    return msgspec.json.encode({"rule": rule, "segment": dict(segment), "ticket": ticket, "survey": survey}, order="sorted")


def parse_key(key: bytes) -> AlertKey:
    """What an alert record's key names; ValueError where it is none (the program's own records in the topic have such keys)."""
    try:
        found = msgspec.json.decode(key, type=_Key)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ValueError("not the key of an alert") from None
    if (found.ticket is None) != (found.survey is None):
        raise ValueError("not the key of an alert")
    return AlertKey(found.rule, found.segment, found.ticket, found.survey)
