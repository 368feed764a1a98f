"""What rules see of history: the figures of many segments at many ticks, from running sums over minute and hour panes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stream import durations
from stream.alerts.sight import Ratio
from stream.alerts.verdict import Floats, Ints
from stream.backtest.history import MINUTES_AN_HOUR, Entries, History, Membership, membership
from stream.backtest.waits import by_row
from stream.durations import MINUTE
from stream.kpis.definition import Reading
from stream.kpis.registry import all_metrics
from stream.state.panes import HOURS_KEPT
from stream.windows.spans import PaneWindow, window_of


class Replay:
    """A history with what its sights share: its segments, and running sums by hour pane."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.members: Membership = membership(history)
        self._first_hour, self._last_hour = _hours_of(history)
        self.waits = by_row(history.waits, self.members.rows)
        self._spans = {metric.name: metric.span for _, metric in all_metrics()}
        self._hours: dict[str, Ratio] = {}

    def window(self, metric: str, name: str) -> PaneWindow | None:
        """The panes of a window of a metric; None where it has no such window."""
        if metric not in self.history.cases:
            return None
        return window_of(name, self._spans[metric])

    def before(self, metric: str, hours: Ints) -> Ratio:
        """What all hour panes before each of these held, (segments, hours)."""
        found = self._hours.get(metric)
        if found is None:
            long = self.history.cases[metric].long
            dense = by_pane(long._replace(minutes=long.minutes // MINUTES_AN_HOUR), self.members, self._first_hour, self._last_hour)
            found = self._hours[metric] = Ratio(running(dense.part), running(dense.whole))
        places = np.clip(hours, self._first_hour, self._last_hour + 1) - self._first_hour
        return Ratio(found.part[:, places], found.whole[:, places])


class ReplaySight:
    """A stretch of history: ticks at the end of the minute panes first..last, arrays of the shape (segments, ticks)."""

    def __init__(self, replay: Replay, first: int, last: int) -> None:
        self._replay = replay
        self._minutes: Ints = np.arange(first, last + 1, dtype=np.int64)
        self._so_far_of: dict[str, Ratio] = {}

    @property
    def segments(self) -> Sequence[Mapping[str, str]]:
        """The segments, in the order of the arrays' first axis."""
        return self._replay.members.segments

    @property
    def ticks(self) -> Ints:
        """The last millisecond of every minute pane: all that the pane will ever hold has happened by then."""
        return (self._minutes + 1) * MINUTE - 1

    def ratio(self, metric: str, window: str) -> Ratio | None:
        """A percentage in a window; None where there is no such metric or it has no such window."""
        found = self._replay.window(metric, window)
        if found is None:
            return None
        return self._over_minutes(metric, found) if found.pane == MINUTE else self._over_hours(metric, found)

    def hourly(self, metric: str) -> Ratio | None:
        """A percentage by hour pane, (segments, hours); None where history does not hold it."""
        if metric not in self._replay.history.cases:
            return None
        first, last = int(self.hours[0]), int(self.hours[-1])
        before = self._replay.before(metric, np.arange(first, last + 2))
        return Ratio(np.diff(before.part), np.diff(before.whole))

    @property
    def hours(self) -> Ints:
        """The hour panes that were held at the first tick, and all since."""
        first, last = self._minutes[[0, -1]] // MINUTES_AN_HOUR
        return np.arange(first - HOURS_KEPT + 1, last + 1, dtype=np.int64)

    def at_ticks(self, by_hour: Floats) -> Floats:
        """Values of the last hour pane that was over at each tick."""
        over = (self._minutes + 1) // MINUTES_AN_HOUR - 1
        found: Floats = by_hour[..., over - self.hours[0]]
        return found

    def intake(self, window: str) -> Ratio:
        """Dead letters of all records, the same for every segment; to the minute in windows of every length."""
        whole = Membership(({},), np.zeros((1, 1), dtype=np.int64))
        found = self._sliding(self._replay.history.intake, whole, durations.parse(window) // MINUTE)
        shape = len(self.segments), len(self._minutes)
        return Ratio(np.broadcast_to(found.part, shape), np.broadcast_to(found.whole, shape))

    def oldest(self) -> Floats:
        """Earliest opening (ms) of the tickets that waited; NaN where none did, or history does not know."""
        found: Floats = np.full((len(self.segments), len(self._minutes)), np.nan)
        for row, steps in self._replay.waits.items():
            found[row] = steps.at(self.ticks)
        return found

    def reading(self, metric: str, window: str, row: int) -> Reading | None:
        """Nothing: only percentages are replayed."""
        del metric, window, row
        return None

    def _over_minutes(self, metric: str, window: PaneWindow) -> Ratio:
        return self._sliding(self._replay.history.cases[metric].short, self._replay.members, window.panes or 0)

    def _sliding(self, found: Entries, members: Membership, panes: int) -> Ratio:
        """Sums of so many minute panes, the tick's among them."""
        first, last = int(self._minutes[0]), int(self._minutes[-1])
        sums = (running(dense) for dense in by_pane(found, members, first - panes + 1, last))
        return Ratio(*(total[:, panes:] - total[:, :-panes] for total in sums))

    def _over_hours(self, metric: str, window: PaneWindow) -> Ratio:
        """Sums of hour panes, that of the tick's hour as far as it has come."""
        hours = self._minutes // MINUTES_AN_HOUR - window.shift
        begins = None if window.panes is None else hours - window.panes + 1
        until = self._so_far(metric) if window.shift == 0 else self._replay.before(metric, hours + 1)
        if begins is None:
            return until
        before = self._replay.before(metric, begins)
        return Ratio(until.part - before.part, until.whole - before.whole)

    def _so_far(self, metric: str) -> Ratio:
        """Everything that hour panes hold at each tick."""
        found = self._so_far_of.get(metric)
        if found is None:
            hour = int(self._minutes[0]) // MINUTES_AN_HOUR
            begin = hour * MINUTES_AN_HOUR
            before = self._replay.before(metric, np.array([hour]))
            own = by_pane(self._replay.history.cases[metric].long, self._replay.members, begin, int(self._minutes[-1]))
            skipped = int(self._minutes[0]) - begin
            sums = (earlier + np.cumsum(dense, axis=1)[:, skipped:] for earlier, dense in zip(before, own, strict=True))
            found = self._so_far_of[metric] = Ratio(*sums)
        return found


def _hours_of(history: History) -> tuple[int, int]:
    """First and last hour pane that holds anything."""
    edges = [int(pane) for own in history.cases.values() if len(own.long.minutes) for pane in own.long.minutes[[0, -1]]]
    edges += [history.first, history.last]
    return min(edges) // MINUTES_AN_HOUR, max(edges) // MINUTES_AN_HOUR


def by_pane(found: Entries, members: Membership, first: int, last: int) -> Ratio:
    """Entries as arrays of the shape (segments, panes first..last)."""
    begin, end = np.searchsorted(found.minutes, (first, last + 1))
    segments, panes = len(members.segments), last - first + 1
    atoms, columns = found.atoms[begin:end], found.minutes[begin:end] - first
    places = (members.rows[:, atoms] * panes + columns).ravel()
    lists = len(members.rows)
    # Sums of floats are exact here: counts stay far below 2^53.
    sums = (np.bincount(places, np.tile(values[begin:end], lists), segments * panes) for values in (found.part, found.whole))
    return Ratio(*(total.astype(np.int64).reshape(segments, panes) for total in sums))


def running(sums: Ints) -> Ints:
    """Running sums along the last axis, one longer: nothing at first."""
    total: Ints = np.zeros((*sums.shape[:-1], sums.shape[-1] + 1), dtype=np.int64)
    np.cumsum(sums, axis=-1, out=total[..., 1:])
    return total
