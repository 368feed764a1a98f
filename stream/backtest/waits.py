"""Who waited for a first reply, from when until when: worked out from whole lives of tickets, as later events tell them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import heappop, heappush

import numpy as np

from stream.alerts.verdict import Floats, Ints
from stream.backtest.history import Wait
from stream.rules import Rules
from stream.tickets import ticket
from stream.tickets.lives import Life, lives_of

_FOREVER = 1 << 62


def waits_of(tickets: Iterable[bytes], rules: Rules, atoms: dict[str, int]) -> Iterator[Wait]:
    """Every wait of some packed tickets; `atoms` numbers the smallest segments and grows by new ones."""
    for packed in tickets:
        for life in lives_of(ticket.unpack(packed).in_order(), rules.life_gap, rules.max_open_age):
            for opened, begin, end in _spans(life, rules.max_open_age):
                key = life.keys(rules.segmenter).all[0]
                yield Wait(atoms.setdefault(key, len(atoms)), opened, begin, end)


def _spans(life: Life, max_open_age: int) -> Iterator[tuple[int, int, int]]:
    """Opening, begin and end (ms) of each stretch in which a life waited: while it stood open, up to its first human reply."""
    if life.opened is None or not life.opened.by_customer or life.void:
        return
    opened = life.opened.time
    until = min(life.humans[0].time if life.humans else _FOREVER, opened + max_open_age)
    for begin, end in _open_spans(life):
        waited_from, waited_until = max(begin, opened), min(end, until)
        if waited_from < waited_until:
            yield opened, waited_from, waited_until


def _open_spans(life: Life) -> Iterator[tuple[int, int]]:
    """When a life stood open (ms). Closes come before reopenings of the same time, as in the order of events."""
    changes = sorted([(close.time, 0) for close in life.closes] + [(reopening.time, 1) for reopening in life.reopens])
    since: int | None = 0
    for time, opens in changes:
        if opens:
            since = time if since is None else since
        elif since is not None:
            yield since, time
            since = None
    if since is not None:
        yield since, _FOREVER


def oldest_at(waits: Iterable[Wait], ticks: Ints) -> Floats:
    """Earliest opening (ms) of those who wait at each tick; NaN where nobody does. Ticks rise."""
    coming = sorted(waits, key=lambda wait: wait.begin)
    waiting: list[tuple[int, int]] = []
    found: Floats = np.full(len(ticks), np.nan)
    place = 0
    for index, tick in enumerate(ticks.tolist()):
        while place < len(coming) and coming[place].begin <= tick:
            heappush(waiting, (coming[place].opened, coming[place].end))
            place += 1
        while waiting and waiting[0][1] <= tick:
            heappop(waiting)
        if waiting:
            found[index] = waiting[0][0]
    return found


def by_row(waits: Iterable[Wait], rows: Ints) -> Mapping[int, list[Wait]]:
    """The waits of every segment; `rows` as in `Membership`."""
    found: dict[int, list[Wait]] = {}
    for wait in waits:
        for row in rows[:, wait.atom].tolist():
            found.setdefault(row, []).append(wait)
    return found
