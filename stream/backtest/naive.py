"""What many helpdesks do: alarm whenever the plain score of the last hour is below target, with at least ten ratings. Pure."""

from __future__ import annotations

import numpy as np

from stream.alerts.sight import Sight
from stream.alerts.verdict import Flags, Floats, Key
from stream.backtest.episodes import Episode, Recorder
from stream.durations import MINUTE
from stream.segments import segment_key

NAME = "naive"
METRIC, WINDOW, MIN_N = "csat", "1h", 10


def below_target(sight: Sight, targets: Floats) -> Flags:
    """Where the score is below target, (segments, ticks). `targets` in percent by segment; NaN: none, so never below."""
    found = sight.ratio(METRIC, WINDOW)
    if found is None:
        return np.zeros((len(sight.segments), sight.ticks.size), dtype=bool)
    below: Flags = (found.whole >= MIN_N) & (100 * found.part < targets[:, None] * found.whole)
    return below


class NaiveRule:
    """Every time it becomes true is an alert, every time it ceases to be its end: no waiting, no hysteresis, no cooldown."""

    def __init__(self) -> None:
        self._recorder = Recorder()
        self._below: dict[Key, bool] = {}

    def look(self, sight: Sight, targets: Floats) -> None:
        """Go on with the next stretch of history."""
        minutes = sight.ticks // MINUTE * MINUTE
        for row, flags in enumerate(below_target(sight, targets)):
            key = Key(NAME, segment_key(sight.segments[row]))
            turns = np.nonzero(np.diff(flags, prepend=self._below.get(key, False)))[0]
            for turn, at in zip(turns, minutes[turns].tolist(), strict=True):
                self._turn(key, at, begins=bool(flags[turn]))
            self._below[key] = bool(flags[-1])

    def _turn(self, key: Key, at: int, *, begins: bool) -> None:
        if begins:
            self._recorder.fired(key, at, at)
            self._recorder.said(key)
        else:
            self._recorder.ended(key, at)

    def episodes(self) -> list[Episode]:
        """All alerts so far."""
        return self._recorder.episodes()
