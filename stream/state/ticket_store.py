"""Where the packed tickets of a partition are held between flushes, and when each is due. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from stream.state.calendar import Calendar, DueOf
from stream.tickets import ticket
from stream.tickets.ticket import Head


class TicketStore(Protocol):
    """Packed tickets by name, as of the last flush, and the times (ms) at which they are due to be looked at again."""

    def __len__(self) -> int:
        """How many tickets are held."""

    def get(self, name: str, /) -> bytes | None:
        """A packed ticket; None where there is none."""

    def put(self, name: str, packed: bytes, head: Head, before: Head | None) -> None:
        """Hold a ticket as it goes into a flush, with its head; `before`: that of what was held of it, None for a new one."""

    def drop(self, name: str, before: Head | None) -> None:
        """Forget a ticket; `before` is None where it came and went between two flushes."""

    def flushed(self) -> None:
        """Every ticket that has changed was put or dropped; what comes from here on belongs to the next flush."""

    def put_due(self, name: str, due: int) -> None:
        """A change that is not flushed yet makes a ticket due at another time."""

    def take_due(self, now: int, due_of: DueOf, most: int) -> list[str]:
        """At most so many of those due before `now`; `due_of` tells of each what is not put yet too. Whoever takes one changes it or drops it."""

    def load(self, name: str, packed: bytes | None) -> None:
        """Put back a ticket from the changelog; None where it is no more."""

    def loaded(self) -> Iterator[tuple[str, bytes]]:
        """After the last `load`: works out what is not kept, and gives the tickets that wait for an answer."""


class InMemory:
    """All of them in memory."""

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}
        self._calendar = Calendar()

    def __len__(self) -> int:
        return len(self._packed)

    def get(self, name: str, /) -> bytes | None:
        """A packed ticket."""
        return self._packed.get(name)

    def put(self, name: str, packed: bytes, head: Head, before: Head | None) -> None:  # noqa: ARG002 (a dict knows)
        """Hold a ticket."""
        self._packed[name] = packed

    def drop(self, name: str, before: Head | None) -> None:  # noqa: ARG002 (the same)
        """Forget a ticket."""
        self._packed.pop(name, None)

    def flushed(self) -> None:
        """Nothing is held back."""

    def put_due(self, name: str, due: int) -> None:
        """A ticket is due at a time; whoever takes it later looks whether it still is."""
        self._calendar.put(name, due)

    def take_due(self, now: int, due_of: DueOf, most: int) -> list[str]:
        """Tickets that are due."""
        return self._calendar.take(now, due_of, most)

    def load(self, name: str, packed: bytes | None) -> None:
        """Put back a ticket from the changelog."""
        if packed is None:
            self._packed.pop(name, None)
        else:
            self._packed[name] = packed

    def loaded(self) -> Iterator[tuple[str, bytes]]:
        """Works out when each is due."""
        for name, packed in self._packed.items():
            begin = ticket.head(packed)
            self._calendar.put(name, begin.due)
            if begin.waiting:
                yield name, packed
