"""A replay: the book is led from tick to tick through history; stretches in which nothing is hot and nothing under way are skipped. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from stream.alerts.book import Book, Change
from stream.alerts.conditions import judge
from stream.alerts.holidays import Holidays
from stream.alerts.needs import windows_of
from stream.alerts.rules import Burn, Custom, Drift, OneWindow, Rating, Rule, TwoWindows
from stream.alerts.targets import Targets
from stream.alerts.verdict import Ints, Key, Verdict, Verdicts
from stream.backtest.episodes import Episode, Recorder
from stream.backtest.history import MINUTES_AN_HOUR
from stream.backtest.naive import METRIC, NAME, WINDOW, NaiveRule
from stream.backtest.sight import Replay, ReplaySight
from stream.durations import HOUR
from stream.segments import segment_key
from stream.setting_parts import ALL, window_length
from stream.stats import cusum
from stream.windows.spans import NOW

Lowered = Mapping[tuple[str, str], float]
_CELLS = 1_000_000
"""Segments times ticks that are worked on at once: bounds memory."""


class Trait(NamedTuple):
    """What a report must know of a rule: how long (ms) it remembers, and which percentage it judges, if it judges one."""

    memory: int
    judges: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a set of rules did, which of them could be judged in which segments, and their traits by name."""

    episodes: list[Episode]
    applied: frozenset[Key]
    traits: Mapping[str, Trait]


def replay(history: Replay, rules: Mapping[str, Rule], targets: Targets, first: int, last: int, holidays: Holidays | None = None) -> Outcome:
    """Let the rules look at the end of each of the minute panes first..last; without `holidays` there are none."""
    run = _Run(history, {name: rule for name, rule in rules.items() if rule.enabled and not isinstance(rule, Rating)}, targets, holidays)
    for begin, end in stretches(first, last, len(history.members.segments)):
        run.go_through(ReplaySight(history, begin, end))
    return Outcome(run.recorder.episodes(), frozenset(run.applied), {name: trait_of(rule) for name, rule in rules.items()})


def replay_naive(history: Replay, targets: Targets, first: int, last: int) -> Outcome:
    """The same for the naive rule."""
    naive = NaiveRule()
    found = [targets.target(METRIC, segment) for segment in history.members.segments]
    by_segment = np.array([np.nan if target is None else target for target in found])
    for begin, end in stretches(first, last, len(by_segment)):
        naive.look(ReplaySight(history, begin, end), by_segment)
    keys = (Key(NAME, segment_key(segment)) for segment, target in zip(history.members.segments, found, strict=True) if target is not None)
    return Outcome(naive.episodes(), frozenset(keys), {NAME: Trait(window_length(WINDOW), METRIC)})


def trait_of(rule: Rule) -> Trait:
    """Its longest window (that of a drift is its sum's); nothing of rules that look at single figures or at what comes in."""
    if isinstance(rule, Drift):
        return Trait(cusum.WINDOW * HOUR, rule.metric)
    lengths = [window_length(name) for name in windows_of(rule) if name not in {ALL, NOW}]
    judges = rule.metric if isinstance(rule, TwoWindows | OneWindow | Burn | Custom) else None
    return Trait(max(lengths, default=0), judges)


def stretches(first: int, last: int, segments: int) -> Iterator[tuple[int, int]]:
    """Minute panes first..last in pieces that end with whole hours and are small enough."""
    hours = max(1, _CELLS // (max(1, segments) * MINUTES_AN_HOUR))
    while first <= last:
        end = min(last, (first // MINUTES_AN_HOUR + hours) * MINUTES_AN_HOUR - 1)
        yield first, end
        first = end + 1


class _Run:
    """One book on its way."""

    def __init__(self, history: Replay, rules: Mapping[str, Rule], targets: Targets, holidays: Holidays | None) -> None:
        self._holidays = holidays
        self.recorder = Recorder()
        self.applied: set[Key] = set()
        self._rules = rules
        self._targets = targets
        self._book = Book(rules)
        self._rows = {segment_key(segment): row for row, segment in enumerate(history.members.segments)}
        self._segments = list(self._rows)

    def go_through(self, sight: ReplaySight) -> None:
        """Lead the book through one stretch."""
        begin, ticks = 0, sight.ticks.tolist()
        lowered = self._book.lowered()
        judged = self._judged(sight, self._rules, lowered)
        for name, verdicts in judged.items():
            self.applied.update(Key(name, self._segments[row]) for row in np.flatnonzero(verdicts.applies).tolist())
        while (begin := self._lead(judged, ticks, begin, lowered)) < len(ticks):
            lowered = self._book.lowered()
            paging = {name: rule for name, rule in self._rules.items() if isinstance(rule, TwoWindows)}
            judged = {**judged, **self._judged(sight, paging, lowered)}

    def _judged(self, sight: ReplaySight, rules: Mapping[str, Rule], lowered: Lowered) -> dict[str, Verdicts]:
        active = self._holidays.active(sight.segments, sight.ticks) if self._holidays else None
        return {name: judge(rule, name, sight, self._targets, lowered, active) for name, rule in rules.items()}

    def _lead(self, judged: Mapping[str, Verdicts], ticks: list[int], begin: int, lowered: Lowered) -> int:
        """Tick by tick until the stretch ends or page targets change; gives where to go on."""
        hot = HotTicks(judged)
        names = list(judged)
        at = begin
        while at < len(ticks):
            busy = self._book.busy()
            if not busy:
                at = hot.next(at)
                if at >= len(ticks):
                    break
            keys = {Key(names[rule], self._segments[row]) for rule, row in hot.at(at)} | busy
            verdicts = {key: self._verdict(judged, key, at) for key in keys}
            for change in self._book.tick(ticks[at], verdicts, live=True):
                self._note(change)
            at += 1
            if self._book.lowered() != lowered:
                return at
        return len(ticks)

    def _verdict(self, judged: Mapping[str, Verdicts], key: Key, at: int) -> Verdict:
        return judged[key.rule].at(self._rows[key.segment], at)

    def _note(self, change: Change) -> None:
        key, memory = change.key, change.memory
        if change.event == "fired":
            self.recorder.fired(key, change.since, memory.fired_at)
        if change.notify:
            self.recorder.said(key)
        if memory.inhibited_by:
            self.recorder.spoken_for(key)
        if change.event == "resolved":
            self.recorder.ended(key, memory.ended_at)


class HotTicks:
    """Where rules are hot: by tick, pairs of a rule's place and a row."""

    def __init__(self, judged: Mapping[str, Verdicts]) -> None:
        places = [np.nonzero((verdicts.hot & verdicts.applies[:, None]).T) for verdicts in judged.values()]
        ticks = np.concatenate([ticks for ticks, _ in places]) if places else np.zeros(0, dtype=np.int64)
        rules = np.repeat(np.arange(len(places)), [len(ticks) for ticks, _ in places])
        rows = np.concatenate([rows for _, rows in places]) if places else ticks
        order = np.argsort(ticks, kind="stable")
        self._ticks: Ints = ticks[order]
        self._rules, self._rows = rules[order].tolist(), rows[order].tolist()

    def next(self, at: int) -> int:
        """The first tick from `at` on where something is hot; beyond all ticks where nothing is."""
        place = int(np.searchsorted(self._ticks, at))
        return int(self._ticks[place]) if place < len(self._ticks) else 1 << 62

    def at(self, tick: int) -> Iterator[tuple[int, int]]:
        """What is hot at a tick."""
        begin, end = np.searchsorted(self._ticks, (tick, tick + 1))
        return zip(self._rules[begin:end], self._rows[begin:end], strict=True)
