"""What is known of one ticket: a set of event essences in order. Adding is idempotent and does not depend on order. Pure."""

from __future__ import annotations

from bisect import insort
from enum import Enum

import msgspec

from schemas.essence import Essence, Opened, Replied, canonical, order
from stream.durations import DAY

CAP = 2_000
"""Events kept one by one; beyond it, replies that no figure needs singly are kept as the first and last of their day."""
_INDEX_FROM = 32


class Added(Enum):
    """What adding an event did."""

    NEW = "new"
    DUPLICATE = "duplicate"
    CONFLICT_KEPT = "conflict, the body known before counts"
    CONFLICT_REPLACED = "conflict, the new body counts"


class Packed(msgspec.Struct, array_like=True, gc=False):
    """A ticket as the changelog holds it: the fields of `Ticket`, and two of its last life.

    `due`: when it has to be looked at again (ms); `waiting`: its opening if it waits (ms), else 0.
    """

    due: int
    waiting: int
    events: list[Essence]
    quiet: dict[int, tuple[int, int]] = {}
    swept: int = 0


class Head(msgspec.Struct, array_like=True, gc=False):
    """The first fields of a packed ticket, for recovery."""

    due: int
    waiting: int


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Packed)
_head_decoder = msgspec.msgpack.Decoder(Head)


class Ticket:
    """Events of one ticket, in order, each identity once.

    `quiet` holds, by day, the first and last time of replies beyond the cap: all that the end of a life needs of them.
    `swept`: the slowest clock of the partition when the ticket was last looked at for its age (ms, 0 before).
    """

    __slots__ = ("_index", "events", "quiet", "swept")

    def __init__(self, events: list[Essence] | None = None, quiet: dict[int, tuple[int, int]] | None = None, *, swept: int = 0) -> None:
        self.events: list[Essence] = events if events is not None else []
        self.quiet: dict[int, tuple[int, int]] = quiet if quiet is not None else {}
        self.swept = swept
        self._index: dict[tuple[str, str], Essence] | None = None

    def add(self, event: Essence) -> Added:
        """Add one event; of two bodies under one identity the one whose canonical form sorts first counts."""
        known = self._find(event.source, event.id)
        if known is None:
            self._insert(event)
            return Added.NEW
        if known == event:
            return Added.DUPLICATE
        if canonical(known) <= canonical(event):
            return Added.CONFLICT_KEPT
        self.events.remove(known)
        self._insert(event)
        return Added.CONFLICT_REPLACED

    def in_order(self) -> list[Essence]:
        """All events in order, with what is kept of the quiet ones among them."""
        if not self.quiet:
            return self.events
        spans = [Replied(time, "", "", human=False) for pair in self.quiet.values() for time in set(pair)]
        return sorted([*self.events, *spans], key=order)

    def _find(self, source: str, identity: str) -> Essence | None:
        events = self.events
        if len(events) < _INDEX_FROM:
            for event in events:
                if event.id == identity and event.source == source:
                    return event
            return None
        if self._index is None:
            self._index = {(event.source, event.id): event for event in events}
        return self._index.get((source, identity))

    def _insert(self, event: Essence) -> None:
        events = self.events
        if len(events) >= CAP and type(event) is Replied and not event.human and not event.followed_up:
            self._keep_span(event.time)
            return
        if self._index is not None:
            self._index[event.source, event.id] = event
        if not events or order(events[-1]) < order(event):
            events.append(event)
        else:
            insort(events, event, key=order)

    def _keep_span(self, time: int) -> None:
        day = time // DAY
        first, last = self.quiet.get(day, (time, time))
        self.quiet[day] = (min(first, time), max(last, time))

    def pack(self, due: int, waiting: int) -> bytes:
        """The ticket as the changelog holds it."""
        return _encoder.encode(Packed(due, waiting, self.events, self.quiet, self.swept))


def unpack(packed: bytes) -> Ticket:
    """A ticket from what the changelog holds."""
    held = _decoder.decode(packed)
    return Ticket(held.events, held.quiet, swept=held.swept)


def opening(packed: bytes) -> Opened:
    """What a packed ticket that waits was opened with, in its last life."""
    held = _decoder.decode(packed)
    return next(event for event in held.events if type(event) is Opened and event.time == held.waiting)


def head(packed: bytes) -> Head:
    """Only the first fields of a packed ticket."""
    return _head_decoder.decode(packed)
