"""Figures of all segments of a table at once, as rules, metrics and explanations read them: the current sums, published or not. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from stream.durations import DAY, HOUR, MINUTE
from stream.kpis.definition import OLDEST_WAITING, Metric, Reading, Span
from stream.kpis.registry import kpi_cells
from stream.state.panes import HOURS_A_DAY, HOURS_KEPT, MINUTES_KEPT
from stream.windows.levels import Floats, LevelPanel
from stream.windows.panel import Panel
from stream.windows.panestore import Ints
from stream.windows.table import INTAKE, Table

HOURS_A_WEEK = 7 * HOURS_A_DAY
_PANES_AT_ONCE = 16
"""Panes that are unpacked together: those of an hour or a month at once took hundreds of megabytes for a moment."""


class Parts(NamedTuple):
    """A proportion of every segment: `part` of `whole`."""

    part: Ints
    whole: Ints


class Figures:
    """Reads a table as it stands; `now` in ms."""

    def __init__(self, table: Table, now: int) -> None:
        self._table = table
        self.now = now
        self._places = table.places

    @property
    def segments(self) -> Sequence[Mapping[str, str]]:
        """Values of every segment, in the order of all arrays."""
        return self._table.segments

    def row(self, segment: str) -> int | None:
        """Row of a segment's canonical text; None where nothing was ever counted in it."""
        return self._table.rows.get(segment)

    def metric(self, name: str, window: str) -> Metric | None:
        """A metric by name, if it has that window."""
        place = self._places.get((name, window))
        return place[1] if place else None

    def proportion(self, metric: str, window: str) -> Parts | None:
        """A percentage of every segment in a window, shape (segments,); None where there is none."""
        place = self._places.get((metric, window))
        if place is None or place[1].ratio is None:
            return None
        panel, found = place
        rows = len(self.segments)
        return Parts(panel.column(found.ratio.part, rows), panel.column(found.ratio.whole, rows)) if found.ratio else None

    def before(self, metric: str, window: str) -> Parts | None:
        """The same in the window of the same length before it; None where its panes are not all held."""
        place = self._places.get((metric, window))
        if place is None or place[1].ratio is None or place[0].window.panes is None:
            return None
        panel, found = place
        last = panel.window.last(self.now) - place[0].window.panes
        first = last - place[0].window.panes + 1
        if first < self._held_from(panel):
            return None
        return self._sum(panel.kind, first, last, found)

    def last_week(self, metric: str, window: str) -> Parts | None:
        """The same whole hours a week before, for windows of 1h to 24h; None for others."""
        place = self._places.get((metric, window))
        length = place[0].window.length() if place else None
        if place is None or length is None or not HOUR <= length <= DAY or place[0].window.shift:
            return None
        last = self.now // HOUR - HOURS_A_WEEK
        return self._sum("H", last - -(-length // HOUR) + 1, last, place[1])

    def between(self, metric: str, window: str, begin: int, end: int) -> Parts | None:
        """The proportion from one time to another (ms), by the panes they lie in: minutes where these are held of it, else hours."""
        place = self._places.get((metric, window))
        if place is None or place[1].ratio is None:
            return None
        if place[1].span is Span.SLIDING and begin // MINUTE >= self.now // MINUTE - MINUTES_KEPT:
            return self._sum("N", begin // MINUTE, end // MINUTE, place[1])
        return self._sum("H", begin // HOUR, end // HOUR, place[1])

    def _held_from(self, panel: Panel) -> int:
        """First pane that is still held. Minute panes reach back 8 h, hour panes 40 days: twice every window but 30 days."""
        return self.now // panel.window.pane - (MINUTES_KEPT if panel.kind == "N" else HOURS_KEPT)

    def _sum(self, kind: str, first: int, last: int, metric: Metric) -> Parts:
        rows = len(self.segments)
        part, whole = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64)
        for begin in range(first, last + 1, _PANES_AT_ONCE):
            content = self._table.store.content(kind, begin, min(begin + _PANES_AT_ONCE - 1, last))
            if content is not None and metric.ratio is not None:
                for cells, total in ((metric.ratio.part, part), (metric.ratio.whole, whole)):
                    for cell in cells:
                        own = content.cells == self._table.store.number(cell)
                        np.add.at(total, content.rows[own], content.values[own])
        return Parts(part, whole)

    def hourly(self, metric: str, hours: int) -> Parts | None:
        """A percentage by hour pane, shape (segments, hours), the last one under way; None where it is not kept so."""
        ratio = self._table.hourly_ratios.get(metric)
        if ratio is None:
            return None
        last, rows = self.now // HOUR, len(self.segments)
        first = last - hours + 1
        return Parts(self._table.hourly.total(ratio.part, first, last, rows), self._table.hourly.total(ratio.whole, first, last, rows))

    def intake(self, window: str) -> Parts | None:
        """Dead letters of all records, of every segment (only everything has any); None where that window is not summed."""
        panel = self._table.intake.get(window)
        if panel is None:
            return None
        records, dead = kpi_cells(INTAKE)
        rows = len(self.segments)
        return Parts(panel.column([dead], rows), panel.column([records], rows))

    def oldest(self) -> Floats:
        """Earliest opening of the waiting tickets in ms, shape (segments,); NaN where none waits."""
        rows = len(self.segments)
        levels = self._levels()
        return np.full(rows, np.nan) if levels is None else levels.oldest(rows)

    def oldest_ticket(self, row: int) -> str | None:
        """The waiting ticket of one segment that was opened first; of two opened at once the one with the smaller name. None where none waits."""
        levels = self._levels()
        found = None if levels is None else levels.oldest_of(OLDEST_WAITING, row)
        return None if found is None else found[1]

    def _levels(self) -> LevelPanel | None:
        return next((panel for panel in self._table.panels if isinstance(panel, LevelPanel)), None)

    def reading(self, metric: str, window: str, row: int) -> Reading | None:
        """One metric of one segment; None where nothing is counted, or it has no such window."""
        place = self._places.get((metric, window))
        return place[1].read(place[0].sums(row)) if place else None
