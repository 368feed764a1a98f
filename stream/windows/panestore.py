"""All panes of all partitions as the scorer holds them: packed sums by pane, partition and segment. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from stream.state import panes

Ints = npt.NDArray[np.int64]
BASE_PANE = -(2**40)
"""Hour panes are folded into this one when they grow old."""


class Changes(NamedTuple):
    """Cells of panes of one kind, as arrays of equal length: pane index, row of the segment, number of the cell, value."""

    panes: Ints
    rows: Ints
    cells: Ints
    values: Ints


class PaneStore:
    """Packed sums of all partitions. `cells` numbers every cell that is read; others are ignored."""

    def __init__(self, cells: Sequence[int]) -> None:
        self._numbers = {cell: number for number, cell in enumerate(cells)}
        self._held: dict[str, dict[int, dict[tuple[int, int], bytes]]] = {"H": {}, "N": {}}
        self._changed: dict[str, list[tuple[int, int, int, int]]] = {"H": [], "N": []}

    def update(self, kind: str, index: int, partition: int, row: int, packed: bytes | None) -> None:
        """Replace one sum of one partition; what differs waits in `changes`."""
        if kind == "B":
            kind, index = "H", BASE_PANE
        pane = self._held[kind].setdefault(index, {})
        place = partition, row
        before = pane.get(place)
        if before == packed:
            return
        if packed is None:
            del pane[place]
            if not pane:
                del self._held[kind][index]
        else:
            pane[place] = packed
        self._note(kind, index, row, panes.unpack(before), panes.unpack(packed))

    def _note(self, kind: str, index: int, row: int, before: panes.Cells, after: panes.Cells) -> None:
        changed, numbers = self._changed[kind], self._numbers
        for cell, value in after.items():
            difference = value - before.pop(cell, 0)
            if difference and cell in numbers:
                changed.append((index, row, numbers[cell], difference))
        changed.extend((index, row, numbers[cell], -value) for cell, value in before.items() if cell in numbers)

    def changes(self) -> Iterator[tuple[str, Changes]]:
        """What has changed since the last call, by kind of pane."""
        for kind, changed in self._changed.items():
            if changed:
                yield kind, _arrays(changed)
                changed.clear()

    def content(self, kind: str, first: int, last: int) -> Changes | None:
        """Everything in the panes first..last; None where they are empty."""
        held, numbers = self._held[kind], self._numbers
        cells = [
            (index, row, numbers[cell], value)
            for index in self._indices(kind, first, last)
            for (_, row), packed in held[index].items()
            for cell, value in panes.unpack(packed).items()
            if cell in numbers
        ]
        return _arrays(cells) if cells else None

    def _indices(self, kind: str, first: int, last: int) -> list[int]:
        held = self._held[kind]
        if last - first < len(held):
            return [index for index in range(first, last + 1) if index in held]
        return [index for index in held if first <= index <= last]


def _arrays(cells: list[tuple[int, int, int, int]]) -> Changes:
    return Changes(*np.array(cells, dtype=np.int64).T)
