"""Gathers what explains an alert from the board's figures and the low ratings. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from math import isnan
from typing import Any

from stream.alerts.book import Book, Change
from stream.alerts.facts import Facts, Hourly, Parts
from stream.alerts.low_ratings import LowRatings
from stream.alerts.memory import UNDER_WAY, State
from stream.alerts.needs import LATELY, windows_of
from stream.alerts.rules import Rule
from stream.alerts.silences import Silence, matching
from stream.alerts.verdict import Key
from stream.alerts.why import Counts, NoWhy
from stream.durations import HOUR
from stream.kpis.definition import Reading
from stream.kpis.readings import percentage
from stream.segments import parse_segment
from stream.setting_parts import ALL, window_length
from stream.settings import Settings
from stream.stats.cusum import WINDOW
from stream.windows import figures as windows
from stream.windows.figures import Figures
from stream.windows.spans import NOW

MOST_EVIDENCE = 10
_RATED = frozenset({"csat", "csat_first"})
"""Figures whose cases are ratings, so that low ratings are their evidence."""
_WAITED = "oldest_waiting"
"""The figure whose evidence is the ticket that waits longest."""


class Gatherer:
    """Facts of changes at one tick."""

    def __init__(self, settings: Settings, figures: Figures, lows: LowRatings, book: Book, silences: Sequence[Silence]) -> None:
        self._settings, self._figures, self._lows, self._book, self._silences = settings, figures, lows, book, silences
        # Each unpacks a whole window of panes, for all segments; where one rule fires in many of them it is the same every time.
        self._before, self._last_week = cache(figures.before), cache(figures.last_week)

    def facts(self, rule: Rule, change: Change, revision: int) -> Facts:
        """Everything that is known of one change."""
        metric, window = getattr(rule, "metric", None), next(windows_of(rule), NOW)
        row = self._figures.row(change.key.segment)
        common = self.common(rule, change.key, revision)
        if row is None:
            return common
        common = replace(common, **self._context(row))
        if metric is None:
            return replace(common, ratio=_at(self._figures.intake(window), row))
        return replace(
            common,
            reading=self._figures.reading(metric, window, row),
            ratio=_at(self._figures.proportion(metric, window), row),
            parts=self._parts(metric, window, change.key.segment),
            hourly=self._hourly(metric, row),
            lately=self._figures.reading(metric, LATELY, row),
            before_lately=_reading(_at(self._before(metric, LATELY), row)),
            evidence=self._evidence(metric, window, change, row),
            episode=self._episode(metric, window, change, row),
        )

    def common(self, rule: Rule, key: Key, revision: int) -> Facts:
        """What every record has, one of a single rating too."""
        return Facts(
            rule=rule,
            as_of=self._figures.now,
            revision=revision,
            inhibits=self._book.inhibited(key),
            silence=matching(self._silences, key, self._figures.now),
            panel_url=self._settings.alerts.panel_url,
            runbook_url=self._settings.alerts.runbook_url,
        )

    def _context(self, row: int) -> dict[str, Any]:
        backlog = self._figures.reading("backlog", NOW, row)
        oldest = float(self._figures.oldest()[row])
        return {
            "backlog": None if backlog is None else int(backlog.value),
            "oldest_waiting": None if isnan(oldest) else int(oldest),
            "first_response": self._figures.reading("first_response", "24h", row),
        }

    def _hourly(self, metric: str, row: int) -> Hourly | None:
        found = self._figures.hourly(metric, WINDOW)
        if found is None:
            return None
        return Hourly(self._figures.now // HOUR - WINDOW + 1, found.part[row].tolist(), found.whole[row].tolist())

    def _evidence(self, metric: str, window: str, change: Change, row: int) -> list[str]:
        """The ticket that waits longest; or those of the worst ratings of the window, of the episode where that began earlier."""
        if metric == _WAITED:
            return self._waits_longest(change, row)
        if metric not in _RATED:
            return []
        length = self._figures.now if window == ALL else window_length(window)
        begin = min(self._figures.now - length, change.since or self._figures.now)
        return [low.ticket for low in self._lows.worst(parse_segment(change.key.segment), begin, self._figures.now + 1, MOST_EVIDENCE)]

    def _waits_longest(self, change: Change, row: int) -> list[str]:
        """None once it is over: the ticket that waits longest then is not the one that had waited too long."""
        ticket = self._figures.oldest_ticket(row) if change.memory.state in UNDER_WAY else None
        return [] if ticket is None else [ticket]

    def _episode(self, metric: str, window: str, change: Change, row: int) -> Counts | None:
        memory = change.memory
        if memory.state is not State.RESOLVED:
            return None
        return _at(self._figures.between(metric, window, change.since, memory.ended_at), row)

    # -- why

    def _parts(self, metric: str, window: str, segment: str) -> Parts | NoWhy:
        children = self._children(segment)
        after = self._figures.proportion(metric, window)
        if after is None:
            return NoWhy("not a proportion of cases")
        if children is None:
            return NoWhy("no segments within this one are configured")
        dimension, rows = children
        for name, find in (("previous_window", self._before), ("last_week", self._last_week)):
            before = _enough(find, metric, window, list(rows.values()), self._settings.min_n)
            if before is not None:
                return Parts(dimension, name, _by_name(before, rows), _by_name(after, rows), self._settings.min_n)  # type: ignore[arg-type]
        return NoWhy("too few cases to compare with, in the window before and in the same hours last week")

    def _children(self, segment: str) -> tuple[str, dict[str, int]] | None:
        """The dimension whose values explain a segment, and the row of each; the first of `explain_by` that has any."""
        values = parse_segment(segment)
        for dimension in self._settings.alerts.explain_by:
            if dimension in values or set(values) | {dimension} not in [set(dimensions) for dimensions in self._settings.segments]:
                continue
            rows = {
                each[dimension]: row
                for row, each in enumerate(self._figures.segments)
                if len(each) == len(values) + 1 and dimension in each and values.items() <= each.items()
            }
            if rows:
                return dimension, rows
        return None


def _enough(find: Callable[[str, str], windows.Parts | None], metric: str, window: str, rows: list[int], min_n: int) -> windows.Parts | None:
    found = find(metric, window)
    return found if found is not None and int(found.whole[rows].sum()) >= min_n else None


def _by_name(parts: windows.Parts, rows: dict[str, int]) -> dict[str, tuple[int, int]]:
    return {name: (int(parts.part[row]), int(parts.whole[row])) for name, row in rows.items() if parts.whole[row]}


def _at(parts: windows.Parts | None, row: int) -> Counts | None:
    return None if parts is None else Counts(int(parts.part[row]), int(parts.whole[row]))


def _reading(counts: Counts | None) -> Reading | None:
    return None if counts is None else percentage(counts.part, counts.whole, {})
