"""All panes of all partitions as the scorer holds them: cells as arrays, by pane, partition and page. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
BASE_PANE = -(2**40)
"""Hour panes are folded into this one when they grow old."""
_CELL_BITS, _ROW_BITS = 20, 22
"""A place is one whole number of 63 bits: pane (its rank among those that change), row, number of the cell."""


class Changes(NamedTuple):
    """Cells of panes of one kind, as arrays of equal length: pane index, row of the segment, number of the cell, value."""

    panes: Ints
    rows: Ints
    cells: Ints
    values: Ints


class Content(NamedTuple):
    """What a page holds: names of segments, how many cells each has, and for all of them in order the cells and their values."""

    names: Sequence[str]
    counts: Ints
    cells: Ints
    values: Ints

    def only(self, own: npt.NDArray[np.bool_]) -> Content:
        """The part of some of its segments."""
        inside = np.repeat(own, self.counts)
        return Content(list(compress(self.names, own)), self.counts[own], self.cells[inside], self.values[inside])


class _Page(NamedTuple):
    """What is read of one page of one partition, narrow since there are many: rows, numbers of the cells, values."""

    rows: npt.NDArray[np.uint32]
    cells: npt.NDArray[np.uint32]
    values: Ints


_NOTHING = _Page(np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.int64))


class PaneStore:
    """Sums of all partitions. `cells` numbers every cell that is read; others are ignored."""

    def __init__(self, cells: Sequence[int]) -> None:
        self._numbers: Ints = np.full(max(cells) + 1, -1, dtype=np.int64)
        self._numbers[list(cells)] = np.arange(len(cells))
        self._held: dict[str, dict[int, dict[tuple[int, int], _Page]]] = {"H": {}, "N": {}}
        self._changed: dict[str, list[tuple[int, _Page, _Page]]] = {"H": [], "N": []}

    def update(self, kind: str, index: int, place: tuple[int, int], rows: Ints, cells: Ints, values: Ints) -> None:
        """Replace what a place (partition and page) holds of a pane; what differs waits in `changes`."""
        if kind == "B":
            # A page of the base has another number than that of an hour pane with the same segments, and this pane has no other.
            kind, index = "H", BASE_PANE
        pane = self._held[kind].setdefault(index, {})
        before = pane.pop(place, _NOTHING)
        page = self._read(rows, cells, values)
        if len(page.rows):
            pane[place] = page
        elif not pane:
            del self._held[kind][index]
        self._changed[kind].append((index, before, page))

    def _read(self, rows: Ints, cells: Ints, values: Ints) -> _Page:
        """Only the cells that somebody reads, by their numbers."""
        known = cells < len(self._numbers)
        numbers = np.where(known, self._numbers[np.where(known, cells, 0)], -1)
        used = numbers >= 0
        return _Page(rows[used].astype(np.uint32), numbers[used].astype(np.uint32), values[used])

    def number(self, cell: int) -> int:
        """Number of a cell in `Changes`; -1 where nobody reads it."""
        return int(self._numbers[cell]) if cell < len(self._numbers) else -1

    def changes(self) -> Iterator[tuple[str, Changes]]:
        """What has changed since the last call, by kind of pane; cells that came out the same are left out."""
        for kind, changed in self._changed.items():
            if changed:
                panes, before, after = zip(*changed, strict=True)
                changed.clear()
                old, new = _content(panes, before), _content(panes, after)
                joined = Changes(*(np.concatenate(pair) for pair in zip(old._replace(values=-old.values), new, strict=True)))
                yield kind, _netted(joined)

    def content(self, kind: str, first: int, last: int) -> Changes | None:
        """Everything in the panes first..last; None where they are empty."""
        held = self._held[kind]
        found = [(index, page) for index in self._indices(kind, first, last) for page in held[index].values()]
        if not found:
            return None
        panes, pages = zip(*found, strict=True)
        return _content(panes, pages)

    def _indices(self, kind: str, first: int, last: int) -> list[int]:
        held = self._held[kind]
        if last - first < len(held):
            return [index for index in range(first, last + 1) if index in held]
        return [index for index in held if first <= index <= last]


def _content(panes: Sequence[int], pages: Sequence[_Page]) -> Changes:
    """The cells of many pages as arrays."""
    lengths = [len(page.rows) for page in pages]
    rows, cells, values = (np.concatenate(column).astype(np.int64, copy=False) for column in zip(*pages, strict=True))
    return Changes(np.repeat(np.array(panes, dtype=np.int64), lengths), rows, cells, values)


def _netted(changes: Changes) -> Changes:
    """One change for each cell of a row in a pane, without what comes to nothing."""
    if not len(changes.panes):
        return changes
    indices, ranks = np.unique(changes.panes, return_inverse=True)
    places = (ranks << (_ROW_BITS + _CELL_BITS)) | (changes.rows << _CELL_BITS) | changes.cells
    order = np.argsort(places)
    places = places[order]
    begins = np.flatnonzero(np.concatenate(([True], places[1:] != places[:-1])))
    totals = np.add.reduceat(changes.values[order], begins)
    kept = totals != 0
    places = places[begins[kept]]
    rows = (places >> _CELL_BITS) & ((1 << _ROW_BITS) - 1)
    return Changes(indices[places >> (_ROW_BITS + _CELL_BITS)], rows, places & ((1 << _CELL_BITS) - 1), totals[kept])
