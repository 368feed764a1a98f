"""Short ways to write the events of tickets, as records of the source topics. Times in ms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, NamedTuple

import msgspec

from schemas.times import iso
from stream.durations import DAY, HOUR
from stream.setting_parts import Topics

TOPICS = Topics().sources
MIDNIGHT = 20_000 * DAY
"""The day most tests begin on."""
NOON = MIDNIGHT + 12 * HOUR
TICKET = "T-1"

_TOPIC_OF = {
    "ticket.opened": 0,
    "ticket.replied": 1,
    "ticket.closed": 2,
    "ticket.reopened": 2,
    "ticket.merged": 2,
    "rating.submitted": 3,
    "survey.offered": 3,
}
_numbers = count()


class Record(NamedTuple):
    """One record of a Kafka log."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """One event as a helpdesk says it.

    `ahead`: how long (ms) before its own time the broker had it; `topic`: index of another topic than the usual.
    """

    type: str
    time: int
    data: Mapping[str, Any] = field(default_factory=dict)
    ticket: str = TICKET
    id: str = ""
    source: str = "desk"
    ahead: int = 0
    topic: int | None = None

    def record(self, offsets: dict[tuple[str, int], int], partitions: int) -> Record:
        """The record at the next offset of its topic partition."""
        topic = TOPICS[_TOPIC_OF[self.type] if self.topic is None else self.topic]
        place = topic, sum(self.ticket.encode()) % partitions
        offset = offsets[place] = offsets.get(place, -1) + 1
        envelope = {"specversion": "1.0", "type": self.type, "source": self.source, "id": self.id, "time": iso(self.time)}
        value = msgspec.json.encode({**envelope, "data": {"ticket_id": self.ticket, **self.data}})
        return Record(*place, offset, self.time - self.ahead, self.ticket.encode(), value)


def log(events: Iterable[Event], partitions: int = 1) -> list[Record]:
    """The events as records, in this order of arrival."""
    offsets: dict[tuple[str, int], int] = {}
    return [event.record(offsets, partitions) for event in events]


def of_ticket(ticket: str, *events: Event) -> list[Event]:
    """The same events, of another ticket."""
    return [replace(event, ticket=ticket) for event in events]


def _event(kind: str, time: int, data: Mapping[str, Any]) -> Event:
    return Event(kind, time, data, id=f"e{next(_numbers)}")


def opened(time: int = NOON, **data: Any) -> Event:
    """A customer's ticket opened."""
    return _event("ticket.opened", time, data)


def replied(time: int, agent: str | None = "ann", **data: Any) -> Event:
    """A public reply of an agent."""
    return _event("ticket.replied", time, {"author": "agent", "public": True, "agent": agent, **data})


def closed(time: int, agent: str | None = None, **data: Any) -> Event:
    """A close."""
    return _event("ticket.closed", time, {"agent": agent, **data})


def reopened(time: int) -> Event:
    """A reopening."""
    return _event("ticket.reopened", time, {})


def merged(time: int) -> Event:
    """A merge into another ticket."""
    return _event("ticket.merged", time, {"merged_into": "T-other"})


def offered(time: int, survey: str | None = None) -> Event:
    """A survey offered."""
    return _event("survey.offered", time, {"survey_id": survey})


def rated(time: int, score: int, survey: str | None = None, **data: Any) -> Event:
    """A CSAT rating on 1-5."""
    return _event("rating.submitted", time, {"score": score, "survey_id": survey, **data})
