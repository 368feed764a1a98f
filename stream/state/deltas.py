"""Changes of sums: added up by pane and set of segments first, then as arrays by pane, segment and cell. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from stream.state.panes import SLOT_BITS, Cells, Ints

_KINDS = "".join(SLOT_BITS)
_INDEX = (1 << 40) - 1

CELL_BITS, SEGMENT_BITS = 20, 22
"""A cell of a segment in a pane is one whole number of 63 bits: pane (its rank among those that change, or that of a page), segment, cell."""
PLACE_BITS = 32
"""A set of keys in a pane is one whole number, too: more of them than any memory holds."""


def code_of(kind: str, index: int) -> int:
    """A whole number for a pane; the base is the least, then come the other kinds, each by time."""
    return (_KINDS.index(kind) << 40) + index


def pane_of(code: int) -> tuple[str, int]:
    """Kind and index of the pane with this code."""
    return _KINDS[code >> 40], code & _INDEX


class Places:
    """Segments by number for every set of keys that was met, as arrays that grow; `all` of them or the `sliding` ones."""

    def __init__(self) -> None:
        self._segments: list[int] = []
        self._begins: list[int] = []
        self._lengths: list[int] = []
        self._arrays: tuple[Ints, Ints, Ints] | None = None

    def add(self, segments: Sequence[int]) -> int:
        """The place of a new set of keys."""
        self._begins.append(len(self._segments))
        self._lengths.append(len(segments))
        self._segments += segments
        self._arrays = None
        return len(self._begins) - 1

    def expand(self, places: Ints) -> tuple[Ints, Ints]:
        """All segments of some places one after the other, and which of the places each belongs to."""
        if self._arrays is None:
            self._arrays = tuple(np.array(each, dtype=np.int64) for each in (self._segments, self._begins, self._lengths))  # type: ignore[assignment]
        segments, begins, lengths = self._arrays  # type: ignore[misc]
        rows, offsets = spread(lengths[places])
        return segments[begins[places][rows] + offsets], rows


def spread(lengths: Ints) -> tuple[Ints, Ints]:
    """Of runs of these lengths one after the other: to which run each item belongs, and its offset in it."""
    rows = np.repeat(np.arange(len(lengths)), lengths)
    begins = np.cumsum(lengths) - lengths
    return rows, np.arange(len(rows)) - begins[rows]


class Deltas(NamedTuple):
    """Changes of cells, as arrays of equal length: code of the pane, number of the segment, cell, value."""

    panes: Ints
    segments: Ints
    cells: Ints
    values: Ints


class Rows:
    """Cells by pane of one kind and place, as they are added up: one row for all segments of a place."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._rows: dict[int, Cells] = {}

    def get(self, index: int, place: int) -> Cells | None:
        """The row of a pane (by its index) and a place."""
        return self._rows.get(index << PLACE_BITS | place)

    def open(self, index: int, place: int) -> Cells:
        """A new row."""
        row = self._rows[index << PLACE_BITS | place] = {}
        return row

    def take(self, places: Places) -> Deltas:
        """All of it, for every segment; `panes` holds indices. Afterwards there is nothing."""
        rows, self._rows = self._rows, {}
        marks = np.fromiter(rows, np.int64, len(rows))
        lengths = np.fromiter(map(len, rows.values()), np.int64, len(rows))
        total = int(lengths.sum())
        cells = np.fromiter(chain.from_iterable(rows.values()), np.int64, total)
        values = np.fromiter(chain.from_iterable(row.values() for row in rows.values()), np.int64, total)
        segments, owners = places.expand(marks & ((1 << PLACE_BITS) - 1))
        which, offsets = spread(lengths[owners])
        found = (np.cumsum(lengths) - lengths)[owners][which] + offsets
        return Deltas((marks >> PLACE_BITS)[owners][which], segments[which], cells[found], values[found])


def joined(parts: Sequence[Deltas]) -> Deltas:
    """Several deltas as one."""
    return Deltas(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def begins(*columns: Ints) -> Ints:
    """Where something new begins in columns that are in order, or at least in runs; they are not empty."""
    differs = np.ones(len(columns[0]), dtype=bool)
    differs[1:] = columns[0][1:] != columns[0][:-1]
    for column in columns[1:]:
        differs[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(differs)


def _ranks(codes: Ints) -> tuple[Ints, Ints]:
    """The different codes in order, and for each item the rank of its code. They come in long runs, of which only the beginnings are sorted."""
    first = begins(codes)
    found, ranks = np.unique(codes[first], return_inverse=True)
    return found, np.repeat(ranks, np.diff(first, append=len(codes)))


def netted(deltas: Deltas, *, in_runs: bool = False) -> Deltas:
    """One delta for each cell of a segment in a pane, in this order, and none that is 0; `in_runs`: they already are few runs in this order."""
    if not len(deltas.panes):
        return deltas
    codes, ranks = _ranks(deltas.panes)
    places, totals = net(place_of(ranks, deltas.segments) | deltas.cells, deltas.values, in_runs=in_runs)
    ranks, segments, cells = parts_of(places)
    return Deltas(codes[ranks], segments, cells, totals)


def net(places: Ints, values: Ints, *, in_runs: bool) -> tuple[Ints, Ints]:
    """The sum for each place, in order, but for those that are 0. Where the places are few runs in order, a stable sort has only to merge them."""
    if not len(places):
        return places, values
    order = np.argsort(places, kind="stable" if in_runs else None)
    places = places[order]
    first = begins(places)
    totals = np.add.reduceat(values[order], first)
    kept = np.flatnonzero(totals)
    return places[first[kept]], totals[kept]


def place_of(ranks: Ints, segments: Ints) -> Ints:
    """The places of the cells 0 of some segments in panes of some ranks; a place is one whole number, and the next cell has the next."""
    return (ranks << (SEGMENT_BITS + CELL_BITS)) | (segments << CELL_BITS)


def parts_of(places: Ints) -> tuple[Ints, Ints, Ints]:
    """The numbers that places are made of: rank of a pane, segment, cell."""
    return places >> (SEGMENT_BITS + CELL_BITS), (places >> CELL_BITS) & ((1 << SEGMENT_BITS) - 1), places & ((1 << CELL_BITS) - 1)
