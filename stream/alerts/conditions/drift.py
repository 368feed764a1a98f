"""A slow shift of a percentage: the CUSUM of its hour panes against the baseline. Pure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stream.alerts.conditions.found import Found, nothing
from stream.alerts.conditions.shares import ALL_OF_IT, percent
from stream.alerts.rules import Drift
from stream.alerts.sight import Ratio, Sight
from stream.alerts.verdict import Floats, Ints
from stream.durations import HOUR
from stream.state.panes import HOURS_A_DAY, HOURS_KEPT
from stream.stats import cusum
from stream.stats.proportions import share


class _Drifts(NamedTuple):
    """By segment and hour pane, shape (segments, panes): the sum, its threshold, the usual share of bad cases (NaN: unknown), and the last day."""

    score: Floats
    threshold: Floats
    usual: Floats
    lately: Ratio


def drift(rule: Drift, sight: Sight) -> Found:
    """The sum is above its threshold; clear at or below half of it. Value and n: the last 24 hour panes; target: the baseline."""
    hourly = sight.hourly(rule.metric)
    if hourly is None or not len(sight.hours):
        return nothing(sight)
    found = _at_hours(rule, hourly, only_last=not sight.ticks.ndim)
    known = ~np.isnan(found.usual)
    hot, clear = found.score > found.threshold, found.score <= found.threshold / 2
    lately, data = found.lately.whole, known & (found.lately.whole > 0)
    value, target, n = (_at_ticks(column, sight) for column in (percent(found.lately), ALL_OF_IT * (1 - found.usual), lately.astype(np.float64)))
    known, hot, clear, data = (_at_ticks(flags.astype(np.float64), sight) == 1 for flags in (known, known & hot, known & clear, data))
    anywhere = known.any(axis=-1) if sight.ticks.ndim else known
    return Found(anywhere, hot, clear, data, value, np.nan_to_num(n).astype(np.int64), np.full(value.shape, np.nan), target)


def _at_ticks(by_hour: Floats, sight: Sight) -> Floats:
    """What was worked out for every hour pane (live for the last one alone) as it is known at the ticks."""
    return sight.at_ticks(by_hour) if sight.ticks.ndim else by_hour[:, -1]


def _at_hours(rule: Drift, hourly: Ratio, *, only_last: bool) -> _Drifts:
    """The rule's figures at the end of every hour pane, or of the last one."""
    good, whole = hourly
    panes = whole.shape[1]
    at = np.arange(panes - 1 if only_last else 0, panes, dtype=np.int64)
    usual = _usual(rule, hourly, at)
    bad = whole - good
    score = cusum.latest(bad, good, usual[:, 0]).score[:, np.newaxis] if only_last else cusum.series(bad, good, usual).score
    lately = Ratio(_sum(good, at - HOURS_A_DAY + 1, at), _sum(whole, at - HOURS_A_DAY + 1, at))
    return _Drifts(score, cusum.threshold(_rate(whole, at), rule.thresholds), usual, lately)


def _usual(rule: Drift, hourly: Ratio, at: Ints) -> Floats:
    """Usual share of bad cases at the end of the panes `at`, shape (segments, at): the configured one, or that of all panes held `baseline_gap` ago.

    NaN where those have too few cases. Never 0 or 1: one case of either kind is taken for granted, since the weights are logarithms of both.
    """
    if rule.baseline is not None:
        return np.full((len(hourly.whole), len(at)), 1 - rule.baseline / ALL_OF_IT)
    first, last = at - HOURS_KEPT + 1, at - -(-rule.baseline_gap // HOUR)
    n = _sum(hourly.whole, first, last)
    bad = np.clip(n - _sum(hourly.part, first, last), 1, np.maximum(n - 1, 1))
    return np.where(n >= max(rule.baseline_n, 2), share(bad, n), np.nan)


def _rate(whole: Ints, at: Ints) -> Floats:
    """Cases an hour over the panes of the CUSUM, nights included, since the segment's first case in them or before."""
    some = whole > 0
    first = np.where(some.any(axis=1), some.argmax(axis=1), 0)[:, np.newaxis]
    panes = np.clip(at - first + 1, 1, cusum.WINDOW)
    return _sum(whole, at - cusum.WINDOW + 1, at) / panes


def _sum(counts: Ints, first: Ints, last: Ints) -> Ints:
    """Sums of the panes first..last, shape (segments, len(first)); what lies outside counts nothing."""
    if len(first) == 1:
        only: Ints = counts[:, max(int(first[0]), 0) : max(int(last[0]) + 1, 0)].sum(axis=1, keepdims=True)
        return only
    sums = np.zeros((len(counts), counts.shape[1] + 1), dtype=np.int64)
    np.cumsum(counts, axis=1, out=sums[:, 1:])
    begin = np.clip(first, 0, counts.shape[1])
    total: Ints = sums[:, np.maximum(np.clip(last + 1, 0, counts.shape[1]), begin)] - sums[:, begin]
    return total
