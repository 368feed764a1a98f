"""Dormant rules: segments that hardly ever have the cases a rule needs, so that its silence says nothing. Pure."""

from __future__ import annotations

import numpy as np

from stream.alerts.needs import windows_of
from stream.alerts.rules import Burn, Custom, OneWindow, Rule, TwoWindows
from stream.alerts.sight import Ratio
from stream.alerts.verdict import Flags, Floats, Ints
from stream.durations import HOUR
from stream.setting_parts import ALL, window_length
from stream.state.panes import HOURS_A_DAY
from stream.windows.spans import NOW

DAYS = 28
"""Days that are looked back at."""
RARELY = 1 / 7
"""Dormant: on a smaller share of days than this the window once held enough cases."""


def enough_of(rule: Rule) -> tuple[int, int] | None:
    """Hours of a rule's decisive window and the cases it needs; None for rules that need no number of cases in a window."""
    match rule:
        case TwoWindows() | Burn():
            least = rule.long.min_n
        case OneWindow():
            least = rule.window.min_n
        case Custom():
            least = rule.min_n
        case _:
            return None
    window = next(windows_of(rule))
    if window in {ALL, NOW}:
        return None
    return -(-window_length(window) // HOUR), least


def share_of_days(hourly: Ratio, hours: int, least: int) -> Floats:
    """Share of the last 28 days, or of those since a segment's first case, on which some window of `hours` held `least` cases; shape (segments,)."""
    cases = hourly.whole
    held = np.cumsum(cases, axis=1)
    before = np.zeros_like(held)
    before[:, hours:] = held[:, :-hours] if hours < held.shape[1] else 0
    reached = (held - before) >= least
    days = min(DAYS, cases.shape[1] // HOURS_A_DAY)
    lately = reached[:, cases.shape[1] - days * HOURS_A_DAY :]
    by_day = np.logical_or.reduce(lately.reshape(len(cases), days, HOURS_A_DAY), axis=2)
    share: Floats = by_day.sum(axis=1) / np.clip(_days_known(cases), 1, days)
    return share


def _days_known(cases: Ints) -> Ints:
    """Days since the first case of each segment, begun ones counted."""
    any_case = cases.any(axis=1)
    first = np.where(any_case, (cases > 0).argmax(axis=1), cases.shape[1])
    days: Ints = -(-(cases.shape[1] - first) // HOURS_A_DAY)
    return days


def dormant(rule: Rule, hourly: Ratio | None) -> Flags | None:
    """Which segments are dormant for a rule, shape (segments,); None where that is not a question."""
    enough = enough_of(rule)
    if enough is None or hourly is None:
        return None
    flags: Flags = share_of_days(hourly, *enough) < RARELY
    return flags
