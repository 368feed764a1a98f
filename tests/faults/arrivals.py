"""Standard load without end: tickets open at a rate, and everything that happens to them comes when it is time for it, four times as soon."""

from __future__ import annotations

import heapq
import random

from stream.devkit import load
from stream.devkit.load import LoadRecord
from stream.durations import SECOND

SOONER = 4
"""Tickets are closed and rated within two hours, as in chats."""


class Arrivals:
    """Tickets from `begin` (ms of event time) on; `per_second`: events a second of real time, in which event time moves by `speed` seconds."""

    def __init__(self, seed: int, begin: int, per_second: float, speed: float) -> None:
        self.per_second = per_second
        self.ratings = 0
        self.events = 0
        self._rng = random.Random(seed)
        self._speed = speed
        self._now = begin
        self._number = 0
        self._due = 0.0
        self._waiting: list[tuple[int, int, LoadRecord]] = []

    def upto(self, now: int) -> list[LoadRecord]:
        """Everything that happens until then (ms of event time), in order."""
        passed, opened = now - self._now, self._now
        self._due += passed / SECOND / self._speed * self.per_second / load.EVENTS_A_TICKET
        while self._due >= 1:
            self._due -= 1
            self._open(opened + self._rng.randrange(max(1, passed)))
        self._now = now
        found = []
        while self._waiting and self._waiting[0][0] <= now:
            found.append(heapq.heappop(self._waiting)[2])
        self.events += len(found)
        self.ratings += sum(record.topic_index == load.RATINGS for record in found)
        return found

    def _open(self, opened: int) -> None:
        ticket = load._new_ticket(self._rng, self._number, "", "team", opened)
        self._number += 1
        for place, told in enumerate(load._story(self._rng, ticket, 0.9)):
            draft = told._replace(time_ms=opened + (told.time_ms - opened) // SOONER)
            record = load._record(self._rng, ticket, draft)
            heapq.heappush(self._waiting, (draft.time_ms, self._number * 16 + place, record))
