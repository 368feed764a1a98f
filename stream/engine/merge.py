"""Merges the source topics of each partition by broker timestamp, so that the events of a ticket meet in one flush.

Read topic by topic, they would reach the state one at a time, and each would cost an unpacking, two folds and a packing of its ticket.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

from faust.types import TP

RUN = 500
"""Most records that are taken from one topic before the others are looked at again."""


class Run(NamedTuple):
    """Consecutive records of one topic partition."""

    tp: TP
    records: Sequence[Any]


class _Buffer:
    __slots__ = ("_begin", "_records")

    def __init__(self, records: Sequence[Any]) -> None:
        self._records = records
        self._begin = 0

    @property
    def oldest(self) -> int:
        """Broker timestamp (ms) of the first record."""
        timestamp: int = self._records[self._begin].timestamp
        return timestamp

    def take(self) -> Sequence[Any]:
        taken = self._records[self._begin : self._begin + RUN]
        self._begin += RUN
        return taken

    def __bool__(self) -> bool:
        return self._begin < len(self._records)


class Merge:
    """Fetched records that wait for those of the other topics of their partition number."""

    def __init__(self) -> None:
        self._buffers: dict[TP, _Buffer] = {}

    def add(self, tp: TP, records: Sequence[Any]) -> None:
        """Take in fetched records of a topic partition that holds none."""
        self._buffers[tp] = _Buffer(records)

    def drop(self, tp: TP) -> None:
        """Forget what was fetched of a topic partition."""
        self._buffers.pop(tp, None)

    def clear(self) -> None:
        """Forget everything."""
        self._buffers.clear()

    def holds(self, tp: TP) -> bool:
        """Whether records of this topic partition wait."""
        return tp in self._buffers

    def runs(self, lacking: Callable[[], Collection[int]]) -> Iterator[Run]:
        """Take runs, oldest first, until every partition number left is `lacking` a topic that has to be waited for."""
        while True:
            ready = self._oldest(lacking() if self._buffers else ())
            if ready is None:
                return
            buffer = self._buffers[ready]
            taken = buffer.take()
            if not buffer:
                del self._buffers[ready]
            yield Run(ready, taken)

    def _oldest(self, lacking: Collection[int]) -> TP | None:
        ready = [tp for tp in self._buffers if tp.partition not in lacking]
        return min(ready, key=lambda tp: self._buffers[tp].oldest, default=None)
