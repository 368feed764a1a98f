"""The merge of source topics: oldest first, and not past a topic that has to be waited for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from faust.types import TP

from stream.engine.merge import RUN, Merge

OPENED, CLOSED, ELSEWHERE = TP("opened", 0), TP("closed", 0), TP("opened", 1)


def records(*timestamps: int) -> list[Any]:
    """Fetched records with these broker timestamps (ms)."""
    return [SimpleNamespace(timestamp=timestamp) for timestamp in timestamps]


def taken(merge: Merge, lacking: tuple[int, ...] = ()) -> list[tuple[TP, int]]:
    """Where each run comes from, and the timestamp that it begins with."""
    return [(run.tp, run.records[0].timestamp) for run in merge.runs(lambda: lacking)]


def test_runs_come_oldest_first() -> None:
    """A run is cut, so that the other topic comes between."""
    merge = Merge()
    merge.add(OPENED, records(*range(2 * RUN)))
    merge.add(CLOSED, records(RUN - 1))
    assert taken(merge) == [(OPENED, 0), (CLOSED, RUN - 1), (OPENED, RUN)]
    assert not merge.holds(OPENED)


def test_a_partition_that_lacks_a_topic_waits() -> None:
    """Others don't; what waits is still held."""
    merge = Merge()
    merge.add(OPENED, records(1))
    merge.add(ELSEWHERE, records(2))
    assert taken(merge, lacking=(0,)) == [(ELSEWHERE, 2)]
    assert merge.holds(OPENED)


def test_what_is_lacking_is_asked_before_every_run() -> None:
    """A topic whose buffer has run out may have to be waited for."""
    merge = Merge()
    merge.add(OPENED, records(1))
    merge.add(CLOSED, records(2))
    runs = merge.runs(lambda: () if merge.holds(OPENED) else (0,))
    assert [run.tp for run in runs] == [OPENED]
    assert merge.holds(CLOSED)
