"""Quantiles by the nearest rank, and their interval by order statistics, in whole numbers only."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, isqrt

QUANTILES = {"p50": Fraction(50, 100), "p90": Fraction(90, 100), "p95": Fraction(95, 100), "p99": Fraction(99, 100)}
LEAST_N = {"p50": 6, "p90": 36, "p95": 72, "p99": 368}


def nearest_rank(q: Fraction, n: int) -> int:
    """Rank (from 1) of the q-quantile of n values."""
    return max(1, ceil(q * n))


def interval(name: str, n: int) -> tuple[int, int] | None:
    """Ranks of the 95 % interval: floor(qn - 1.96 sqrt(nq(1-q))) and ceil(qn + 1.96 sqrt(nq(1-q))) + 1; None where n is too small."""
    if n < LEAST_N[name]:
        return None
    percent = round(QUANTILES[name] * 100)
    # In units of 1/10,000: qn is 100 * percent * n, the square of the half width is 196^2 * n * percent * (100 - percent).
    centre = 100 * percent * n
    square = 196**2 * n * percent * (100 - percent)
    half_up = isqrt(square - 1) + 1
    low = (centre - half_up) // 10_000
    high = -(-(centre + half_up) // 10_000) + 1
    return (low, high) if low >= 1 and high <= n else None
