"""All panes of all partitions as the scorer holds them: packed pages, by pane, partition and page. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stream.state import panes
from stream.state.deltas import Deltas, netted
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
_KINDS = [kind for kind in SLOT_BITS if kind != "B"]


class _Held(NamedTuple):
    """A page of a pane: number of the partition, number of the page, packed content."""

    partition: int
    page: int
    pane: int
    packed: bytes


class PaneStore:
    """Sums of all partitions. `cells` numbers every cell that is read; others are ignored, and so are segments that nobody has named."""

    def __init__(self, cells: Sequence[int]) -> None:
        self._numbers: Ints = np.full(max(cells) + 1, -1, dtype=np.int64)
        self._numbers[list(cells)] = np.arange(len(cells))
        self._rows: dict[int, Ints] = {}
        self._held: dict[str, dict[int, dict[tuple[int, int], bytes]]] = {kind: {} for kind in _KINDS}
        self._changed: dict[str, list[tuple[int, tuple[int, int], bytes | None, bytes | None]]] = {kind: [] for kind in _KINDS}

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
        self._changed[kind].append((index, place, before, packed))

    def number(self, cell: int) -> int:
        """Number of a cell in `Changes`; -1 where nobody reads it."""
        return int(self._numbers[cell]) if cell < len(self._numbers) else -1

    def changes(self) -> Iterator[tuple[str, Changes]]:
        """What has changed since the last call, by kind of pane; cells that came out the same are left out."""
        for kind, changed in self._changed.items():
            if changed:
                old = self._content([_Held(*place, index, before) for index, place, before, _ in changed if before is not None])
                new = self._content([_Held(*place, index, after) for index, place, _, after in changed if after is not None])
                changed.clear()
                joined = Deltas(*(np.concatenate(pair) for pair in zip(old._replace(values=-old.values), new, strict=True)))
                yield kind, Changes(*netted(joined))

    def content(self, kind: str, first: int, last: int) -> Changes | None:
        """Everything in the panes first..last; None where they are empty."""
        held = self._held[kind]
        found = [_Held(*place, index, packed) for index in self._indices(kind, first, last) for place, packed in held[index].items()]
        return self._content(found) if found else None

    def _indices(self, kind: str, first: int, last: int) -> list[int]:
        held = self._held[kind]
        if last - first < len(held):
            return [index for index in range(first, last + 1) if index in held]
        return [index for index in held if first <= index <= last]

    def _content(self, held: list[_Held]) -> Changes:
        """The cells of pages that somebody reads; pages come out in the order of their partitions."""
        held.sort(key=_partition)
        found = panes.content(each.packed for each in held)
        firsts = np.array([each.page if each.pane == BASE_PANE else each.page << SLOT_BITS["H"] for each in held], dtype=np.int64)
        rows = np.repeat(self._rows_of(held, np.repeat(firsts, found.segments) + found.slots, found.segments), found.counts)
        indices = np.repeat(np.repeat(np.array([each.pane for each in held], dtype=np.int64), found.segments), found.counts)
        known = found.cells < len(self._numbers)
        numbers = np.where(known, self._numbers[np.where(known, found.cells, 0)], -1)
        used = (numbers >= 0) & (rows >= 0)
        return Changes(indices[used], rows[used], numbers[used], found.values[used])

    def _rows_of(self, held: Sequence[_Held], segments: Ints, segments_each: Ints) -> Ints:
        """The rows of segments by their numbers, which are those of a partition each."""
        edges = np.concatenate(([0], np.cumsum(segments_each)))
        found, begin = [_NO_ROWS], 0
        for partition, pages in groupby(held, _partition):
            end = begin + sum(1 for _ in pages)
            found.append(self._rows[partition][segments[edges[begin] : edges[end]]])
            begin = end
        return np.concatenate(found)


def _partition(held: _Held) -> int:
    return held.partition
