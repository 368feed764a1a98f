"""Loads of the benches that end a moment ago: nothing of them is late, nothing ahead of the clock, and the short windows have data."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator

from stream.devkit.load import EVENTS_A_TICKET, LoadRecord, standard_load
from stream.durations import DAY, MINUTE

TICKET_SPAN = 20 * DAY
"""Shorter than tickets are kept for."""
_A_PIECE = 400_000


def recent_load(events: int, *, days: int = 30, satisfied: float = 0.90) -> list[LoadRecord]:
    """Standard load of the days before now."""
    span = days * DAY
    return standard_load(events, satisfied=satisfied, start=_now() - span, span=span)


def recent_tickets(tickets: int, topics: Collection[int]) -> Iterator[list[LoadRecord]]:
    """Of so many tickets of the standard load, evenly over the days before now, what belongs to these topics (by index); in pieces."""
    events = round(tickets * EVENTS_A_TICKET)
    pieces = max(1, events // _A_PIECE)
    begin = _now() - TICKET_SPAN
    for number in range(pieces):
        start = begin + number * TICKET_SPAN // pieces
        load = standard_load(events // pieces, seed=number, start=start, span=TICKET_SPAN // pieces, prefix=f"{number}-")
        yield [record for record in load if record.topic_index in topics]


def _now() -> int:
    return time.time_ns() // 1_000_000 - MINUTE
