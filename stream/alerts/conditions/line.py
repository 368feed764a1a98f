"""Any figure in one window against a line: rules of one window, and rules of one's own. Pure."""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from stream.alerts.conditions.found import Found, beside, nothing, shape_of
from stream.alerts.conditions.shares import Side, bound, is_bad, is_clear, percent
from stream.alerts.rules import Custom, OneWindow
from stream.alerts.sight import Ratio, Sight
from stream.alerts.verdict import Flags, Floats
from stream.durations import HOUR
from stream.kpis.definition import Reading
from stream.kpis.registry import all_metrics
from stream.stats.intervals import Z95


class Line(NamedTuple):
    """A window compared with a target on one side. `z`: of the one-sided bound; the value itself is compared where there is none."""

    metric: str
    window: str
    side: Side
    z: float | None
    min_n: int


def one_window(rule: OneWindow, sight: Sight, covered: Flags, targets: Floats) -> Found:
    """Surely past target in one window. `covered` and `targets`: shape (segments,)."""
    line = Line(rule.metric, rule.window.window, rule.side, rule.window.z, rule.window.min_n)
    found = _past(line, sight, covered, targets)
    if rule.min_history is None:
        return found
    old = _is_old(sight, rule.metric, rule.min_history)
    known = found.known & (old.any(axis=-1) if sight.ticks.ndim else old)
    return found._replace(known=known, hot=found.hot & old, clear=found.clear & old, data=found.data & old)


def _is_old(sight: Sight, metric: str, history: int) -> Flags:
    """Where the hour pane of the first case begins so long (ms) before the tick; of figures without hour panes that is not known."""
    hourly = sight.hourly(metric)
    shape = shape_of(sight)
    if hourly is None:
        return np.zeros(shape, dtype=np.bool_)
    some = hourly.whole > 0
    first = np.where(some.any(axis=1), sight.hours[some.argmax(axis=1)] * HOUR, np.iinfo(np.int64).max // 2)
    flags: Flags = np.broadcast_to(beside(first, sight) + history <= sight.ticks, shape)
    return flags


def custom(rule: Custom, sight: Sight, covered: Flags) -> Found:
    """Below or above a fixed line, by the value or by a bound of some confidence."""
    side: Side = "above" if rule.below is None else "below"
    z = None if rule.confidence is None else NormalDist().inv_cdf(rule.confidence)
    limit = rule.above if rule.below is None else rule.below
    targets = np.full(len(sight.segments), np.nan if limit is None else limit)
    return _past(Line(rule.metric, rule.window, side, z, rule.min_n), sight, covered, targets)


def _past(line: Line, sight: Sight, covered: Flags, targets: Floats) -> Found:
    ratio = sight.ratio(line.metric, line.window)
    if ratio is not None:
        return _of_shares(line, ratio, beside(targets, sight), ~np.isnan(targets))
    if sight.ticks.ndim or not _is_read_singly(line.metric):
        return nothing(sight)
    return _of_readings(line, sight, covered, targets)


def _is_read_singly(metric: str) -> bool:
    """There is such a figure, and it is no percentage (a percentage without a ratio here has no such window)."""
    return any(found.name == metric and found.unit != "percent" for _, found in all_metrics())


def _of_shares(line: Line, ratio: Ratio, target: Floats, known: Flags) -> Found:
    value = percent(ratio)
    limit = np.full(value.shape, np.nan) if line.z is None else bound(ratio, line.z, line.side)
    compared = value if line.z is None else limit
    hot = (ratio.whole >= line.min_n) & is_bad(compared, target, line.side)
    clear = is_clear(value, target, line.side, percentage=True)
    return Found(known, hot, clear, ratio.whole > 0, value, ratio.whole, limit, target)


def _of_readings(line: Line, sight: Sight, covered: Flags, targets: Floats) -> Found:
    """Figures that are no percentages are read one segment after the other."""
    known = ~np.isnan(targets)
    value, width, n = np.full(known.shape, np.nan), np.full(known.shape, np.nan), np.zeros(known.shape, dtype=np.int64)
    for row in np.flatnonzero(known & covered).tolist():
        reading = sight.reading(line.metric, line.window, row)
        if reading is not None:
            value[row], width[row], n[row] = reading.value, _width(reading), reading.n
    limit = value + (1 if line.side == "below" else -1) * width * (np.nan if line.z is None else line.z)
    hot = (n >= line.min_n) & is_bad(value if line.z is None else limit, targets, line.side)
    return Found(known, hot, is_clear(value, targets, line.side, percentage=False), n > 0, value, n, limit, targets)


def _width(reading: Reading) -> float:
    """What stands for one standard error: the wider side of the 95 % interval / 1.96, since the other may be cut off by the end of the scale."""
    if reading.low is None or reading.high is None:
        return np.nan
    return max(reading.high - reading.value, reading.value - reading.low) / Z95
