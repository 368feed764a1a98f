"""The state of one partition for the jobs of the peers: tickets so far, and sums by team and hour. It takes the place of the main job's partition.

What makes it durable and fences it is the engine's own: one batch for each flush, with the source offsets in its marker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from struct import Struct
from typing import Literal

import msgspec

from bench.peers.job import HOUR_MS, FirstRecord, is_satisfied
from schemas.read import Reader, Refused
from schemas.times import to_ms
from stream.kafka_client import LogRecord
from stream.rules import Rules
from stream.state import marker
from stream.state.partition import MARKER_KEY, TICKET_KEY, Flush, Partition, Record
from stream.state.ticket_store import TicketStore

SUM_KEY = b"H"
Sums = list[int]
"""Ratings, satisfied ones, first responses, and their sum in ms."""
_sums = Struct("<4q")
_Change = tuple[str, int]
"""Team, and the beginning of an hour in ms."""


class _Event(msgspec.Struct, tag_field="type", gc=False):
    time: datetime


class _RatedData(msgspec.Struct, gc=False):
    team: str
    score: int


class Rated(_Event, tag="rating.submitted"):
    """A rating."""

    data: _RatedData


class _OpenedData(msgspec.Struct, gc=False):
    ticket_id: str
    team: str


class Opened(_Event, tag="ticket.opened"):
    """A ticket was opened."""

    data: _OpenedData


class _RepliedData(msgspec.Struct, gc=False):
    ticket_id: str
    author: Literal["agent", "bot", "auto", "customer"]
    public: bool


class Replied(_Event, tag="ticket.replied"):
    """A reply or note."""

    data: _RepliedData


class _ClosedData(msgspec.Struct, gc=False):
    ticket_id: str


class Closed(_Event, tag="ticket.closed"):
    """A ticket was closed."""

    data: _ClosedData


class Ticket(msgspec.Struct, array_like=True, gc=False):
    """A ticket so far. Times in ms; 0 is not yet."""

    team: str = ""
    opened: int = 0
    answered: int = 0
    closed: int = 0


_decode = msgspec.json.Decoder(Rated | Opened | Replied | Closed).decode
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Ticket).decode


class Hourly(Partition):
    """Tickets, and sums by team and hour."""

    def __init__(self, rules: Rules, topic_ids: dict[str, str], tickets: TicketStore | None = None) -> None:
        super().__init__(rules, topic_ids, tickets)
        self._first = FirstRecord()
        self._known: dict[str, Ticket] = {}
        self._hours: dict[_Change, Sums] = {}
        self._changed_tickets: set[str] = set()
        self._changed_hours: set[_Change] = set()

    def __len__(self) -> int:
        return len(self._known)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever loaded or taken in."""
        return not self._known and not self._hours

    @property
    def weight(self) -> int:
        """About how many bytes the next flush has."""
        return 64 * (len(self._changed_tickets) + len(self._changed_hours))

    def apply(self, topic: str, records: Sequence[LogRecord], reader: Reader, refuse: Callable[[LogRecord, Refused], None]) -> None:  # noqa: ARG002
        """Take in records of one topic in offset order; those already in the state are skipped."""
        self._first.seen()
        done = self.next_offsets.get(topic, 0)
        for record in records if records[0].offset >= done else [record for record in records if record.offset >= done]:
            event = _decode(record.value or b"")
            kind = type(event)
            if kind is Rated:
                self._rate(event)
            elif kind is Replied:
                self._reply(event)
            elif kind is Opened:
                self._begin(event)
            else:
                self._ticket(event.data.ticket_id).closed = to_ms(event.time)
        self.next_offsets[topic] = max(done, records[-1].offset + 1)
        self.changed = True

    def _rate(self, event: Rated) -> None:
        row = self._hour(event.data.team, to_ms(event.time))
        row[0] += 1
        row[1] += is_satisfied(event.data.score)

    def _begin(self, event: Opened) -> None:
        ticket = self._ticket(event.data.ticket_id)
        ticket.team, ticket.opened = event.data.team, to_ms(event.time)
        if ticket.answered:
            self._respond(ticket, 1, ticket.answered - ticket.opened)

    def _reply(self, event: Replied) -> None:
        data = event.data
        if data.author != "agent" or not data.public:
            return
        time, ticket = to_ms(event.time), self._ticket(data.ticket_id)
        if ticket.answered and ticket.answered <= time:
            return
        if ticket.opened:
            self._respond(ticket, 0 if ticket.answered else 1, time - (ticket.answered or ticket.opened))
        ticket.answered = time

    def _respond(self, ticket: Ticket, count: int, ms: int) -> None:
        """A first response in the hour of the opening, or by how much it was earlier than was known."""
        row = self._hour(ticket.team, ticket.opened)
        row[2] += count
        row[3] += ms

    def _ticket(self, name: str) -> Ticket:
        ticket = self._known.get(name)
        if ticket is None:
            ticket = self._known[name] = Ticket()
        self._changed_tickets.add(name)
        return ticket

    def _hour(self, team: str, time: int) -> Sums:
        place = team, time - time % HOUR_MS
        self._changed_hours.add(place)
        row = self._hours.get(place)
        if row is None:
            row = self._hours[place] = [0, 0, 0, 0]
        return row

    def settle(self) -> None:
        """The sums are always up to date."""

    def flush(self, minutes_from: int, hours_from: int, share: float = 1.0) -> Flush:  # noqa: ARG002 (nothing is let go of)
        """Everything that changed since the last flush."""
        tickets: list[Record] = [(TICKET_KEY + name.encode(), _pack(self._known[name])) for name in self._changed_tickets]
        sums: list[Record] = [(_key(place), _sums.pack(*self._hours[place])) for place in self._changed_hours]
        self._changed_tickets.clear()
        self._changed_hours.clear()
        self.flush_number += 1
        self.last_sums = {key for key, _ in sums}
        self.changed = False
        end = self.marker()
        return Flush(self.flush_number, [*tickets, *sums, (MARKER_KEY, marker.encode(end))], sums, end)

    def load(self, records: Iterable[Record]) -> None:
        """Take back changelog records in order."""
        for key, value in records:
            kind = key[:1]
            if kind == MARKER_KEY and value is not None:
                found = marker.decode(value)
                self.next_offsets, self.flush_number, self.recovered_marker = dict(found.next_offsets), found.flush, found
            elif kind == TICKET_KEY and value is not None:
                self._known[key[1:].decode()] = _unpack(value)
            elif kind == SUM_KEY and value is not None:
                self._hours[place_of(key)] = list(_sums.unpack(value))

    def finish_loading(self) -> None:
        """What was flushed last is not known: all sums go out again."""
        self.last_sums = {_key(place) for place in self._hours}

    def sum_records(self) -> list[Record]:
        """The sums to be sent again after a recovery."""
        return [(key, _sums.pack(*self._hours[place_of(key)])) for key in self.last_sums]


def _key(place: _Change) -> bytes:
    return SUM_KEY + f"{place[1]}|{place[0]}".encode()


def place_of(key: bytes) -> _Change:
    """Team and hour of the key of a sum."""
    hour, _, team = key[1:].decode().partition("|")
    return team, int(hour)


def sums_of(value: bytes) -> tuple[int, ...]:
    """The four sums of a record."""
    return _sums.unpack(value)
