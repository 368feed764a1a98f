"""Columns: the cases of one thing that is counted, in one segment, sorted by time."""

from __future__ import annotations

from array import array
from bisect import bisect_left

from stream.audit.windows import Span


class Column:
    """Times and values (both ms, or 1/10,000 of a star) of all cases; they are entered in the order of time."""

    __slots__ = ("times", "values")

    def __init__(self) -> None:
        self.times = array("q")
        self.values = array("q")

    def add(self, time: int, value: int) -> None:
        """Enter the next case."""
        self.times.append(time)
        self.values.append(value)

    def between(self, covered: Span) -> tuple[int, int]:
        """Where the cases of a span begin and end."""
        return bisect_left(self.times, covered.start), bisect_left(self.times, covered.end)


Columns = dict[str, Column]


def values(columns: Columns, what: str, covered: Span) -> array[int]:
    """Values of the cases in a span."""
    column = columns.get(what)
    if column is None:
        return array("q")
    begin, end = column.between(covered)
    return column.values[begin:end]


def count(columns: Columns, what: str, covered: Span) -> int:
    """Number of the cases in a span; a miss counts by the pane after its deadline."""
    column = columns.get(what)
    if column is None:
        return 0
    begin, end = column.between(covered.of_deadlines() if what == "miss" else covered)
    return end - begin
