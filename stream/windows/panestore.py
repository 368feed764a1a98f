"""All panes of all partitions as the scorer holds them: packed sums by pane, partition and segment. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stream.state.panes import CELL_BYTES

Ints = npt.NDArray[np.int64]
BASE_PANE = -(2**40)
"""Hour panes are folded into this one when they grow old."""
_CELL = np.dtype([("cell", "<u4"), ("value", "<i8")])


class Changes(NamedTuple):
    """Cells of panes of one kind, as arrays of equal length: pane index, row of the segment, number of the cell, value."""

    panes: Ints
    rows: Ints
    cells: Ints
    values: Ints


class PaneStore:
    """Packed sums of all partitions. `cells` numbers every cell that is read; others are ignored."""

    def __init__(self, cells: Sequence[int]) -> None:
        self._numbers: Ints = np.full(max(cells) + 1, -1, dtype=np.int64)
        self._numbers[list(cells)] = np.arange(len(cells))
        self._held: dict[str, dict[int, dict[tuple[int, int], bytes]]] = {"H": {}, "N": {}}
        self._changed: dict[str, list[tuple[int, int, bytes, bytes]]] = {"H": [], "N": []}

    def update(self, kind: str, index: int, partition: int, row: int, packed: bytes | None) -> None:
        """Replace one sum of one partition; what differs waits in `changes`."""
        if kind == "B":
            kind, index = "H", BASE_PANE
        pane = self._held[kind].setdefault(index, {})
        place = partition, row
        before = pane.get(place, b"")
        if packed:
            pane[place] = packed
        else:
            pane.pop(place, None)
            if not pane:
                del self._held[kind][index]
        self._changed[kind].append((index, row, before, packed or b""))

    def number(self, cell: int) -> int:
        """Number of a cell in `Changes`; -1 where nobody reads it."""
        return int(self._numbers[cell]) if cell < len(self._numbers) else -1

    def changes(self) -> Iterator[tuple[str, Changes]]:
        """What has changed since the last call, by kind of pane; cells that came out the same are left out."""
        for kind, changed in self._changed.items():
            if changed:
                panes, rows, before, after = zip(*changed, strict=True)
                changed.clear()
                yield kind, _netted(self._arrays(panes, rows, before, -1), self._arrays(panes, rows, after, 1))

    def content(self, kind: str, first: int, last: int) -> Changes | None:
        """Everything in the panes first..last; None where they are empty."""
        held = self._held[kind]
        found = [(index, row, packed) for index in self._indices(kind, first, last) for (_, row), packed in held[index].items()]
        if not found:
            return None
        panes, rows, packed_sums = zip(*found, strict=True)
        return self._arrays(panes, rows, packed_sums, 1)

    def _indices(self, kind: str, first: int, last: int) -> list[int]:
        held = self._held[kind]
        if last - first < len(held):
            return [index for index in range(first, last + 1) if index in held]
        return [index for index in held if first <= index <= last]

    def _arrays(self, panes: Sequence[int], rows: Sequence[int], packed: Sequence[bytes], sign: int) -> Changes:
        """The cells of many packed sums as arrays."""
        cells = np.frombuffer(b"".join(packed), dtype=_CELL)
        counts = np.fromiter(map(len, packed), dtype=np.int64, count=len(packed)) // CELL_BYTES
        known = cells["cell"] < len(self._numbers)
        numbers = np.where(known, self._numbers[np.where(known, cells["cell"], 0)], -1)
        used = numbers >= 0
        places = np.repeat(np.array(panes, dtype=np.int64), counts), np.repeat(np.array(rows, dtype=np.int64), counts)
        return Changes(places[0][used], places[1][used], numbers[used], sign * cells["value"][used])


def _netted(before: Changes, after: Changes) -> Changes:
    """The sum of two sets of changes, cell by cell, without what comes to nothing."""
    panes, rows, cells, values = (np.concatenate(pair) for pair in zip(before, after, strict=True))
    order = np.lexsort((cells, rows, panes))
    panes, rows, cells, values = panes[order], rows[order], cells[order], values[order]
    if not len(panes):
        return Changes(panes, rows, cells, values)
    new = np.concatenate(([True], (np.diff(panes) != 0) | (np.diff(rows) != 0) | (np.diff(cells) != 0)))
    begins = np.nonzero(new)[0]
    totals = np.add.reduceat(values, begins)
    kept = begins[totals != 0]
    return Changes(panes[kept], rows[kept], cells[kept], totals[totals != 0])
