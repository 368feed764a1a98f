"""What a rule says of segments: of many at once as arrays, of one as plain values. Pure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Key(NamedTuple):
    """What an alert is about: a rule, and a segment as canonical text (`stream.segments.segment_key`)."""

    rule: str
    segment: str


class Verdict(NamedTuple):
    """What a rule says of one segment at one tick.

    `hot`: the condition holds. `clear`: the score is past target by the hysteresis. `data`: the rule has something to judge by.
    `value`, `bound`, `target`: in the metric's unit (NaN where there is none); `bound` is the confidence bound that was compared. `n`: cases.
    """

    hot: bool
    clear: bool
    data: bool
    value: float
    n: int
    bound: float
    target: float


class Verdicts(NamedTuple):
    """The same of many segments, and of many ticks in a backtest: arrays of one shape, (segments,) or (segments, ticks).

    `applies`: whether the rule can be judged at all there (it has a target, a baseline, the segment lies in its lists), shape (segments,).
    """

    applies: Flags
    hot: Flags
    clear: Flags
    data: Flags
    value: Floats
    n: Ints
    bound: Floats
    target: Floats

    def at(self, *place: int) -> Verdict:
        """The verdict of one segment (and one tick)."""
        return Verdict(
            bool(self.hot[place]),
            bool(self.clear[place]),
            bool(self.data[place]),
            float(self.value[place]),
            int(self.n[place]),
            float(self.bound[place]),
            float(self.target[place]),
        )
