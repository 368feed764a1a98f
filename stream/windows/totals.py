"""Running totals of one window for many segments at once: a row a segment, a column a cell. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stream.windows.panestore import BASE_PANE, Changes, Ints, PaneStore

Flags = npt.NDArray[np.bool_]
_BEFORE_ALL = 2 * BASE_PANE
_FIRST_ROWS = 256
"""Rows there is room for from the first on. Zeros that nobody has written to take no memory yet; every larger array costs a copy of what is there."""


class Slide(NamedTuple):
    """Panes first..last that enter (sign 1) or leave (sign -1) some totals."""

    totals: Totals
    first: int
    last: int
    sign: int


class Totals:
    """Sums over the panes first..last, and which readers have something new to read.

    `columns`: for every cell of the store its column here, -1 where nobody reads it. `readers`: for every column, who reads it (a flag each).
    """

    def __init__(self, kind: str, columns: Ints, readers: Flags) -> None:
        self.kind = kind
        self.first = self.last = _BEFORE_ALL
        self._columns = columns
        self._readers = readers
        self.values: Ints = np.zeros((0, len(readers)), dtype=np.int64)
        self.touched: Flags = np.zeros((0, readers.shape[1]), dtype=bool)

    def grow(self, rows: int) -> None:
        """Make room for this many segments."""
        have = len(self.values)
        if rows > have:
            room = max(rows, 2 * have, _FIRST_ROWS)
            values, touched = self.values, self.touched
            self.values, self.touched = np.zeros((room, values.shape[1]), dtype=np.int64), np.zeros((room, touched.shape[1]), dtype=bool)
            self.values[:have], self.touched[:have] = values, touched

    def change(self, changes: Changes) -> None:
        """Add what changed in panes of the range; what changed in a window's length before it is touched too.

        A score that was published earlier may have been read from those panes: it has to be read again.
        """
        width = self.last - self.first + 1
        columns = self._columns[changes.cells]
        known = (columns >= 0) & (changes.panes >= self.first - width) & (changes.panes <= self.last)
        if not known.any():
            return
        rows, columns = changes.rows[known], columns[known]
        self._touch(rows, columns)
        inside = changes.panes[known] >= self.first
        self._add(rows[inside], columns[inside], changes.values[known][inside])

    def move(self, first: int, last: int) -> list[Slide]:
        """Slide to the panes first..last, forwards; gives what has to be added and taken off for it."""
        if (first, last) == (self.first, self.last):
            return []
        if first > self.last:
            self.touched[self.values.any(axis=1)] = True
            self.values = np.zeros(self.values.shape, dtype=np.int64)
            slides = [Slide(self, first, last, 1)]
        else:
            slides = [Slide(self, self.first, first - 1, -1), Slide(self, self.last + 1, last, 1)]
        self.first, self.last = first, last
        return [slide for slide in slides if slide.first <= slide.last]

    def enter(self, content: Changes, sign: int) -> None:
        """Add panes that enter (sign 1), or take off panes that leave (sign -1)."""
        columns = self._columns[content.cells]
        known = columns >= 0
        rows, columns = content.rows[known], columns[known]
        self._add(rows, columns, sign * content.values[known])
        self._touch(rows, columns)

    def _add(self, rows: Ints, columns: Ints, values: Ints) -> None:
        """Add to cells, some of them more than once; by one flat index, which is several times as fast as by two."""
        np.add.at(self.values.reshape(-1), rows * self.values.shape[1] + columns, values)

    def _touch(self, rows: Ints, columns: Ints) -> None:
        """Let those who read these cells read again."""
        each, readers = np.nonzero(self._readers[columns])
        self.touched[rows[each], readers] = True


def slide(slides: Sequence[Slide], store: PaneStore) -> None:
    """Let panes enter and leave; a pane that several totals want is unpacked once."""
    for kind in {found.totals.kind for found in slides}:
        own = [found for found in slides if found.totals.kind == kind]
        edges = sorted({edge for found in own for edge in (found.first, found.last + 1)})
        for begin, end in pairwise(edges):
            wanted = [found for found in own if found.first <= begin and end <= found.last + 1]
            content = store.content(kind, begin, end - 1) if wanted else None
            if content is not None:
                for found in wanted:
                    found.totals.enter(content, found.sign)
