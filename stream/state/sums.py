"""The sums of one partition: cells by pane and segment, packed in pages where nothing changes, and what changed since the last flush. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from stream.durations import HOUR, MINUTE
from stream.errors import LimitReached
from stream.kpis.definition import FROM, LEVELS, MINUTES, Contribution
from stream.segments import Keys
from stream.state import panes
from stream.state.deltas import SEGMENT_BITS, Deltas, Places, Rows, begins, code_of, joined, netted, pane_of
from stream.state.panes import SLOT_BITS, Cells, Page, hour_from, minute_from, narrow

BASE = 0
MOST_SEGMENTS = 1 << SEGMENT_BITS
_PAGE_OVERHEAD, _ROW_WEIGHT = 64, 600
_MOST_FOLDED, _MOST_DROPPED = 64, 50_000
"""Pages of hour and of minute panes that one flush lets go; one of an hour changes up to 16 of the base, each of up to 8 KB."""


class _Held(NamedTuple):
    packed: bytes
    segments: int


class Sums:
    """Hour panes and minute panes, those of levels apart, and the base below the hour panes. `minutes_from` and `hours_from` only grow.

    `numbers_given`: how many segments have a number; none is ever given to another, not even when nothing is left of its segment.
    """

    def __init__(self) -> None:
        self.minutes_from = 0
        self.hours_from = 0
        self.weight = 0
        self._names: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._named: dict[int, set[int]] = {}
        self.numbers_given = 0
        self._held: dict[str, dict[int, dict[int, _Held]]] = {kind: {} for kind in SLOT_BITS}
        self._count = 0
        self._places: dict[int, int] = {}
        self._pages_of_place: list[tuple[int, ...]] = []
        self._whole, self._sliding = Places(), Places()
        self._hours, self._level_hours = Rows("H"), Rows("O")
        self._minutes, self._level_minutes = Rows("N"), Rows("D")
        self._folded: list[Deltas] = []
        self.lets_go = False
        """Whether more panes are to be let go with the next flush."""
        self._dropped: dict[tuple[str, int, int], None] = {}
        self._weighed: set[tuple[str, int, int]] = set()

    def __len__(self) -> int:
        """Number of sums (of a pane and segment) held, as of the last flush."""
        return self._count

    # -- changes

    def apply(self, contribution: Contribution, sign: int) -> None:
        """Add (sign 1) or take back (sign -1) one contribution in every pane and segment it belongs to."""
        time, keys, counted, cells = contribution
        place = self._places.get(keys.number)
        if place is None:
            place = self._new_place(keys)
        hour = hour_from(time) if counted & FROM else time // HOUR
        rows = self._level_hours if counted & LEVELS else self._hours
        row = rows.get(hour, place)
        if row is None:
            row = self._open(rows, hour, place)
        for cell, value in cells:
            row[cell] = row.get(cell, 0) + sign * value
        if not counted & MINUTES:
            return
        minute = minute_from(time) if counted & FROM else time // MINUTE
        if minute < self.minutes_from:
            return
        rows = self._level_minutes if counted & LEVELS else self._minutes
        row = rows.get(minute, place)
        if row is None:
            row = self._open(rows, minute, place)
        for cell, value in cells:
            row[cell] = row.get(cell, 0) + sign * value

    def _new_place(self, keys: Keys) -> int:
        numbers, sliding = [self._number(name) for name in keys.all], [self._number(name) for name in keys.sliding]
        place = self._places[keys.number] = self._whole.add(numbers)
        self._sliding.add(sliding)
        self._pages_of_place.append(tuple({number >> SLOT_BITS["H"] for number in (*numbers, *sliding)}))
        return place

    def _open(self, rows: Rows, index: int, place: int) -> Cells:
        """A new row; its pages are counted as parts of the next flush, although others may have been counted for another row of the pane."""
        held = self._held[rows.kind].get(index, {})
        for page in self._pages_of_place[place]:
            mark = rows.kind, index, page
            if mark not in self._weighed:
                self._weighed.add(mark)
                found = held.get(page)
                self.weight += _PAGE_OVERHEAD + (len(found.packed) if found else 0)
        self.weight += _ROW_WEIGHT
        return rows.open(index, place)

    def _number(self, name: str) -> int:
        number = self._numbers.get(name)
        if number is None:
            if self.numbers_given >= MOST_SEGMENTS:
                raise LimitReached("segments", MOST_SEGMENTS)
            number = self._numbers[name] = self.numbers_given
            self._names[number] = name
            self.numbers_given += 1
        return number

    def advance(self, minutes_from: int, hours_from: int, share: float = 1.0) -> None:
        """Let go of panes before these, of so many pages a flush (or `share` of them): minute panes are dropped, hour panes folded into the base."""
        if minutes_from <= self.minutes_from and hours_from <= self.hours_from and not self.lets_go:
            return
        self.minutes_from, self.hours_from = max(minutes_from, self.minutes_from), max(hours_from, self.hours_from)
        minutes = self._before(self.minutes_from, self._minutes, self._level_minutes)
        hours = self._before(self.hours_from, self._hours, self._level_hours)
        dropped, folded = max(1, int(share * _MOST_DROPPED)), max(1, int(share * _MOST_FOLDED))
        self.lets_go = len(minutes) > dropped or len(hours) > folded
        found = self._deltas(hours[:folded])
        self._folded.append(found._replace(panes=np.full(len(found.panes), code_of("B", BASE))))
        self._dropped.update(dict.fromkeys([*minutes[:dropped], *hours[:folded]]))

    def _before(self, first: int, *kinds: Rows) -> list[tuple[str, int, int]]:
        """Pages of panes before one."""
        return [(rows.kind, index, page) for rows in kinds for index, pages in self._held[rows.kind].items() if index < first for page in pages]

    # -- flush

    def close(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Pack everything that changed; gives a record for each page, with None for one that is empty now."""
        hours, minutes = map(self._of_hours, (self._hours, self._level_hours)), map(self._of_minutes, (self._minutes, self._level_minutes))
        changes = netted(joined([*hours, *minutes, *self._folded]))
        self._folded = []
        touched = list(dict.fromkeys(_pages_of(changes)))
        held = self._deltas([place for place in touched if self._packed(*place) is not None])
        kept: set[tuple[str, int, int]] = set()
        for place, page in self._packed_pages(netted(joined([changes, held]), in_runs=True)):
            kept.add(place)
            yield self._put(place, page)
        for place in (*touched, *self._dropped):
            if place not in kept and self._packed(*place) is not None:
                yield self._put(place, None)
        self._dropped = {}
        self._weighed.clear()
        self.weight = 0

    def _of_hours(self, rows: Rows) -> Deltas:
        found = rows.take(self._whole)
        codes = np.where(found.panes >= self.hours_from, code_of(rows.kind, 0) + found.panes, code_of("B", BASE))
        return found._replace(panes=codes)

    def _of_minutes(self, rows: Rows) -> Deltas:
        found = rows.take(self._sliding)
        kept = found.panes >= self.minutes_from
        return Deltas(code_of(rows.kind, 0) + found.panes[kept], *(column[kept] for column in found[1:]))

    def _packed(self, kind: str, index: int, page: int) -> bytes | None:
        held = self._held[kind].get(index, {}).get(page)
        return None if held is None else held.packed

    def _put(self, place: tuple[str, int, int], page: Page | None) -> tuple[bytes, bytes | None]:
        kind, index, number = place
        packed = None if page is None else panes.pack(page)
        self._hold(kind, index, number, packed, 0 if page is None else len(page.slots))
        return panes.encode_key(kind, index, str(number)), packed

    def _hold(self, kind: str, index: int, page: int, packed: bytes | None, segments: int) -> None:
        row = self._held[kind].setdefault(index, {})
        before = row.pop(page, None)
        self._count += segments - (before.segments if before else 0)
        if packed is not None:
            row[page] = _Held(packed, segments)
        if not row:
            del self._held[kind][index]

    def _deltas(self, places: list[tuple[str, int, int]]) -> Deltas:
        """Everything in some pages."""
        held = panes.content(packed for place in places if (packed := self._packed(*place)) is not None)
        firsts = np.array([page << SLOT_BITS[kind] for kind, _, page in places], dtype=np.int64)
        codes = np.array([code_of(kind, index) for kind, index, _ in places], dtype=np.int64)
        numbers = np.repeat(firsts, held.segments) + held.slots
        return Deltas(np.repeat(np.repeat(codes, held.segments), held.counts), np.repeat(numbers, held.counts), held.cells, held.values)

    def _packed_pages(self, content: Deltas) -> Iterator[tuple[tuple[str, int, int], Page]]:
        """The pages that some content makes; it is in order of pane, segment and cell."""
        if not len(content.panes):
            return
        new_segment = begins(content.panes, content.segments)
        counts = np.diff(np.append(new_segment, len(content.panes)))
        codes, segments = content.panes[new_segment], content.segments[new_segment]
        bits = np.where(codes == code_of("B", BASE), SLOT_BITS["B"], SLOT_BITS["H"])
        numbers = segments >> bits
        slots = segments - (numbers << bits)
        new_page = begins(codes, numbers)
        page_edges = np.append(new_page, len(segments))
        cell_edges = np.append(new_segment[new_page], len(content.cells))
        steps, values = narrow(panes.steps_of(content.cells, new_segment), cell_edges), narrow(content.values, cell_edges)
        names = [self._names[number] for number in segments.tolist()]
        slot_bytes, count_bytes = slots.astype("u1").tobytes(), counts.astype("<u4").tobytes()
        for (begin, end), own_steps, own_values in zip(pairwise(page_edges.tolist()), steps, values, strict=True):
            page = Page(panes.pack_names(names[begin:end]), slot_bytes[begin:end], count_bytes[4 * begin : 4 * end], *own_steps, *own_values)
            yield (*pane_of(int(codes[begin])), int(numbers[begin])), page

    # -- recovery

    def load(self, kind: str, index: int, page: int, packed: bytes | None) -> None:
        """Put back one page from the changelog."""
        found = panes.unpack(packed)
        first = page << SLOT_BITS[kind]
        named = self._named.setdefault(first, set())
        if not named.issuperset(found.slots):  # a segment keeps its number, so mostly other panes have named them all
            named.update(found.slots)
            self._name(first, found)
        self._hold(kind, index, page, packed, len(found.slots))

    def _name(self, first: int, page: Page) -> None:
        """Take in which segments have the numbers of a page."""
        for name, slot in zip(page.names, page.slots, strict=True):
            self._names[first + slot] = name
            self._numbers[name] = first + slot
            self.numbers_given = max(self.numbers_given, first + slot + 1)

    def get(self, kind: str, index: int, page: int) -> bytes | None:
        """A packed page, as of the last flush."""
        return self._packed(kind, index, page)

    def cells(self) -> dict[tuple[str, int, str], Cells]:
        """Everything that is held, by kind and index of the pane and the segment; for whoever compares."""
        return {
            (kind, index, name): cells
            for kind, rows in self._held.items()
            for index, row in rows.items()
            for held in row.values()
            for name, cells in panes.cells_by_segment(held.packed).items()
        }


def _pages_of(changes: Deltas) -> Iterator[tuple[str, int, int]]:
    """The pages that changes lie in, in order, some more than once."""
    if not len(changes.panes):
        return
    bits = np.where(changes.panes == code_of("B", BASE), SLOT_BITS["B"], SLOT_BITS["H"])
    numbers = changes.segments >> bits
    for begin in begins(changes.panes, numbers).tolist():
        yield (*pane_of(int(changes.panes[begin])), int(numbers[begin]))
