"""Intervals at 95 %: Wilson for shares, normal for means."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import sqrt

Z = 1.96


def wilson(part: int, n: int) -> tuple[float, float]:
    """Wilson interval of part / n, in percent."""
    share = part / n
    spread = Z * sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    centre, scale = share + Z**2 / (2 * n), 1 + Z**2 / n
    return max(0.0, 100 * (centre - spread) / scale), min(100.0, 100 * (centre + spread) / scale)


def mean_interval(values: Sequence[int]) -> tuple[float | None, float | None]:
    """Mean -+ 1.96 standard errors (sample variance, n - 1) of durations in ms, in seconds and not below 0; none below 2 values."""
    n = len(values)
    if n < 2:  # noqa: PLR2004 - a variance needs two
        return None, None
    total, squares = sum(values), sum(value * value for value in values)
    error = sqrt(Fraction(n * squares - total * total, n * n * (n - 1)))
    mean = total / n
    return max(0.0, mean - Z * error) / 1000, (mean + Z * error) / 1000
