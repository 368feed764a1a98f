"""When tickets are due to be looked at again: by hour, against the slowest clock. Pure."""

from __future__ import annotations

from stream.durations import HOUR


class Calendar:
    """Tickets by the hour in which they are due. A ticket may stand in several hours; who asks checks its own due time."""

    def __init__(self) -> None:
        self._hours: dict[int, list[str]] = {}

    def put(self, ticket: str, due: int) -> None:
        """The ticket is due at a time in ms."""
        self._hours.setdefault(due // HOUR, []).append(ticket)

    def take(self, now: int) -> list[tuple[str, int]]:
        """Tickets of every hour that has begun at `now`, with that hour; they are forgotten here, so put back those not due yet."""
        begun = [hour for hour in self._hours if hour <= now // HOUR]
        return [(ticket, hour) for hour in begun for ticket in self._hours.pop(hour)]
