"""How bad it is: cases lost against the target, since when, and where it is going. Pure."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from typing import Literal

import numpy as np

from schemas.alert_parts import Lost
from stream.alerts.facts import Hourly
from stream.alerts.machine import unit_of
from stream.alerts.rules import Custom, Intake, Oldest, OneWindow, Rule
from stream.alerts.why import Counts
from stream.durations import HOUR
from stream.kpis.definition import Reading
from stream.stats import cusum

_PERCENT = 100
_STEADY_POINTS = 1.0
_STEADY_SHARE = 0.02


def is_bad_above(rule: Rule) -> bool:
    """Whether values above the target are the bad ones."""
    if isinstance(rule, OneWindow):
        return rule.side == "above"
    return isinstance(rule, Oldest | Intake) or (isinstance(rule, Custom) and rule.above is not None)


def bad_cases(rule: Rule, ratio: Counts) -> int:
    """The cases that make a proportion bad: the part, or the rest of the whole."""
    return ratio.part if is_bad_above(rule) else ratio.whole - ratio.part


def lost(rule: Rule, ratio: Counts | None, target: float) -> Lost | None:
    """Bad cases beside those expected at the target (percent); None without cases or target."""
    if ratio is None or not ratio.whole or not isfinite(target):
        return None
    allowed = Fraction(target if is_bad_above(rule) else _PERCENT - target) / _PERCENT
    expected = min(max(allowed, Fraction(0)), Fraction(1)) * ratio.whole
    return Lost(bad=bad_cases(rule, ratio), of=ratio.whole, expected=float(round(expected, 1)))


def direction(rule: Rule, now: Reading | None, before: Reading | None) -> Literal["better", "worse", "steady"] | None:
    """The last hour against the hour before it: steady within a point, or 2 % where it is not in percent."""
    if now is None or before is None:
        return None
    change = now.value - before.value
    if abs(change) <= (_STEADY_POINTS if unit_of(rule) == "percent" else _STEADY_SHARE * abs(before.value)):
        return "steady"
    return "worse" if (change > 0) == is_bad_above(rule) else "better"


def shift_began(rule: Rule, hourly: Hourly | None, usual: float) -> int | None:
    """Beginning (ms) of the hour after the CUSUM against a usual value (percent) was last 0; None where it is 0 now."""
    share = (usual if is_bad_above(rule) else _PERCENT - usual) / _PERCENT
    if hourly is None or not hourly.whole or not 0 < share < 1:
        return None
    part, whole = np.array(hourly.part, dtype=np.int64), np.array(hourly.whole, dtype=np.int64)
    bad = part if is_bad_above(rule) else whole - part
    zero = int(cusum.latest(bad, whole - bad, np.array(share)).zero)
    return None if zero == len(whole) - 1 else (hourly.first + zero + 1) * HOUR
