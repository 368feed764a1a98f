"""Percentages against a target: their values, bounds, and the way back past it. Pure."""

from __future__ import annotations

from typing import Literal

import numpy as np

from stream.alerts.sight import Ratio
from stream.alerts.verdict import Flags, Floats
from stream.stats import proportions

Side = Literal["below", "above"]
"""Which side of a target is bad."""

ALL_OF_IT = 100.0
_POINTS = 2.0
_TIMES = 0.1
"""How far past its target a figure must be to count as clear: points of a percentage, and the part of the target of all others."""


def percent(ratio: Ratio) -> Floats:
    """Value in percent; NaN without cases. One division of whole numbers, so that 4 of 5 is the 80 of a target."""
    return proportions.share(100 * ratio.part, ratio.whole)


def bound(ratio: Ratio, z: float, side: Side) -> Floats:
    """The end of the one-sided interval that lies towards the target, in percent: the upper one where below is bad."""
    return ALL_OF_IT * (proportions.upper if side == "below" else proportions.lower)(*ratio, z)


def is_bad(value: Floats, target: Floats, side: Side) -> Flags:
    """On the bad side of the target; never where either is NaN."""
    return np.less(value, target) if side == "below" else np.greater(value, target)


def is_clear(value: Floats, target: Floats, side: Side, *, percentage: bool) -> Flags:
    """Past the target by the hysteresis: for percentages 2 points or half the room to the end of the scale, for others a tenth of the target."""
    if percentage:
        room = ALL_OF_IT - target if side == "below" else target
        margin = np.minimum(_POINTS, room / 2)
    else:
        margin = _TIMES * np.abs(target)
    return value >= target + margin if side == "below" else value <= target - margin
