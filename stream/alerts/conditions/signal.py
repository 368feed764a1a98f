"""What comes in against what the same hours of the last weeks let expect. Pure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream.alerts.conditions.found import Found, beside, nothing, shape_of
from stream.alerts.rules import SignalLost, SignalLow
from stream.alerts.sight import Sight
from stream.alerts.verdict import Flags, Floats, Ints
from stream.durations import DAY, HOUR
from stream.kpis.definition import Span
from stream.stats import poisson
from stream.windows.spans import PaneWindow, window_of

WEEK = 7 * DAY


class _Seen(NamedTuple):
    """Cases of one window: seen, expected, and in how many of the past weeks this rests on (0 where they are too few)."""

    seen: Ints
    expected: Floats
    weeks: Ints


def signal_lost(rule: SignalLost, sight: Sight, active: Flags | None) -> Found:
    """None is seen in the shortest window in which enough is expected. Clear once the shortest window of all has seen any.

    Not the window that is long enough at the moment: as less is expected in the evening it becomes the longer one, and what that has seen is old.
    """
    cases = _cases(sight, rule.metric)
    found = [_seen(sight, rule, cases, window) for window in _by_length(rule.windows)]
    windows = [each for each in found if each is not None]
    if len(windows) < len(found) or not windows:
        return nothing(sight)
    enough = [each.expected >= rule.expected for each in windows]
    seen: Ints = np.select(enough, [each.seen for each in windows], windows[-1].seen)
    expected: Floats = np.select(enough, [each.expected for each in windows], windows[-1].expected)
    hot = np.logical_or.reduce(enough) & (seen == 0) & _on(active, sight)
    return _found(sight, _Seen(seen, expected, windows[-1].weeks), hot, windows[0].seen > 0, np.full(seen.shape, np.nan))


def signal_low(rule: SignalLow, sight: Sight, active: Flags | None) -> Found:
    """The upper Poisson bound of what is seen is less than a share of what is expected."""
    found = _seen(sight, rule, _cases(sight, rule.metric), window_of(rule.window, Span.SLIDING))
    if found is None:
        return nothing(sight)
    share = rule.share * found.expected
    upper = poisson.upper(found.seen, rule.confidence)
    hot = (found.expected >= rule.expected) & (upper < share) & _on(active, sight)
    return _found(sight, found, hot, found.seen >= share, upper)


def _found(sight: Sight, signal: _Seen, hot: Flags, clear: Flags, bound: Floats) -> Found:
    """Value and n: cases seen; target: cases expected. There is always something to judge by, where enough weeks count."""
    enough = signal.weeks > 0
    known: Flags = np.asarray(enough.any(axis=-1)) if sight.ticks.ndim else enough
    return Found(known, hot & enough, clear & enough, enough, signal.seen.astype(np.float64), signal.seen, bound, signal.expected)


def _on(active: Flags | None, sight: Sight) -> Flags:
    """Where the signal is looked at: everywhere, or where `active`, shape (segments,) or that of the sight's arrays, says so."""
    if active is None:
        return np.ones(shape_of(sight), dtype=np.bool_)
    return beside(active, sight) if active.ndim == 1 else active


def _by_length(names: tuple[str, ...]) -> list[PaneWindow]:
    """Sliding windows, the shortest first."""
    found = [window_of(name, Span.SLIDING) for name in names]
    return sorted((window for window in found if window is not None), key=lambda window: window.length() or 0)


def _seen(sight: Sight, rule: SignalLost | SignalLow, cases: _Cumulative | None, window: PaneWindow | None) -> _Seen | None:
    """Cases of a window seen and expected; None where the metric or window is not there.

    Expected = sum over the weeks k that count of (N(end - k weeks) - N(begin - k weeks)) / number of such weeks. The window goes from the
    beginning of its first pane to the tick. N(t) = cases up to t by hour panes; the pane that t lies in counts by the part of it that is over:
    N = sum of the panes before + its cases x (t - its beginning) / 1 h. A week counts where the window begins no earlier than the hour of the
    segment's first case. NaN where fewer than `min_weeks` count.
    """
    if cases is None or window is None or window.panes is None:
        return None
    ratio = sight.ratio(rule.metric, window.name)
    if ratio is None:
        return None
    total, counted = _past_weeks(sight, cases, window, rule.weeks)
    enough = counted >= rule.min_weeks
    expected = np.divide(total, counted * HOUR, out=np.full(total.shape, np.nan), where=enough)
    return _Seen(ratio.whole, expected, np.where(enough, counted, 0))


def _past_weeks(sight: Sight, cases: _Cumulative, window: PaneWindow, weeks: int) -> tuple[Ints, Ints]:
    """Cases of the same window in the last weeks, times the ms of an hour so that they are whole numbers, and how many weeks count."""
    ends = np.atleast_1d(sight.ticks)
    begins = (ends // window.pane - (window.panes or 0) + 1) * window.pane
    total = np.zeros((len(cases.first), len(ends)), dtype=np.int64)
    counted = np.zeros_like(total)
    for week in range(1, weeks + 1):
        begin = begins - week * WEEK
        counts = begin >= cases.first[:, np.newaxis]
        total += counts * (cases.up_to(ends - week * WEEK) - cases.up_to(begin))
        counted += counts
    return (total, counted) if sight.ticks.ndim else (total[:, 0], counted[:, 0])


def _cases(sight: Sight, metric: str) -> _Cumulative | None:
    """Cases of a metric by hour panes; None where they are not kept so."""
    hourly = sight.hourly(metric)
    return None if hourly is None else _Cumulative(hourly.whole, int(sight.hours[0]) * HOUR)


class _Cumulative:
    """Cases up to a time, by hour panes, in cases x ms. `first`: when each segment's first pane with a case begins, in ms."""

    def __init__(self, hourly: Ints, begin: int) -> None:
        self._hourly, self._begin = hourly, begin
        self._before = np.cumsum(hourly, axis=1) - hourly
        some = hourly > 0
        never = np.iinfo(np.int64).max
        self.first: Ints = np.where(some.any(axis=1), begin + some.argmax(axis=1) * HOUR, never)

    def up_to(self, times: Ints) -> Ints:
        """Shape (segments, times); times before the first pane have 0."""
        since = np.maximum(times - self._begin, 0)
        panes = np.minimum(since // HOUR, self._hourly.shape[1] - 1)
        total: Ints = self._before[:, panes] * HOUR + self._hourly[:, panes] * np.minimum(since - panes * HOUR, HOUR)
        return total
