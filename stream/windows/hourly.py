"""Some cells of every segment by hour pane, as rules over weeks read them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from stream.state.deltas import begins
from stream.windows.panestore import Changes, Ints


class Hourly:
    """Sums of `cells` by hour pane. `columns`: for every cell of the store its column here, -1 where nobody asks for it."""

    def __init__(self, columns: Ints, cells: Sequence[int]) -> None:
        self._columns = columns
        self._column_of = {cell: column for column, cell in enumerate(cells)}
        self._width = len(cells)
        self._panes: dict[int, npt.NDArray[np.int64]] = {}
        self._range = 0, 0, 0
        self._totals: dict[tuple[int, ...], Ints] = {}

    def change(self, changes: Changes, rows: int) -> None:
        """Add what changed in hour panes; there are `rows` segments by now."""
        columns = self._columns[changes.cells]
        known = columns >= 0
        if not known.any():
            return
        order = np.argsort(changes.panes[known], kind="stable")
        panes, of_rows, of_columns, values = (found[known][order] for found in (changes.panes, changes.rows, columns, changes.values))
        first = begins(panes).tolist()
        for begin, end in zip(first, [*first[1:], len(panes)], strict=True):
            np.add.at(self._pane(int(panes[begin]), rows), (of_rows[begin:end], of_columns[begin:end]), values[begin:end])
        self._change_totals(panes, of_rows, of_columns, values, rows)

    def _change_totals(self, panes: Ints, rows: Ints, columns: Ints, values: Ints, of_all: int) -> None:
        """The same in the totals at hand: weeks of hours of all segments would take long to add up anew for every change."""
        first, last, held = self._range
        if of_all != held:
            self._totals.clear()
        within = (panes >= first) & (panes <= last)
        for cells, total in self._totals.items():
            own = within & np.isin(columns, [self._column_of[cell] for cell in cells])
            np.add.at(total, (rows[own], panes[own] - first), values[own])

    def _pane(self, pane: int, rows: int) -> npt.NDArray[np.int64]:
        held = self._panes.get(pane)
        if held is None or len(held) < rows:
            larger = np.zeros((rows, self._width), dtype=np.int64)
            if held is not None:
                larger[: len(held)] = held
            held = self._panes[pane] = larger
        return held

    def total(self, cells: Sequence[int], first: int, last: int, rows: int) -> Ints:
        """The sum of some cells in each of the panes first..last, shape (rows, panes), to be read only. KeyError for a cell nobody asked for."""
        if self._range != (first, last, rows):
            self._range = first, last, rows
            self._totals.clear()
        total = self._totals.get(tuple(cells))
        if total is None:
            total = self._totals[tuple(cells)] = self._added_up([self._column_of[cell] for cell in cells], first, last, rows)
        shown = total.view()
        shown.flags.writeable = False
        return shown

    def _added_up(self, columns: list[int], first: int, last: int, rows: int) -> Ints:
        found: Ints = np.zeros((rows, last - first + 1), dtype=np.int64)
        for pane, values in self._within(first, last).items():
            found[: len(values), pane - first] = values[:, columns].sum(axis=1)
        return found

    def _within(self, first: int, last: int) -> Mapping[int, npt.NDArray[np.int64]]:
        if last - first < len(self._panes):
            return {pane: self._panes[pane] for pane in range(first, last + 1) if pane in self._panes}
        return {pane: values for pane, values in self._panes.items() if first <= pane <= last}

    def forget(self, before: int) -> None:
        """Let go of panes before this one."""
        for pane in [pane for pane in self._panes if pane < before]:
            del self._panes[pane]
