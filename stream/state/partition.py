"""The state of one partition: its tickets, its sums, and where it stands in the four source topics. Pure.

Records go in with `apply`; `flush` gives everything that changed as records for the changelog, with a marker at the end;
`load` takes such records back. Whoever drives it makes a flush durable before the next, or drops the whole partition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from schemas.deadletters import DeadLetterClass
from schemas.essence import Essence
from schemas.read import Reader, Refused
from stream.durations import MINUTE
from stream.errors import Fault
from stream.kafka_client import LogRecord
from stream.kpis import intake_counts
from stream.kpis.definition import Contribution
from stream.kpis.low_ratings import low_ratings
from stream.kpis.registry import contributions
from stream.rules import Rules
from stream.state import marker, panes
from stream.state.beside import KINDS, Beside
from stream.state.marker import Marker
from stream.state.sums import Sums
from stream.state.ticket_store import InMemory, TicketStore
from stream.tickets import ticket
from stream.tickets.lives import Life, dimensions_of, lives_of
from stream.tickets.ticket import Added, Head, Ticket

MARKER_KEY = b"M"
CLAIM_KEY = b"C"
TICKET_KEY = b"T"
Record = tuple[bytes, bytes | None]

_NOTHING: list[list[Contribution]] = []
MOST_SWEPT = 5_000
"""Due tickets that one flush looks at. A clock may leap by months where a topic was silent: all that is due then is too much for one batch."""
_HOT = 2_000
"""Tickets that stay unpacked after a flush, since many change again soon. Each is some 70 objects that the garbage collector walks over."""


@dataclass(slots=True)
class _Open:
    """An unpacked ticket: what it contributes as far as the sums know, whether they must look again, and whether it is over.

    `held`: the head of what the store holds of it, None for a new one; `size`: how many bytes that is.
    """

    ticket: Ticket
    contributed: list[list[Contribution]]
    due: int = 0
    waiting: int = 0
    stale: bool = False
    gone: bool = False
    held: Head | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class Flush:
    """One atomic step: `state` records for the changelog (the marker last), and the sums among them."""

    number: int
    state: list[Record]
    sums: list[Record]
    marker: Marker


class Partition:
    """State of one partition number of all source topics; its tickets are in memory, or in a store of their own."""

    def __init__(self, rules: Rules, topic_ids: dict[str, str] | None = None, tickets: TicketStore | None = None) -> None:
        self.rules = rules
        self.sums = Sums()
        self.beside = Beside(rules.segmenter)
        self.waiting, self.lows = self.beside.waiting, self.beside.lows
        self.next_offsets: dict[str, int] = {}
        self.newest: dict[str, int] = {}
        self.topic_ids = topic_ids or {}
        self.flush_number = 0
        self.last_sums: set[bytes] = set()
        self.recovered_marker: Marker = self.marker()
        self.changed = False
        self.taken: Counter[type[Essence]] = Counter()
        """Events taken in since they were last looked at, by kind; for whoever measures."""
        self._tickets = InMemory() if tickets is None else tickets
        self._open: dict[str, _Open] = {}
        self._changed: dict[str, _Open] = {}
        self._stale: list[tuple[str, _Open]] = []
        self.loading: set[bytes] = set()
        """Sums that were loaded since the last marker."""
        self._weight = 0
        self._more_due = False

    def __len__(self) -> int:
        return len(self._tickets)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever loaded or taken in."""
        return not len(self._tickets) and not self.loading

    @property
    def weight(self) -> int:
        """About how many bytes the next flush has."""
        return self._weight + self.sums.weight + self.lows.weight

    # -- events in

    def apply(self, topic: str, records: Sequence[LogRecord], reader: Reader, refuse: Callable[[LogRecord, Refused], None]) -> None:
        """Take in records of one topic in offset order; what can't count goes to `refuse`. Records already in the state are skipped."""
        done = self.next_offsets.get(topic, 0)
        newest = self.newest.get(topic)
        read, future, lateness = reader.read, self.rules.future, self.rules.lateness
        fresh = records if records[0].offset >= done else [record for record in records if record.offset >= done]
        dead: list[int] = []
        kinds: list[type[Essence]] = []

        def refused(record: LogRecord, why: Refused) -> None:
            dead.append(record.timestamp // MINUTE)
            refuse(record, why)

        for record in fresh:
            try:
                name, event = read(record.key, record.value, record.headers)
                time = event.time
                if time > record.timestamp + future:
                    refused(record, _future(time - record.timestamp))
                    continue
                if newest is None or time > newest:
                    newest = time
                elif time < newest - lateness:
                    refused(record, _late(newest - time))
                    continue
                self._add(name, event)
                kinds.append(type(event))
            except Refused as why:
                refused(record, why)
        self.taken.update(kinds)
        self._count(fresh, dead)
        self.next_offsets[topic] = max(done, records[-1].offset + 1)
        if newest is not None:
            self.newest[topic] = newest
        self.changed = True

    def _count(self, records: Sequence[LogRecord], dead: Sequence[int]) -> None:
        """Add up what came in, by minute of the broker's timestamp."""
        by_minute = Counter([record.timestamp // MINUTE for record in records])
        for contribution in intake_counts.counted(by_minute, Counter(dead)):
            self.sums.apply(contribution, 1)

    def _add(self, name: str, event: Essence) -> None:
        held = self._open.get(name)
        if held is None:
            held = self._take(name)
        added = held.ticket.add(event)
        if added is Added.NEW or added is Added.CONFLICT_REPLACED:
            self._mark(name, held)
        if added is Added.CONFLICT_KEPT or added is Added.CONFLICT_REPLACED:
            raise Refused(DeadLetterClass.CONFLICT, (Fault("id", f"another body stands under the same source and id ({added.value})"),))

    def _mark(self, name: str, held: _Open) -> None:
        """The ticket has changed: the sums must look at it, and the next flush holds it."""
        self._weight += 64
        if not held.stale:
            held.stale = True
            self._stale.append((name, held))
        if name not in self._changed:
            self._changed[name] = held
            self._weight += 32 + len(name) + held.size

    def _take(self, name: str) -> _Open:
        """The ticket unpacked for changing, with what it has contributed."""
        packed = self._tickets.get(name)
        if packed is None:
            held = _Open(Ticket(), _NOTHING)
        else:
            known = ticket.unpack(packed)
            begin = ticket.head(packed)
            held = _Open(known, contributions(self._lives(known), self.rules), begin.due, begin.waiting, held=begin, size=len(packed))
        self._open[name] = held
        return held

    def _lives(self, known: Ticket) -> list[Life]:
        return lives_of(known.in_order(), self.rules.life_gap, self.rules.max_open_age, known.swept)

    # -- contributions

    def settle(self) -> None:
        """Bring the sums up to date with every ticket that changed: what it contributed is taken back, what it contributes added."""
        rules = self.rules
        apply = self.sums.apply
        for name, held in self._stale:
            lives = self._lives(held.ticket)
            if held.gone:
                lives[-1].ended = True
            before, after = held.contributed, contributions(lives, rules)
            for index, added in enumerate(after):
                taken = before[index] if before else ()
                if added != taken:
                    for contribution in taken:
                        apply(contribution, -1)
                    for contribution in added:
                        apply(contribution, 1)
            held.contributed = after
            held.stale = False
            self._look_at_last(name, held, lives)
        self._stale.clear()

    def _look_at_last(self, name: str, held: _Open, lives: list[Life]) -> None:
        """Keep since when the ticket waits, its low ratings, and when it is due."""
        last = lives[-1]
        held.waiting = last.opened.time if last.waiting and last.opened and not last.void else 0
        self.waiting.put(name, held.waiting or None, last.keys(self.rules.segmenter).all if held.waiting else ())
        self.lows.put(name, [*low_ratings(last, self.rules, name)] if last.ratings else ())
        due = self._due(last)
        if due != held.due:
            held.due = due
            self._tickets.put_due(name, due)

    def _due(self, life: Life) -> int:
        """When the slowest clock (ms) makes a difference: an open life grows too old, or nothing can join the last life any more."""
        rules = self.rules
        if life.closed:
            return life.last + rules.life_gap + rules.lateness
        if life.opened is None:
            return life.last + rules.max_open_age + rules.lateness
        if life.ended:
            return max(life.last, life.opened.time + rules.max_open_age) + rules.lateness
        return life.opened.time + rules.max_open_age

    def sweep(self, share: float = 1.0) -> None:
        """Look at the tickets that are due by the slowest clock: end open lives that are too old, let go of what nothing can join.

        At most `share` of `MOST_SWEPT` of them, or twice as many as have changed, so that no backlog outruns it.
        """
        slowest = self.slowest
        if slowest is None:
            return
        most = max(1, int(share * MOST_SWEPT), 2 * len(self._changed))
        due = self._tickets.take_due(slowest, self._due_of, most)
        self._more_due = len(due) == most
        for name in due:
            held = self._open.get(name) or self._take(name)
            if self._is_over(held):
                self._let_go(name, held)
            else:
                held.ticket.swept = slowest
                self._mark(name, held)

    def _let_go(self, name: str, held: _Open) -> None:
        """Forget the ticket with the next flush, and its low ratings: its last life is over."""
        held.gone = True
        self._changed[name] = held
        if name in self.lows and not held.stale:
            held.stale = True
            self._stale.append((name, held))

    def _due_of(self, name: str) -> int | None:
        held = self._open.get(name)
        if held is not None:
            return held.due
        packed = self._tickets.get(name)
        return None if packed is None else ticket.head(packed).due

    def _is_over(self, held: _Open) -> bool:
        last = self._lives(held.ticket)[-1]
        return last.closed or last.ended or last.opened is None

    @property
    def slowest(self) -> int | None:
        """The slowest clock (ms): the least newest event time of the source topics, None while one of them has had none."""
        if len(self.newest) < len(self.topic_ids or self.next_offsets) or not self.newest:
            return None
        return min(self.newest.values())

    # -- flush

    def flush(self, minutes_from: int, hours_from: int, share: float = 1.0) -> Flush:
        """Everything that changed since the last flush; panes before the two given (by the wall clock) are let go.

        What is due or let go may be too much for one flush, which takes `share` of the usual: `changed` stays true then, and the next one goes on.
        """
        self.settle()
        self.sweep(share)
        self.settle()
        self.sums.advance(minutes_from, hours_from, share)
        tickets = [self._put_back(name, held) for name, held in self._changed.items()]
        self._changed.clear()
        self._tickets.flushed()
        if len(self._open) > _HOT:
            self._open.clear()
        sums: list[Record] = [*self.sums.close(), *self.beside.close()]
        self.flush_number += 1
        self.last_sums = {key for key, _ in sums}
        self.changed = self._more_due or self.sums.lets_go
        self._weight = 0
        end = self.marker()
        return Flush(self.flush_number, [*tickets, *sums, (MARKER_KEY, marker.encode(end))], sums, end)

    def _put_back(self, name: str, held: _Open) -> Record:
        if held.gone:
            self._tickets.drop(name, held.held)
            self._open.pop(name, None)
            return TICKET_KEY + name.encode(), None
        packed = held.ticket.pack(held.due, held.waiting)
        head = Head(held.due, held.waiting)
        self._tickets.put(name, packed, head, held.held)
        held.held, held.size = head, len(packed)
        return TICKET_KEY + name.encode(), packed

    def marker(self) -> Marker:
        """The marker of the last flush."""
        return Marker(
            marker.FORMAT,
            self.rules.fingerprint,
            self.flush_number,
            dict(self.next_offsets),
            dict(self.newest),
            self.sums.minutes_from,
            self.sums.hours_from,
            self.topic_ids,
            self.sums.numbers_given,
        )

    # -- recovery

    def load(self, records: Iterable[Record]) -> None:
        """Take back changelog records in order. After the last one, `finish_loading`."""
        load_ticket = self._tickets.load
        for key, value in records:
            kind = key[:1]
            if kind == TICKET_KEY:
                load_ticket(key[1:].decode(), value)
            elif kind == MARKER_KEY and value is not None:
                self._load_marker(marker.decode(value))
            elif kind != CLAIM_KEY:
                self._load_sum(key, value)

    def _load_sum(self, key: bytes, value: bytes | None) -> None:
        kind, index, name = panes.decode_key(key)
        if kind in KINDS:
            self.beside.load(kind, name, value)
        else:
            self.sums.load(kind, index, int(name), value)
        self.loading.add(key)

    def _load_marker(self, found: Marker) -> None:
        self.next_offsets, self.newest, self.flush_number = dict(found.next_offsets), dict(found.newest), found.flush
        self.sums.minutes_from, self.sums.hours_from = found.minutes_from, found.hours_from
        self.sums.numbers_given = max(self.sums.numbers_given, found.segments)
        self.sums.lets_go = True  # as far as anybody knows
        self.last_sums, self.loading = self.loading, set()
        self.recovered_marker = found

    def finish_loading(self) -> None:
        """Work out what is not kept: who waits, and low ratings that nobody has followed up."""
        keys = self.rules.segmenter.keys
        openings = ((name, ticket.opening(packed)) for name, packed in self._tickets.loaded())
        self.waiting.fill((name, opened.time, keys(dimensions_of(opened)).all) for name, opened in openings)
        self.lows.finish_loading()

    def resume(self, last_sums: Iterable[bytes] | None) -> None:
        """After the records of a store that keeps only the newest of each key: which sums the last flush held. Any of them, where that is unknown."""
        if last_sums is None:
            self.last_sums |= self.loading
            self.loading = set(self.last_sums)
        else:
            self.last_sums, self.loading = set(last_sums), set()

    def sum_records(self) -> list[Record]:
        """The sums of the last flush as they stand, to be sent again after a recovery."""
        return [(key, self._sum(key)) for key in self.last_sums]

    def _sum(self, key: bytes) -> bytes | None:
        kind, index, name = panes.decode_key(key)
        return self.beside.get(kind, name) if kind in KINDS else self.sums.get(kind, index, int(name))


def _future(by: int) -> Refused:
    return Refused(DeadLetterClass.FUTURE, (Fault("time", f"{by // 1000} s after the broker's timestamp"),))


def _late(by: int) -> Refused:
    return Refused(DeadLetterClass.LATE, (Fault("time", f"{by // 1000} s before the newest event of its topic partition"),))
