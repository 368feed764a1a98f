"""A partition with its tickets on the disk writes what one in memory writes, wherever either is interrupted, and whatever the disk still has."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.engine.local_store import LocalStore, open_store
from stream.settings import Settings
from stream.state.partition import CLAIM_KEY, MARKER_KEY, TICKET_KEY, Partition
from tests.helpdesk import Event, log
from tests.pipeline import KEEP_ALL, Pipeline, State, plain
from tests.properties import strategies
from tests.properties.test_arrival import walls

pytest.importorskip("rocksdict")

CHANGELOG, NOW = "id of the changelog", 1_000


class OnDisk(Pipeline):
    """One partition whose tickets are in a folder. `copies`: folders with earlier states of it."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.root = folder
        self.copies: list[Path] = []
        self.store = open_store(folder / "store", CHANGELOG, NOW)
        super().__init__(settings)

    def _empty(self) -> Partition:
        return Partition(self.rules, dict.fromkeys(self.settings.topics.sources, "id"), self.store)

    def flush(self, wall: int = KEEP_ALL) -> None:
        """Bring what the changelog has acknowledged to the disk."""
        begin = len(self.changelogs[0])
        super().flush(wall)
        self._commit(self.changelogs[0][begin:], len(self.changelogs[0]))

    def _commit(self, records: list[State], position: int) -> None:
        others = [(key, value) for key, value in records if key[:1] not in (TICKET_KEY, CLAIM_KEY)]
        self.store.commit(others, position, NOW, self.partitions[0].last_sums, self.partitions[0].loading)

    def interrupt(self, data: st.DataObject) -> None:
        """Begin anew with what the disk has, or once had, and with what the changelog has beyond."""
        self.store.close(None)
        self.copies.append(self.root / f"copy-{len(self.copies)}")
        shutil.copytree(self.root / "store", self.copies[-1])
        shutil.rmtree(self.root / "store")
        shutil.copytree(data.draw(st.sampled_from(self.copies)), self.root / "store")
        self.store = open_store(self.root / "store", CHANGELOG, NOW)
        partition = self.partitions[0] = self._empty()
        partition.load(self.store.others())
        partition.resume(set(self.store.place.last_sums), set(self.store.place.loading))
        for begin, end in self._pieces(data):
            partition.load(self.changelogs[0][begin:end])
            self._commit(self.changelogs[0][begin:end], end)
        partition.finish_loading()
        seen, self.seen = self.seen, []
        self.feed(seen)

    def _pieces(self, data: st.DataObject) -> Iterator[tuple[int, int]]:
        """What the disk does not have, cut anywhere: a piece of the changelog may end in the middle of a flush."""
        begin, end = self.store.place.position, len(self.changelogs[0])
        while begin < end:
            cut = data.draw(st.integers(begin + 1, end))
            yield begin, cut
            begin = cut


@given(strategies.histories(), strategies.settings(short=True), strategies.nows, st.data())
def test_on_disk_is_in_memory(parts: list[list[Event]], settings: Settings, nows: list[int], data: st.DataObject) -> None:
    """Every ticket of every flush is the same, every score, and what a recovery sends again is what the last flush held."""
    with TemporaryDirectory() as name:
        memory, disk = Pipeline(settings), OnDisk(settings, Path(name))
        try:
            _same_way(memory, disk, parts, data)
            assert [plain(disk.scores(now)) for now in nows] == [plain(memory.scores(now)) for now in nows]
        finally:
            disk.store.close(None)


def _same_way(memory: Pipeline, disk: OnDisk, parts: list[list[Event]], data: st.DataObject) -> None:
    records = log([event for part in parts for event in part])
    done = 0
    for part in parts:
        for pipeline in (memory, disk):
            pipeline.feed(records[done : done + len(part)])
        done += len(part)
        if data.draw(st.booleans()):
            wall = data.draw(walls)
            for pipeline in (memory, disk):
                pipeline.flush(wall)
        if data.draw(st.booleans()):
            memory.restart(compacted=False)
            disk.interrupt(data)
            assert dict(disk.partitions[0].sum_records()) == _last_sums(disk)
    for pipeline in (memory, disk):
        pipeline.flush()
    assert _tickets(disk) == _tickets(memory)
    assert len(disk.partitions[0]) == len(memory.partitions[0])
    assert _count(disk.store) == len(disk.store)


def _flushes(pipeline: Pipeline) -> list[dict[bytes, bytes | None]]:
    found: list[dict[bytes, bytes | None]] = [{}]
    for key, value in pipeline.changelogs[0]:
        if key == MARKER_KEY:
            found.append({})
        else:
            found[-1][key] = value
    return found[:-1]


def _tickets(pipeline: Pipeline) -> list[dict[bytes, bytes | None]]:
    """By flush; segments may be numbered in any order, so sums are not compared as bytes."""
    return [{key: value for key, value in flush.items() if key[:1] == TICKET_KEY} for flush in _flushes(pipeline)]


def _last_sums(pipeline: Pipeline) -> dict[bytes, bytes | None]:
    flushes = _flushes(pipeline)
    return {key: value for key, value in flushes[-1].items() if key[:1] != TICKET_KEY} if flushes else {}


def _count(store: LocalStore) -> int:
    return sum(1 for _ in store._between(TICKET_KEY, TICKET_KEY + b"\xff"))
