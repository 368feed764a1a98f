"""One window of a table: its totals, the metrics read from them, and when each was last published. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stream.durations import HOUR, MINUTE
from stream.kpis.definition import Kpi, Metric, Sums, cell, sketch_cell
from stream.stats.sketch import BUCKETS, Counts
from stream.windows.panestore import BASE_PANE, Changes, Ints
from stream.windows.spans import PaneWindow
from stream.windows.totals import Flags, Slide, Totals

MINUTES_AN_HOUR = HOUR // MINUTE
_NEVER = -(2**62)
_STEP, _STEPS = 618, 1_000
"""From the turn of one row to that of the next, in parts of an interval: about the golden ratio, so that any number of rows is spread evenly."""


@dataclass(frozen=True, slots=True)
class Read:
    """A KPI with those of its metrics that one window has."""

    kpi: Kpi
    metrics: tuple[Metric, ...]


def cells_of(kpi: Kpi) -> list[int]:
    """Every cell that the metrics of a KPI read."""
    single = [cell(kpi.block, index) for index, name in enumerate(kpi.cells) if name]
    buckets = [sketch_cell(kpi.block, index) + bucket for index in range(kpi.sketches) for bucket in range(BUCKETS)]
    return [*single, *kpi.also_reads, *buckets]


class Columns:
    """Where each cell stands in the totals of one panel, and which of its KPIs read it."""

    def __init__(self, reads: Sequence[Read], store_cells: Sequence[int]) -> None:
        wanted = [set(cells_of(read.kpi)) for read in reads]
        cells = sorted(set().union(*wanted)) if wanted else []
        self.of_cell = {found: column for column, found in enumerate(cells)}
        self.readers: Flags = np.array([[found in own for own in wanted] for found in cells], dtype=bool).reshape(len(cells), len(reads))
        self.of_number: Ints = np.array([self.of_cell.get(found, -1) for found in store_cells], dtype=np.int64)


class View(Sums):
    """The sums of one row."""

    def __init__(self, columns: Mapping[int, int], values: Ints) -> None:
        self._columns = columns
        self._values = values

    def __getitem__(self, number: int) -> int:
        return int(self._values[self._columns[number]])

    def sketch(self, first: int) -> Counts:
        """The buckets of one sketch."""
        begin = self._columns[first]
        return self._values[begin : begin + BUCKETS]


class Panel:
    """One window. `pace` is the time from one record of a key to the next, in ms; `published` is off where only rules read it.

    With `spread` every row has its turns at a time of its own, so that one pass has not to make the records of all rows.
    """

    def __init__(
        self, window: PaneWindow, reads: Sequence[Read], pace: int, store_cells: Sequence[int], *, published: bool = True, spread: bool = True
    ) -> None:
        self.window = window
        self.published = published
        self.reads = tuple(reads)
        self.pace = max(1, pace)
        self._spread = spread
        self._columns = Columns(reads, store_cells)
        self._totals = Totals(window.kind, self._columns.of_number, self._columns.readers)
        self._turns: Ints = np.zeros((0, len(reads)), dtype=np.int64)

    @property
    def kind(self) -> str:
        """Kind of the panes it is made of."""
        return self._totals.kind

    def grow(self, rows: int) -> None:
        """Make room for this many segments."""
        for totals in self._all_totals():
            totals.grow(rows)
        more = len(self._totals.values) - len(self._turns)
        if more > 0:
            never = np.full((more, len(self.reads)), _NEVER, dtype=np.int64)
            self._turns = np.vstack([self._turns, never])

    def _all_totals(self) -> Iterator[Totals]:
        yield self._totals

    def change(self, kind: str, changes: Changes) -> None:
        """Take in what changed in panes of one kind."""
        for totals in self._all_totals():
            if totals.kind == kind:
                totals.change(changes)

    def move(self, now: int, *, whole_days: bool) -> list[Slide]:
        """Slide to now (ms); gives what has to be added and taken off for it."""
        last = self.window.last(now, whole_days=whole_days)
        first = BASE_PANE if self.window.panes is None else last - self.window.panes + 1
        return self._totals.move(first, last)

    def is_whole(self, minutes_from: int, hours_from: int) -> bool:
        """Whether every partition still holds all panes of this window."""
        if self._totals.kind == "N":
            return self._totals.first >= minutes_from
        if self.window.panes is None:
            return self._totals.last >= hours_from - 1
        return self._totals.first >= hours_from

    def touch_all(self, rows: int) -> None:
        """Let everything be read again."""
        self._totals.touched[:rows] = True

    def touch(self, row: int, reader: int) -> None:
        """Let one KPI of one segment be read again."""
        self._totals.touched[row, reader] = True

    def due(self, wall: int | None) -> list[tuple[int, int]]:
        """Rows and KPIs to read at this wall-clock time (ms), or whenever for None; they count as published."""
        touched = self._touched()
        ready = touched if wall is None else touched & (self._turns <= wall)
        rows, readers = np.nonzero(ready)
        for totals in self._all_totals():
            totals.touched[rows, readers] = False
        if wall is not None:
            self._turns[rows, readers] = self._next_turns(wall, rows)
        return list(zip(rows.tolist(), readers.tolist(), strict=True))

    def _next_turns(self, wall: int, rows: Ints) -> Ints:
        """For each row, its first turn that is at least half an interval away: the rate is kept, however late somebody came to look."""
        soonest = wall + self.pace // 2
        places: Ints = rows * (_STEP * self._spread) * self.pace // _STEPS
        turns: Ints = soonest + (places - soonest) % self.pace
        return turns

    def _touched(self) -> Flags:
        return self._totals.touched

    def column(self, cells: Sequence[int], rows: int) -> Ints:
        """The sum of some cells for every segment, shape (rows,)."""
        columns = [self._columns.of_cell[found] for found in cells]
        total: Ints = self._totals.values[:rows, columns].sum(axis=1)
        return total

    def sums(self, row: int) -> Sums:
        """What the metrics read for one segment."""
        return View(self._columns.of_cell, self._totals.values[row])
