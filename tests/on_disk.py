"""A slot whose tickets are in a folder, with a log that acknowledges or refuses what it appends: all of a worker that a local store meets."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, cast

import pytest

from schemas.read import Reader
from stream.clock import WallClock
from stream.engine.fenced import FencedProducer, OwnershipLost
from stream.engine.letters import Letters
from stream.engine.local_store import LocalStore, open_store
from stream.engine.names import Names
from stream.engine.slot import Slot
from stream.kpis.registry import layout
from stream.rules import rules_of
from stream.setting_parts import Clock
from stream.settings import Settings
from stream.state.partition import MARKER_KEY, TICKET_KEY, Partition
from stream.tickets import ticket
from tests.helpdesk import Record
from tests.pipeline import State

CHANGELOG = "id of the changelog"
NOTHING_MORE: Callable[[], None] = lambda: None  # noqa: E731 (what a flush is given to do meanwhile)


class Log:
    """The changelog and the sums, as a producer that acknowledges a batch after `meanwhile`, or refuses it."""

    def __init__(self) -> None:
        self.state: list[State] = []
        self.sums: list[State] = []
        self.meanwhile = NOTHING_MORE
        self.refuses = False

    async def append(self, _topic: str, _partition: int, records: Sequence[State]) -> int:
        """Where the batch begins."""
        self.meanwhile()
        if self.refuses:
            raise OwnershipLost("refused")
        self.state.extend(records)
        return len(self.state) - len(records)

    async def append_all(self, _topic: str, _partition: int, records: Iterable[tuple[bytes, bytes | None, object]]) -> None:
        """Sums."""
        self.sums.extend((key, value) for key, value, _ in records)


class OnDisk:
    """A slot whose tickets are in a folder. `copies`: folders with earlier states of it."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.rules = rules_of(settings, layout=layout())
        self.reader = Reader(settings.scale_rules, settings.follow_up.tags)
        self.root = folder
        self.copies: list[Path] = []
        self.log = Log()
        self.seen: list[Record] = []
        self.slot, self.store = self._begin()
        self._take_up()

    def _begin(self) -> tuple[Slot, LocalStore]:
        store = open_store(self.root / "store", CHANGELOG, 0)
        partition = Partition(self.rules, dict.fromkeys(self.settings.topics.sources, "id"), store)
        return Slot(0, Names("app", 1), partition, local=store), store

    def _take_up(self) -> None:
        self.slot.partition.finish_loading()
        self.slot.recovered = True
        self.slot.producer = cast("FencedProducer", self.log)

    def feed(self, records: Sequence[Record]) -> None:
        """Take in records, and work out what they contribute."""
        self.seen.extend(records)
        for topic, run in groupby(records, key=lambda record: record.topic):
            rest = list(run)
            while rest:
                rest = rest[self.slot.apply(topic, rest, self.reader) :]
        self.slot.partition.settle()

    def flush(self, wall: int, meanwhile: Callable[[], None] = NOTHING_MORE, *, refuses: bool = False, verified: bool = True) -> None:
        """Bring what the log acknowledges to the disk; the next events come while it is on its way."""
        self.slot.refused.clear()
        self.slot.partition.changed = True
        self.log.meanwhile, self.log.refuses = meanwhile, refuses
        flush = self.slot.flush(cast("Letters", None), WallClock(Clock(fixed=wall)))
        if refuses:
            with pytest.raises(OwnershipLost):
                asyncio.run(flush)
        else:
            asyncio.run(flush)
            if verified:
                verify(self.store)

    def end(self) -> None:
        """Let go of everything, and remember what the disk has."""
        self.store.close()
        self.copies.append(self.root / f"copy-{len(self.copies)}")
        shutil.copytree(self.root / "store", self.copies[-1])

    def begin(self, copy: Path, cut: Callable[[int, int], int]) -> None:
        """Begin anew with what the disk had, and with what the log has beyond: in pieces that end where `cut` says (first and last offset)."""
        shutil.rmtree(self.root / "store")
        shutil.copytree(copy, self.root / "store")
        self.slot, self.store = self._begin()
        while self.slot.position < len(self.log.state):
            self.load(self.slot.position, cut(self.slot.position + 1, len(self.log.state)))
            verify(self.store)
        self._take_up()

    def load(self, begin: int, end: int, timestamp: int = 0) -> None:
        """Take in a piece of the changelog."""
        self.slot.load(begin, [Record("changelog", 0, offset, timestamp, *self.log.state[offset]) for offset in range(begin, end)])

    def feed_again(self) -> None:
        """The sources are read from where the state stands."""
        seen, self.seen = self.seen, []
        self.feed(seen)


def verify(store: LocalStore) -> None:
    """What the disk says of its tickets is what they say themselves: how many there are, when each is due, and which wait."""
    heads = {key[1:]: ticket.head(packed) for key, packed in store._between(TICKET_KEY, TICKET_KEY + b"\xff")}
    assert len(heads) == len(store)
    assert [key for key, _ in store._between(b"\1", b"\2")] == sorted(b"\1" + head.due.to_bytes(8) + name for name, head in heads.items())
    assert [key for key, _ in store._between(b"\2", b"\3")] == sorted(b"\2" + name for name, head in heads.items() if head.waiting)


def waiting(partition: Partition) -> dict[str, Any]:
    """What waits, and since when."""
    return dict(partition.waiting._since)


def flushes(state: Iterable[State]) -> list[dict[bytes, bytes | None]]:
    """Records by flush, without the markers."""
    found: list[dict[bytes, bytes | None]] = [{}]
    for key, value in state:
        if key == MARKER_KEY:
            found.append({})
        else:
            found[-1][key] = value
    return found[:-1]


def tickets(state: Iterable[State]) -> list[dict[bytes, bytes | None]]:
    """By flush; segments may be numbered in any order, so sums are not compared as bytes."""
    return [{key: value for key, value in flush.items() if key[:1] == TICKET_KEY} for flush in flushes(state)]


def last_sums(state: Iterable[State]) -> dict[bytes, bytes | None]:
    """Of the last flush."""
    return {key: value for flush in flushes(state)[-1:] for key, value in flush.items() if key[:1] != TICKET_KEY}
