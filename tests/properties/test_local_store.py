"""A partition with its tickets on the disk writes what one in memory writes, wherever either is interrupted, and whatever the disk still has."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.settings import Settings
from stream.windows.board import Board
from tests.helpdesk import Event, log
from tests.on_disk import OnDisk, last_sums, tickets, waiting
from tests.pipeline import Pipeline, latest, plain
from tests.properties import strategies
from tests.properties.test_arrival import walls

pytest.importorskip("rocksdict")


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
            _interrupt(disk, data)
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
            _interrupt(disk, data)
    memory.flush()
    disk.flush(0)
    assert tickets(disk.log.state) == tickets(memory.changelogs[0])
    assert {low.ticket for low in disk.slot.partition.lows.all()} == {low.ticket for low in memory.partitions[0].lows.all()}
    assert waiting(disk.slot.partition) == waiting(memory.partitions[0])


def _interrupt(disk: OnDisk, data: st.DataObject) -> None:
    """A piece of the changelog may end in the middle of a flush."""
    disk.end()
    disk.begin(data.draw(st.sampled_from(disk.copies)), lambda first, last: data.draw(st.integers(first, last)))
    assert last_sums(disk.log.state).items() <= dict(disk.slot.partition.sum_records()).items()
    disk.feed_again()
