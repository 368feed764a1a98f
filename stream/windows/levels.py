"""The window `now`: totals over everything up to now, with what is younger than some ages, and what is due to the minute. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from stream.durations import HOUR, MINUTE
from stream.kpis.definition import OLDEST_WAITING, Levels
from stream.state.oldest import Entry
from stream.windows.panel import MINUTES_AN_HOUR, Panel, Read, View
from stream.windows.panestore import Ints
from stream.windows.spans import NOW, PaneWindow
from stream.windows.totals import Flags, Slide, Totals

Floats = npt.NDArray[np.float64]


class LevelView(View, Levels):
    """The levels of one row."""

    def __init__(self, columns: Mapping[int, int], values: Ints, ages: Mapping[int, Ints], minutes: Ints, oldest: Mapping[str, Entry]) -> None:
        super().__init__(columns, values)
        self._ages = ages
        self._minutes = minutes
        self._oldest = oldest

    def oldest(self, kind: str) -> int | None:
        """Since when the oldest of a kind has waited (ms)."""
        found = self._oldest.get(kind)
        return None if found is None else found[0]

    def younger(self, cell: int, hours: int) -> int:
        """Sum of one cell over the last `hours` hour panes."""
        return int(self._ages[hours][self._columns[cell]])

    def to_the_minute(self, cell: int) -> int:
        """Sum of one cell up to the last full minute."""
        return self[cell] + int(self._minutes[self._columns[cell]])


class LevelPanel(Panel):
    """The window `now`. What is due within the current hour is read from minute panes."""

    def __init__(self, reads: Sequence[Read], pace: int, store_cells: Sequence[int]) -> None:
        super().__init__(PaneWindow(NOW, HOUR, None), reads, pace, store_cells)
        hours = sorted({age for read in reads for age in read.kpi.ages})
        self._ages = {age: Totals(self.kind, self._columns.of_number, self._columns.readers) for age in hours}
        self._minutes = Totals("D", self._columns.of_number, self._columns.readers)
        self._oldest: dict[str, dict[int, dict[int, Entry]]] = {}

    def _all_totals(self) -> Iterator[Totals]:
        yield self._totals
        yield self._minutes
        yield from self._ages.values()

    def move(self, now: int, *, whole_days: bool) -> list[Slide]:
        """Slide to now (ms); gives what has to be added and taken off for it."""
        hour = now // HOUR
        slides = super().move(now, whole_days=whole_days)
        slides += self._minutes.move(hour * MINUTES_AN_HOUR + 1, now // MINUTE)
        for age, totals in self._ages.items():
            slides += totals.move(hour - age + 1, hour)
        return slides

    def is_whole(self, minutes_from: int, hours_from: int) -> bool:
        """Whether the hours and the minutes of the current hour are all held."""
        return super().is_whole(minutes_from, hours_from) and self._minutes.first >= minutes_from

    def set_oldest(self, kind: str, row: int, partition: int, oldest: Entry | None) -> None:
        """What one partition says of the oldest of a kind."""
        known = self._oldest.setdefault(kind, {}).setdefault(row, {})
        if oldest is None:
            known.pop(partition, None)
        else:
            known[partition] = oldest
        for reader, read in enumerate(self.reads):
            if read.kpi.reads_oldest == kind:
                self.touch(row, reader)

    def oldest(self, rows: int) -> Floats:
        """Earliest opening of the waiting tickets of every segment in ms, shape (rows,); NaN where none waits."""
        found = np.full(rows, np.nan)
        for row, by_partition in self._oldest.get(OLDEST_WAITING, {}).items():
            if by_partition and row < rows:
                found[row] = min(by_partition.values())[0]
        return found

    def oldest_of(self, kind: str, row: int) -> Entry | None:
        """The oldest of a kind in one segment, of all partitions; None where none waits."""
        return min(self._oldest.get(kind, {}).get(row, {}).values(), default=None)

    def _touched(self) -> Flags:
        touched: Flags = np.logical_or.reduce([totals.touched for totals in self._all_totals()])
        return touched

    def sums(self, row: int) -> LevelView:
        """What the metrics read for one segment."""
        ages = {age: totals.values[row] for age, totals in self._ages.items()}
        oldest = {kind: found for kind in self._oldest if (found := self.oldest_of(kind, row)) is not None}
        return LevelView(self._columns.of_cell, self._totals.values[row], ages, self._minutes.values[row], oldest)
