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
        self._cached: tuple[int, int, Ints] | None = None

    def change(self, changes: Changes, rows: int) -> None:
        """Add what changed in hour panes; there are `rows` segments by now."""
        columns = self._columns[changes.cells]
        known = columns >= 0
        if not known.any():
            return
        self._cached = None
        order = np.argsort(changes.panes[known], kind="stable")
        panes, of_rows, of_columns, values = (found[known][order] for found in (changes.panes, changes.rows, columns, changes.values))
        first = begins(panes).tolist()
        for begin, end in zip(first, [*first[1:], len(panes)], strict=True):
            np.add.at(self._pane(int(panes[begin]), rows), (of_rows[begin:end], of_columns[begin:end]), values[begin:end])

    def _pane(self, pane: int, rows: int) -> npt.NDArray[np.int64]:
        held = self._panes.get(pane)
        if held is None or len(held) < rows:
            larger = np.zeros((rows, self._width), dtype=np.int64)
            if held is not None:
                larger[: len(held)] = held
            held = self._panes[pane] = larger
        return held

    def total(self, cells: Sequence[int], first: int, last: int, rows: int) -> Ints:
        """The sum of some cells in each of the panes first..last, shape (rows, panes). KeyError for a cell nobody asked for."""
        columns = [self._column_of[cell] for cell in cells]
        total: Ints = self._matrix(first, last, rows)[:, :, columns].sum(axis=2)
        return total

    def _matrix(self, first: int, last: int, rows: int) -> Ints:
        if self._cached is None or self._cached[:2] != (first, last) or len(self._cached[2]) != rows:
            found: Ints = np.zeros((rows, last - first + 1, self._width), dtype=np.int64)
            for pane, values in self._within(first, last).items():
                found[: len(values), pane - first] = values
            self._cached = first, last, found
        return self._cached[2]

    def _within(self, first: int, last: int) -> Mapping[int, npt.NDArray[np.int64]]:
        if last - first < len(self._panes):
            return {pane: self._panes[pane] for pane in range(first, last + 1) if pane in self._panes}
        return {pane: values for pane, values in self._panes.items() if first <= pane <= last}

    def forget(self, before: int) -> None:
        """Let go of panes before this one."""
        for pane in [pane for pane in self._panes if pane < before]:
            del self._panes[pane]
