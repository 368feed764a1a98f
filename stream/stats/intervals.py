"""Confidence intervals of published figures."""

from __future__ import annotations

from math import isqrt, sqrt

Z95 = 1.96
"""Two-sided 95 % of the normal distribution."""
_Z95_PERCENT = 196


def wilson(successes: int, n: int, z: float = Z95) -> tuple[float, float]:
    """Wilson score interval of a proportion, both ends in 0..1; n > 0. By E. B. Wilson, JASA 22, 1927."""
    p = successes / n
    centre = p + z * z / (2 * n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def rank_interval(percent: int, n: int) -> tuple[int, int] | None:
    """Ranks (from 1) of the order statistics that hold a percentile with 95 %; None where n has no such ranks.

    floor(nq - 1.96 sqrt(nq(1-q))) and ceil(nq + 1.96 sqrt(nq(1-q))) + 1, counted in 1/10,000 of a rank so that no rounding enters.
    """
    middle = 100 * percent * n
    width = isqrt(_Z95_PERCENT**2 * n * percent * (100 - percent) - 1) + 1
    low, high = (middle - width) // 10_000, -(-(middle + width) // 10_000) + 1
    return (low, high) if low >= 1 and high <= n else None


def nearest_rank(percent: int, n: int) -> int:
    """Rank (from 1) of a percentile by the nearest-rank rule, in whole numbers so that no rounding enters."""
    return max(1, -(-percent * n // 100))
