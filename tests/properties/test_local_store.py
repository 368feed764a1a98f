"""A partition with its tickets on the disk writes what one in memory writes, wherever either is interrupted, and whatever the disk still has."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.read import Reader
from stream.clock import WallClock
from stream.engine.fenced import FencedProducer, OwnershipLost
from stream.engine.letters import Letters
from stream.engine.local_store import LocalStore, open_store
from stream.engine.names import Names
from stream.engine.slot import Slot
from stream.kafka_client import LogRecord
from stream.kpis.registry import layout
from stream.rules import rules_of
from stream.settings import Settings
from stream.state.partition import MARKER_KEY, TICKET_KEY, Partition
from stream.tickets import ticket
from stream.windows.board import Board
from tests.helpdesk import Event, Record, log
from tests.pipeline import Pipeline, State, latest, plain
from tests.properties import strategies
from tests.properties.test_arrival import walls

pytest.importorskip("rocksdict")

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


class Wall:
    """A clock that stands."""

    def __init__(self, now: int) -> None:
        self.wall = lambda: now


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

    def flush(self, wall: int, meanwhile: Callable[[], None] = NOTHING_MORE, *, refuses: bool = False) -> None:
        """Bring what the log acknowledges to the disk; the next events come while it is on its way."""
        self.slot.refused.clear()
        self.slot.partition.changed = True
        self.log.meanwhile, self.log.refuses = meanwhile, refuses
        flush = self.slot.flush(cast("Letters", None), cast("WallClock", Wall(wall)))
        if refuses:
            with pytest.raises(OwnershipLost):
                asyncio.run(flush)
        else:
            asyncio.run(flush)
            verify(self.store)

    def interrupt(self, data: st.DataObject) -> None:
        """Begin anew with what the disk has, or once had, and with what the log has beyond."""
        self.store.close()
        self.copies.append(self.root / f"copy-{len(self.copies)}")
        shutil.copytree(self.root / "store", self.copies[-1])
        shutil.rmtree(self.root / "store")
        shutil.copytree(data.draw(st.sampled_from(self.copies)), self.root / "store")
        self.slot, self.store = self._begin()
        for begin, end in self._pieces(data):
            self.slot.load(begin, cast("list[LogRecord]", [Read(offset, *self.log.state[offset]) for offset in range(begin, end)]))
            verify(self.store)
        self._take_up()
        assert last_sums(self.log.state).items() <= dict(self.slot.partition.sum_records()).items()
        seen, self.seen = self.seen, []
        self.feed(seen)

    def _pieces(self, data: st.DataObject) -> Iterator[tuple[int, int]]:
        """What the disk does not have, cut anywhere: a piece of the changelog may end in the middle of a flush."""
        begin, end = self.slot.position, len(self.log.state)
        while begin < end:
            cut = data.draw(st.integers(begin + 1, end))
            yield begin, cut
            begin = cut


class Read:
    """A record of the changelog."""

    def __init__(self, offset: int, key: bytes, value: bytes | None) -> None:
        self.offset, self.key, self.value, self.timestamp = offset, key, value, 0


def verify(store: LocalStore) -> None:
    """What the disk says of its tickets is what they say themselves: how many there are, when each is due, and which wait."""
    heads = {key[1:]: ticket.head(packed) for key, packed in store._between(TICKET_KEY, TICKET_KEY + b"\xff")}
    assert len(heads) == len(store)
    assert [key for key, _ in store._between(b"\1", b"\2")] == sorted(b"\1" + head.due.to_bytes(8) + name for name, head in heads.items())
    assert [key for key, _ in store._between(b"\2", b"\3")] == sorted(b"\2" + name for name, head in heads.items() if head.waiting)


@given(strategies.histories(), strategies.settings(short=True), strategies.nows, st.data())
def test_on_disk_is_in_memory(parts: list[list[Event]], settings: Settings, nows: list[int], data: st.DataObject) -> None:
    """Every ticket of every flush is the same, every score, and what a recovery sends again holds what the last flush held."""
    with TemporaryDirectory() as name:
        memory, disk = Pipeline(settings), OnDisk(settings, Path(name))
        try:
            _same_way(memory, disk, parts, data)
            board = Board(settings)
            board.apply(0, disk.log.sums)
            board.settle()
            for now in nows:
                board.move(now)
                assert plain(latest(board.current())) == plain(memory.scores(now))
        finally:
            disk.store.close()


def _same_way(memory: Pipeline, disk: OnDisk, parts: list[list[Event]], data: st.DataObject) -> None:
    records = log([event for part in parts for event in part])
    done = 0
    for part in parts:
        fresh = records[done : done + len(part)]
        done += len(part)
        what = data.draw(st.sampled_from(("only feed", "flush first", "flush meanwhile", "refused")))
        if what == "only feed":
            memory.feed(fresh)
            disk.feed(fresh)
        elif what == "refused":
            memory.feed(fresh)
            memory.restart(compacted=False)
            disk.flush(data.draw(walls), lambda fresh=fresh: disk.feed(fresh), refuses=True)  # type: ignore[misc]
            disk.interrupt(data)
        else:
            wall = data.draw(walls)
            memory.flush(wall)
            memory.feed(fresh)
            if what == "flush first":
                disk.flush(wall)
                disk.feed(fresh)
            else:
                disk.flush(wall, lambda fresh=fresh: disk.feed(fresh))  # type: ignore[misc]
        if data.draw(st.booleans()):
            memory.restart(compacted=False)
            disk.interrupt(data)
    memory.flush()
    disk.flush(0)
    assert tickets(disk.log.state) == tickets(memory.changelogs[0])
    assert {low.ticket for low in disk.slot.partition.lows.all()} == {low.ticket for low in memory.partitions[0].lows.all()}
    assert waiting(disk.slot.partition) == waiting(memory.partitions[0])


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
