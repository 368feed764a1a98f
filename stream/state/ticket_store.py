"""Where the packed tickets of a partition are held between flushes, and when each is due. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from stream.state.calendar import Calendar
from stream.tickets import ticket


class TicketStore(Protocol):
    """Packed tickets by name, and the times (ms) at which they are due to be looked at again."""

    def __len__(self) -> int:
        """How many tickets are held."""

    def get(self, name: str, /) -> bytes | None:
        """A packed ticket; None where there is none."""

    def put(self, name: str, packed: bytes, *, is_new: bool) -> None:
        """Hold a ticket as it goes into a flush."""

    def drop(self, name: str) -> None:
        """Forget a ticket, if it is held."""

    def put_due(self, name: str, due: int, before: int) -> None:
        """A ticket is due at a time, and no longer at the one before (0: none)."""

    def take_due(self, now: int) -> list[tuple[str, int]]:
        """Tickets that may be due, each with the hour under which it stood; they are forgotten here, so put back those not due yet."""

    def put_waiting(self, name: str, *, waits: bool) -> None:
        """Somebody begins to wait for an answer to this ticket, or waits no longer."""

    def load(self, name: str, packed: bytes | None) -> None:
        """Put back a ticket from the changelog; None where it is no more."""

    def waiting(self) -> Iterator[tuple[str, bytes]]:
        """After the last `load`: the tickets that wait for an answer."""


class InMemory:
    """All of them in memory."""

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}
        self._calendar = Calendar()
        self.get = self._packed.get

    def __len__(self) -> int:
        return len(self._packed)

    def put(self, name: str, packed: bytes, *, is_new: bool) -> None:  # noqa: ARG002 (a dict knows)
        """Hold a ticket as it goes into a flush."""
        self._packed[name] = packed

    def drop(self, name: str) -> None:
        """Forget a ticket."""
        self._packed.pop(name, None)

    def put_due(self, name: str, due: int, before: int) -> None:  # noqa: ARG002 (whoever takes it checks when it is due)
        """A ticket is due at a time."""
        self._calendar.put(name, due)

    def take_due(self, now: int) -> list[tuple[str, int]]:
        """Tickets of every hour that has begun."""
        return self._calendar.take(now)

    def put_waiting(self, name: str, *, waits: bool) -> None:
        """Nothing to note: a ticket says so itself."""

    def load(self, name: str, packed: bytes | None) -> None:
        """Put back a ticket from the changelog."""
        if packed is None:
            self._packed.pop(name, None)
        else:
            self._packed[name] = packed

    def waiting(self) -> Iterator[tuple[str, bytes]]:
        """After the last `load`: works out when each is due, and gives those that wait."""
        for name, packed in self._packed.items():
            begin = ticket.head(packed)
            self._calendar.put(name, begin.due)
            if begin.waiting:
                yield name, packed
