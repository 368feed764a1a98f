"""The sums of one partition: cells by pane and segment, packed where nothing changes, and what changed since the last flush. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from stream.durations import HOUR, MINUTE
from stream.kpis.definition import Contribution
from stream.state import panes
from stream.state.panes import Cells

Row = dict[str, bytes]
OpenRow = dict[str, Cells]
BASE = 0


class Sums:
    """Hour panes, minute panes and the base below the hour panes. `minutes_from` and `hours_from` only grow."""

    def __init__(self) -> None:
        self.minutes_from = 0
        self.hours_from = 0
        self.weight = 0
        self._held: dict[str, dict[int, Row]] = {"H": {}, "N": {}, "B": {}}
        self._open: dict[str, dict[int, OpenRow]] = {"H": {}, "N": {}, "B": {}}

    def __len__(self) -> int:
        """Number of sums held, as of the last flush."""
        return sum(len(row) for rows in self._held.values() for row in rows.values())

    def load(self, kind: str, index: int, segment: str, packed: bytes | None) -> None:
        """Put back one sum from the changelog."""
        row = self._held[kind].setdefault(index, {})
        if packed is not None:
            row[segment] = packed
            return
        row.pop(segment, None)
        if not row:
            del self._held[kind][index]

    def apply(self, contribution: Contribution, sign: int) -> None:
        """Add (sign 1) or take back (sign -1) one contribution in every pane and segment it belongs to."""
        time, keys, upwards, cells = contribution
        hour, minute = (panes.hour_from(time), panes.minute_from(time)) if upwards else (time // HOUR, time // MINUTE)
        if hour >= self.hours_from:
            self._add("H", hour, keys.all, cells, sign)
        else:
            self._add("B", BASE, keys.all, cells, sign)
        if minute >= self.minutes_from:
            self._add("N", minute, keys.sliding, cells, sign)

    def advance(self, minutes_from: int, hours_from: int) -> None:
        """Let go of panes before these: minute panes are dropped, hour panes folded into the base."""
        if minutes_from > self.minutes_from:
            self.minutes_from = minutes_from
            for index, segment in self._before("N", minutes_from):
                self._cells("N", index, segment).clear()
        if hours_from > self.hours_from:
            self.hours_from = hours_from
            for index, segment in self._before("H", hours_from):
                self._fold(self._cells("H", index, segment), self._cells("B", BASE, segment))

    def _fold(self, pane: Cells, base: Cells) -> None:
        for cell, value in pane.items():
            base[cell] = base.get(cell, 0) + value
        pane.clear()

    def _before(self, kind: str, index: int) -> list[tuple[int, str]]:
        held = [(found, segment) for found, row in self._held[kind].items() if found < index for segment in row]
        return held + [(found, segment) for found, changed in self._open[kind].items() if found < index for segment in changed]

    def _add(self, kind: str, index: int, segments: tuple[str, ...], cells: tuple[tuple[int, int], ...], sign: int) -> None:
        row = self._open[kind].get(index)
        if row is None:
            row = self._open[kind][index] = {}
        for segment in segments:
            found = row.get(segment)
            if found is None:
                found = self._cells(kind, index, segment)
            for cell, value in cells:
                found[cell] = found.get(cell, 0) + sign * value
        self.weight += 8 * len(segments) * len(cells)

    def _cells(self, kind: str, index: int, segment: str) -> Cells:
        """The cells of one sum, unpacked for changing."""
        row = self._open[kind].setdefault(index, {})
        cells = row.get(segment)
        if cells is None:
            packed = self._held[kind].get(index, {}).get(segment)
            cells = row[segment] = panes.unpack(packed)
            self.weight += 48 + (len(packed) if packed else 0)
        return cells

    def close(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Pack everything that changed; gives a record for each, with None for a sum that is empty now."""
        for kind, rows in self._open.items():
            held = self._held[kind]
            for index, row in rows.items():
                for segment, cells in row.items():
                    packed = panes.pack(cells)
                    if packed is None and segment not in held.get(index, {}):
                        continue
                    self.load(kind, index, segment, packed)
                    yield panes.encode_key(kind, index, segment), packed
            rows.clear()
        self.weight = 0

    def records(self) -> Iterator[tuple[bytes, bytes]]:
        """Everything that is held, as records."""
        for kind, rows in self._held.items():
            for index, row in rows.items():
                for segment, packed in row.items():
                    yield panes.encode_key(kind, index, segment), packed

    def get(self, key: bytes) -> bytes | None:
        """The packed sum of one key, as of the last flush."""
        kind, index, segment = panes.decode_key(key)
        return self._held[kind].get(index, {}).get(segment)
