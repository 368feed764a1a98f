"""Who waited for a first reply, from when until when: worked out from whole lives of tickets, as later events tell them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import NamedTuple

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


class Steps(NamedTuple):
    """The oldest of those who wait: from each of `times` (ms, rising) to the next it is this opening (ms), NaN where nobody waits."""

    times: Ints
    oldest: Floats

    def at(self, ticks: Ints) -> Floats:
        """The oldest at some times (ms)."""
        place = np.searchsorted(self.times, ticks, side="right") - 1
        return np.where(place >= 0, self.oldest[np.maximum(place, 0)], np.nan)


def steps_of(waits: Iterable[Wait]) -> Steps:
    """The oldest at every time at which somebody begins or ends to wait; at least one wait."""
    coming = sorted(waits, key=lambda wait: wait.begin)
    times = sorted({time for wait in coming for time in (wait.begin, wait.end)})
    waiting: list[tuple[int, int]] = []
    oldest, place = np.full(len(times), np.nan), 0
    for index, time in enumerate(times):
        while place < len(coming) and coming[place].begin <= time:
            heappush(waiting, (coming[place].opened, coming[place].end))
            place += 1
        while waiting and waiting[0][1] <= time:
            heappop(waiting)
        if waiting:
            oldest[index] = waiting[0][0]
    return Steps(np.array(times, dtype=np.int64), oldest)


def by_row(waits: Iterable[Wait], rows: Ints) -> dict[int, Steps]:
    """The steps of every segment in which anybody waited; `rows` as in `Membership`."""
    found: dict[int, list[Wait]] = {}
    for wait in waits:
        for row in rows[:, wait.atom].tolist():
            found.setdefault(row, []).append(wait)
    return {row: steps_of(own) for row, own in found.items()}
