"""How fast a measured figure grows: a line by least squares, and the most that its slope may be."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

_ONE_SIDED_99 = 2.33


class Slope(NamedTuple):
    """Growth over the measured time, in the figure's own unit: what the line says, and its upper bound (99 %)."""

    growth: float
    at_most: float
    mean: float


def slope(values: Sequence[float]) -> Slope:
    """Of values sampled at equal intervals, at least ten. The bound takes neighbouring values for as alike as they are (lag-1 correlation)."""
    n = len(values)
    if n < 10:
        raise ValueError("needs at least ten values")
    times = range(n)
    line = statistics.linear_regression(times, values)
    rest = [value - line.intercept - line.slope * time for time, value in zip(times, values, strict=True)]
    squares = math.fsum(each * each for each in rest)
    alike = math.fsum(one * other for one, other in pairwise(rest)) / squares if squares else 0.0
    # Of n values that are alike only so many are worth something: n (1 - r) / (1 + r), the usual correction for an autoregressive rest.
    worth = max(1.0, n * (1 - max(0.0, alike)) / (1 + max(0.0, alike)))
    spread = math.sqrt(squares / (n - 2)) / math.sqrt(n * (n * n - 1) / 12) * math.sqrt(n / worth)
    return Slope(line.slope * (n - 1), (line.slope + _ONE_SIDED_99 * spread) * (n - 1), statistics.fmean(values))
