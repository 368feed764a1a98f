"""Events on their way in: read from a file, checked by the reader of the stream itself, not yet in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from schemas.essence import Essence
from schemas.modes import envelope
from schemas.read import Reader, Refused
from stream.errors import Fault
from stream.intake.rows import RowFault, read_lines
from stream.intake.times import UnreadableError

# A broker takes 1 MiB a batch by default (message.max.bytes); the rest is room for the batch's own fields.
LARGEST_VALUE = 1_000_000


@dataclass(frozen=True, slots=True)
class Draft:
    """One event of one line. `first_of`: the rule of which only the ticket's earliest event counts."""

    line: int
    ticket_id: str
    essence: Essence
    value: bytes
    first_of: str | None = None


@dataclass(slots=True)
class FileDrafts:
    """What one file holds: its events, and an account of its rows."""

    file: Path
    drafts: list[Draft] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    skipped: int = 0
    rows: int = 0

    def refuse(self, line: int, message: str) -> None:
        """Note a row that can't be read."""
        self.faults.append(RowFault(self.file, line, message))


@dataclass(frozen=True, slots=True)
class Checker:
    """Accepts what the stream will accept. `latest`: event times after it (ms) are refused; None accepts all."""

    reader: Reader
    latest: int | None

    def check(self, line: int, ticket_id: str, value: bytes, first_of: str | None = None) -> Draft:
        """The event as a draft; UnreadableError with every fault."""
        if len(value) > LARGEST_VALUE:
            raise UnreadableError(f"the event is larger than {LARGEST_VALUE:,} bytes")
        try:
            _, essence = self.reader.read(ticket_id.encode(), value, ())
        except Refused as refused:
            raise UnreadableError(fault_text(refused.faults)) from None
        if self.latest is not None and essence.time > self.latest:
            raise UnreadableError("time: lies in the future")
        return Draft(line, ticket_id, essence, value, first_of)


def fault_text(faults: Iterable[Fault]) -> str:
    """Faults on one line."""
    return "; ".join(str(fault) for fault in faults)


def own_drafts(file: Path, checker: Checker) -> FileDrafts:
    """The events of a file that holds one of our own events a line, kept byte by byte."""
    found = FileDrafts(file)
    for line, value in read_lines(file):
        found.rows += 1
        try:
            found.drafts.append(checker.check(line, _ticket_id(value), value))
        except UnreadableError as error:
            found.refuse(line, str(error))
    return found


def _ticket_id(value: bytes) -> str:
    """The ticket of an event, to be its key; empty where there is none, which the reader refuses."""
    try:
        data = envelope(value, ()).fields.get("data")
    except Refused as refused:
        raise UnreadableError(fault_text(refused.faults)) from None
    ticket_id = data.get("ticket_id") if isinstance(data, dict) else None
    return ticket_id if isinstance(ticket_id, str) else ""
