"""Confidence intervals of published figures."""

from __future__ import annotations

from math import ceil, floor, sqrt

Z95 = 1.959963984540054  # two-sided 95 % of the normal distribution


def wilson(successes: int, n: int, z: float = Z95) -> tuple[float, float]:
    """Wilson score interval of a proportion, both ends in 0..1; n > 0. (E. B. Wilson, JASA 22, 1927.)"""
    p = successes / n
    centre = p + z * z / (2 * n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def rank_interval(q: float, n: int, z: float = Z95) -> tuple[int, int] | None:
    """Ranks (from 1) of the order statistics that hold the q-quantile with 95 %; None where n has no such ranks."""
    half = z * sqrt(n * q * (1 - q))
    low, high = floor(n * q - half), ceil(n * q + half) + 1
    return (low, high) if low >= 1 and high <= n else None


def nearest_rank(percent: int, n: int) -> int:
    """Rank (from 1) of a percentile by the nearest-rank rule, in whole numbers so that no rounding enters."""
    return max(1, -(-percent * n // 100))
