"""When tickets are due to be looked at again: by hour, and to the millisecond in the hours that have begun, against the slowest clock. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from heapq import heappop, heappush

from stream.durations import HOUR

DueOf = Callable[[str], int | None]
"""When a ticket is due by what is known of it now (ms); None where there is none."""


class Calendar:
    """Tickets by when they are due. One may stand in several places: that counts where it is due by what is known of it when its time has come."""

    def __init__(self) -> None:
        self._begun = 0
        self._hours: defaultdict[int, list[str]] = defaultdict(list)
        self._soon: list[tuple[int, str]] = []

    def put(self, ticket: str, due: int) -> None:
        """The ticket is due at a time in ms."""
        hour = due // HOUR
        if hour > self._begun:
            self._hours[hour].append(ticket)
        else:
            heappush(self._soon, (due, ticket))

    def take(self, now: int, due_of: DueOf, most: int) -> list[str]:
        """At most so many tickets that are due before `now`, each once and the earliest first; they are forgotten here."""
        self._begin(now // HOUR, due_of)
        found: dict[str, None] = {}
        while self._soon and self._soon[0][0] < now and len(found) < most:
            due, ticket = heappop(self._soon)
            if due_of(ticket) == due:
                found[ticket] = None
        return list(found)

    def _begin(self, hour: int, due_of: DueOf) -> None:
        """Look up when the tickets of every hour up to this one are due; those that have moved to another hour stand there too."""
        self._begun = max(self._begun, hour)
        for begun in [each for each in self._hours if each <= hour]:
            for ticket in dict.fromkeys(self._hours.pop(begun)):
                due = due_of(ticket)
                if due is not None and due // HOUR == begun:
                    heappush(self._soon, (due, ticket))
