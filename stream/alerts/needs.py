"""Which sums a set of rules needs beside the published ones. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stream.alerts.rules import Burn, Custom, Drift, Intake, OneWindow, Rating, Rule, SignalLost, SignalLow, TwoWindows
from stream.windows.needs import Needs

LATELY = "1h"
"""The window that shows in an alert where the score is going."""

CONTEXT = (("first_response", "24h"),)
"""Figures that every alert shows beside its own."""


def needs_of(rules: Iterable[Rule]) -> Needs:
    """Windows by metric, metrics by hour pane, and windows of intake counts."""
    windows: dict[str, set[str]] = {}
    hourly, intake = set(), set()
    for rule in rules:
        if isinstance(rule, Intake):
            intake.add(rule.window)
        elif not isinstance(rule, Rating):
            windows.setdefault(rule.metric, set()).update((*windows_of(rule), LATELY))
            hourly.add(rule.metric)
    for metric, window in CONTEXT:
        windows.setdefault(metric, set()).add(window)
    return Needs({metric: frozenset(names) for metric, names in windows.items()}, frozenset(hourly), frozenset(intake))


def windows_of(rule: Rule) -> Iterator[str]:
    """The windows that a rule compares, the decisive one first."""
    match rule:
        case TwoWindows() | Burn():
            yield from (rule.long.window, rule.short.window)
        case OneWindow():
            yield rule.window.window
        case SignalLost():
            yield from rule.windows
        case SignalLow() | Custom() | Intake():
            yield rule.window
        case Drift():
            yield "24h"
        case _:
            return
