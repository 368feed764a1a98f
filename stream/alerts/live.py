"""What rules see of the running stream: the board's current sums at one tick. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stream.alerts.sight import Ratio
from stream.alerts.verdict import Floats, Ints
from stream.durations import HOUR
from stream.kpis.definition import Reading
from stream.state.panes import HOURS_KEPT
from stream.windows.figures import Figures


class LiveSight:
    """The figures of one tick; arrays have the shape (segments,)."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    @property
    def segments(self) -> Sequence[Mapping[str, str]]:
        """The segments, in the order of the arrays' first axis."""
        return self._figures.segments

    @property
    def ticks(self) -> Ints:
        """The tick in ms, shape ()."""
        return np.array(self._figures.now, dtype=np.int64)

    def ratio(self, metric: str, window: str) -> Ratio | None:
        """A percentage in a window; None where there is no such metric or it has no such window."""
        found = self._figures.proportion(metric, window)
        return Ratio(*found) if found else None

    def hourly(self, metric: str) -> Ratio | None:
        """A percentage by hour pane over all hour panes that are held, the last one under way; None where it is not kept so."""
        found = self._figures.hourly(metric, HOURS_KEPT)
        return Ratio(*found) if found else None

    @property
    def hours(self) -> Ints:
        """Indices of the hour panes of `hourly`."""
        last = self._figures.now // HOUR
        return np.arange(last - HOURS_KEPT + 1, last + 1, dtype=np.int64)

    def at_ticks(self, by_hour: Floats) -> Floats:
        """The values of the hour pane under way."""
        last: Floats = by_hour[..., -1]
        return last

    def intake(self, window: str) -> Ratio:
        """Dead letters of all records; nothing where that window is not summed."""
        found = self._figures.intake(window)
        if found is None:
            nothing = np.zeros(len(self.segments), dtype=np.int64)
            return Ratio(nothing, nothing)
        return Ratio(*found)

    def oldest(self) -> Floats:
        """Earliest opening of the tickets that wait, in ms; NaN where none waits."""
        return self._figures.oldest()

    def reading(self, metric: str, window: str, row: int) -> Reading | None:
        """Any metric of one segment."""
        return self._figures.reading(metric, window, row)
