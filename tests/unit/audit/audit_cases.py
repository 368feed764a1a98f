"""Short ways to write events and ask the auditor; times in ms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from schemas.essence import Closed, Essence, Merged, Offered, Opened, Rated, Reopened, Replied
from stream.audit.answers import Answer
from stream.audit.auditor import Auditor
from stream.audit.log import Judged, TicketKey
from stream.durations import DAY, HOUR, MINUTE
from stream.settings import Settings

MIDNIGHT = 20_000 * DAY
NOON = MIDNIGHT + 12 * HOUR
LATER = MIDNIGHT + 40 * DAY


def opened(time: int, *, by_customer: bool = True, id: str = "o", **dimensions: str) -> Essence:  # noqa: A002
    """A ticket opened."""
    return Opened(time, "s", id, by_customer, **dimensions)


def reply(time: int, agent: str | None = "ann", *, human: bool = True, team: str | None = None, tag: bool = False) -> Essence:
    """A reply, one for each time."""
    return Replied(time, "s", f"p{time}", human, agent, team, tag)


def closed(time: int, *, by: str = "agent", agent: str | None = None, spam: bool = False, tag: bool = False) -> Essence:
    """A close, one for each time."""
    return Closed(time, "s", f"c{time}", by, agent, spam, tag)


def reopened(time: int) -> Essence:
    """A reopening, one for each time."""
    return Reopened(time, "s", f"r{time}")


def merged(time: int) -> Essence:
    """A merge."""
    return Merged(time, "s", f"m{time}")


def offered(time: int, survey: str | None = None) -> Essence:
    """A survey offered."""
    return Offered(time, "s", f"f{time}", survey)


def rated(time: int, score: int, survey: str | None = None, *, low: int = 1, high: int = 5, kind: str = "csat", **own: str) -> Essence:
    """A rating, one for each time and score."""
    return Rated(time, "s", f"q{time}-{score}", kind, score, low, high, survey, **own)


def judged(*tickets: Iterable[Essence], slowest: Mapping[int, int] | None = None) -> Judged:
    """A judged log of these tickets, all in partition 0."""
    events = {TicketKey(0, f"T-{number}"): tuple(ticket) for number, ticket in enumerate(tickets)}
    return Judged(events, {}, {}, dict(slowest or {}))


def auditor(*tickets: Iterable[Essence], **settings: Any) -> Auditor:
    """An auditor of these tickets."""
    return Auditor(judged(*tickets), Settings(**settings))


def ask(metric: str, *tickets: Iterable[Essence], window: str = "all", as_of: int = LATER, **settings: Any) -> Answer | None:
    """The figure of everything."""
    return auditor(*tickets, **settings).answer(metric, {}, window, as_of)


def counts(metric: str, *tickets: Iterable[Essence], as_of: int = LATER, window: str = "all", **settings: Any) -> dict[str, int] | None:
    """Its counts that are not 0; None where there is no figure."""
    found = ask(metric, *tickets, window=window, as_of=as_of, **settings)
    return None if found is None else {name: count for name, count in found.counts.items() if count}


def seen(*values: object) -> tuple[object, ...]:
    """Values side by side, to compare them with others of another type."""
    return values


@dataclass(frozen=True, slots=True)
class Record:
    """A record as aiokafka gives it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = field(default=())


def body(kind: str, id: str, time: int, **data: Any) -> bytes:  # noqa: A002
    """An event as JSON, of ticket T unless told otherwise."""
    when = datetime.fromtimestamp(time / 1000, UTC).isoformat()
    event = {"specversion": "1.0", "type": kind, "source": "s", "id": id, "time": when, "data": {"ticket_id": "T", **data}}
    return msgspec.json.encode(event)


__all__ = ["DAY", "HOUR", "LATER", "MIDNIGHT", "MINUTE", "NOON", "Record"]
