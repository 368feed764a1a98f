"""All panes of all partitions as the scorer holds them: packed pages, by pane, partition and page. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stream.state import panes
from stream.state.deltas import net, parts_of, place_of
from stream.state.panes import SLOT_BITS

Ints = npt.NDArray[np.int64]
BASE_PANE = -(2**40)
"""Hour panes are folded into this one when they grow old, those of levels too."""


class Changes(NamedTuple):
    """Cells of panes of one kind, as arrays of equal length: pane index, row of the segment, number of the cell, value."""

    panes: Ints
    rows: Ints
    cells: Ints
    values: Ints


_NO_ROWS: Ints = np.zeros(0, dtype=np.int64)
_MORE_ROWS = 256
PAGES_AT_ONCE = 50_000
"""Changed pages that are compared together: a scorer that begins has those of weeks, and their cells as arrays would take gigabytes."""
_KINDS = [kind for kind in SLOT_BITS if kind != "B"]


class _Page(NamedTuple):
    """Where a page stands: number of the partition, its own number, index of the pane."""

    partition: int
    number: int
    pane: int

    @property
    def first(self) -> int:
        """Number of its first segment."""
        return self.number if self.pane == BASE_PANE else self.number << SLOT_BITS["H"]


class _Change(NamedTuple):
    """What a page held, and what it holds now."""

    page: _Page
    before: bytes | None
    after: bytes | None


class PaneStore:
    """Sums of all partitions. `cells` numbers every cell that is read; others are ignored, and so are segments that nobody has named."""

    def __init__(self, cells: Sequence[int]) -> None:
        self._numbers: Ints = np.full(max(cells) + 1, -1, dtype=np.int64)
        self._numbers[list(cells)] = np.arange(len(cells))
        self._rows: dict[int, Ints] = {}
        self._held: dict[str, dict[int, dict[tuple[int, int], bytes]]] = {kind: {} for kind in _KINDS}
        self._changed: dict[str, list[_Change]] = {kind: [] for kind in _KINDS}

    def name(self, partition: int, segment: int, row: int) -> None:
        """A segment, by its number in a partition, has this row."""
        rows = self._rows.get(partition, _NO_ROWS)
        end = (segment | ((1 << SLOT_BITS["H"]) - 1)) + 1  # its page has places for segments that nobody has named, or that are named elsewhere
        if end > len(rows):
            rows = np.concatenate((rows, np.full(max(_MORE_ROWS, end - len(rows)), -1, dtype=np.int64)))
            self._rows[partition] = rows
        rows[segment] = row

    def update(self, kind: str, index: int, place: tuple[int, int], packed: bytes | None) -> None:
        """Replace what a place (partition and page) holds of a pane; what differs waits in `changes`."""
        if kind == "B":
            # A page of the base has another number than that of an hour pane with the same segments, and this pane has no other.
            self._update("H", BASE_PANE, place, packed)
            self._update("O", BASE_PANE, place, packed)
        else:
            self._update(kind, index, place, packed)

    def _update(self, kind: str, index: int, place: tuple[int, int], packed: bytes | None) -> None:
        pane = self._held[kind].setdefault(index, {})
        before = pane.pop(place, None)
        if packed is not None:
            pane[place] = packed
        elif not pane:
            del self._held[kind][index]
        self._changed[kind].append(_Change(_Page(*place, index), before, packed))

    def number(self, cell: int) -> int:
        """Number of a cell in `Changes`; -1 where nobody reads it."""
        return int(self._numbers[cell]) if cell < len(self._numbers) else -1

    def changes(self) -> Iterator[tuple[str, Changes]]:
        """What has changed since the last call, by kind of pane; cells of a page that came out the same are left out."""
        for kind, changed in self._changed.items():
            changed.sort(key=_partition)
            for begin in range(0, len(changed), PAGES_AT_ONCE):
                yield kind, self._differences(changed[begin : begin + PAGES_AT_ONCE])
            changed.clear()

    def _differences(self, changed: Sequence[_Change]) -> Changes:
        """Cells that differ; only these are looked up, for most of a page stays as it is."""
        before, after = _cells(each.before for each in changed), _cells(each.after for each in changed)
        both = (np.concatenate(pair) for pair in zip((before[0], -before[1]), after, strict=True))
        places, values = net(*both, in_runs=True)
        positions, slots, cells = parts_of(places)
        pages = [each.page for each in changed]
        rows = self._rows_of(pages, _firsts(pages)[positions] + slots, np.bincount(positions, minlength=len(pages)))
        indices = np.array([page.pane for page in pages], dtype=np.int64)[positions]
        return self._read(indices, rows, cells, values)

    def content(self, kind: str, first: int, last: int) -> Changes | None:
        """Everything in the panes first..last; None where they are empty."""
        held = self._held[kind]
        found = [(_Page(*place, index), packed) for index in self._indices(kind, first, last) for place, packed in held[index].items()]
        return self._content(found) if found else None

    def _indices(self, kind: str, first: int, last: int) -> list[int]:
        held = self._held[kind]
        if last - first < len(held):
            return [index for index in range(first, last + 1) if index in held]
        return [index for index in held if first <= index <= last]

    def _content(self, held: list[tuple[_Page, bytes]]) -> Changes:
        """The cells of pages that somebody reads; pages come out in the order of their partitions."""
        held.sort(key=_partition)
        pages = [page for page, _ in held]
        found = panes.content(packed for _, packed in held)
        rows = self._rows_of(pages, np.repeat(_firsts(pages), found.segments) + found.slots, found.segments)
        indices = np.repeat(np.array([page.pane for page in pages], dtype=np.int64), found.segments)
        return self._read(np.repeat(indices, found.counts), np.repeat(rows, found.counts), found.cells, found.values)

    def _read(self, indices: Ints, rows: Ints, cells: Ints, values: Ints) -> Changes:
        """Cells by their numbers, without those that nobody reads."""
        known = cells < len(self._numbers)
        numbers = np.where(known, self._numbers[np.where(known, cells, 0)], -1)
        used = (numbers >= 0) & (rows >= 0)
        return Changes(indices[used], rows[used], numbers[used], values[used])

    def _rows_of(self, pages: Sequence[_Page], segments: Ints, segments_each: Ints) -> Ints:
        """The rows of segments by their numbers, which are those of a partition each; `segments_each`: how many are of each page."""
        edges = np.concatenate(([0], np.cumsum(segments_each)))
        found, begin = [_NO_ROWS], 0
        for partition, own in groupby(pages, attrgetter("partition")):
            end = begin + sum(1 for _ in own)
            found.append(self._rows.get(partition, _NO_ROWS)[segments[edges[begin] : edges[end]]])
            begin = end
        return np.concatenate(found)


def _partition(held: tuple[_Page, bytes] | _Change) -> int:
    return held[0].partition


def _firsts(pages: Sequence[_Page]) -> Ints:
    return np.array([page.first for page in pages], dtype=np.int64)


def _cells(packed: Iterable[bytes | None]) -> tuple[Ints, Ints]:
    """Places of the cells of some pages in order, by position of the page and slot of the segment, and their values."""
    present = [(position, page) for position, page in enumerate(packed) if page is not None]
    found = panes.content(page for _, page in present)
    positions = np.repeat(np.array([position for position, _ in present], dtype=np.int64), found.segments)
    return np.repeat(place_of(positions, found.slots), found.counts) | found.cells, found.values
