"""Percentages in one or two windows against their target. Pure."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from stream.alerts.conditions.found import Found, beside, nothing
from stream.alerts.conditions.shares import ALL_OF_IT, bound, is_bad, is_clear, percent
from stream.alerts.rules import Burn, Intake, Point, TwoWindows
from stream.alerts.sight import Ratio, Sight
from stream.alerts.verdict import Flags, Floats


def two_windows(rule: TwoWindows, sight: Sight, targets: Floats) -> Found:
    """Surely below target in the long window, and still below it in the short one. `targets`: shape (segments,), NaN where there is none."""
    long, short = sight.ratio(rule.metric, rule.long.window), sight.ratio(rule.metric, rule.short.window)
    if long is None or short is None:
        return nothing(sight)
    target = beside(targets, sight)
    value, upper = percent(long), bound(long, rule.long.z, "below")
    sure = (long.whole >= rule.long.min_n) & is_bad(upper, target, "below")
    still = (short.whole >= rule.short.min_n) & is_bad(percent(short), target, "below")
    clear = is_clear(value, target, "below", percentage=True)
    return Found(~np.isnan(targets), sure & still, clear, long.whole > 0, value, long.whole, upper, target)


def burn(rule: Burn, sight: Sight, targets: Floats) -> Found:
    """The bad share is at least `burn` times the allowed one in both windows.

    No rule where the target allows no bad case at all, or so many that even nothing but bad ones would not be that many.
    """
    long, short = sight.ratio(rule.metric, rule.long.window), sight.ratio(rule.metric, rule.short.window)
    if long is None or short is None:
        return nothing(sight)
    allowed = ALL_OF_IT - targets
    known = (allowed > 0) & (rule.burn * allowed <= ALL_OF_IT)
    target, most = beside(targets, sight), beside(rule.burn * allowed, sight)
    hot = _burns(long, rule.long, most) & _burns(short, rule.short, most)
    value = percent(long)
    clear = is_clear(value, target, "below", percentage=True)
    return Found(known, hot, clear, long.whole > 0, value, long.whole, np.full(value.shape, np.nan), target)


def _burns(ratio: Ratio, window: Point, most: Floats) -> Flags:
    """The bad cases are at least `most` percent, multiplied out."""
    flags: Flags = (ratio.whole >= window.min_n) & (100 * (ratio.whole - ratio.part) >= most * ratio.whole)
    return flags


def intake(rule: Intake, sight: Sight) -> Found:
    """Surely more than a share of all records are dead letters. No records are no dead letters, so that is clear."""
    found = sight.intake(rule.window)
    dead, records = found
    lower = bound(found, NormalDist().inv_cdf(rule.confidence), "above")
    hot = (records >= rule.min_n) & (lower > rule.above)
    clear = 100 * dead <= rule.above * records
    always = np.ones(len(sight.segments), dtype=np.bool_)
    return Found(always, hot, clear, np.ones(hot.shape, dtype=np.bool_), percent(found), records, lower, np.full(hot.shape, rule.above))
