"""Readings that several KPIs share: a proportion, and a duration with its quantiles. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt

from stream.kpis.definition import Reading
from stream.stats.intervals import Z95, nearest_rank, rank_interval, wilson
from stream.stats.sketch import Quantiles, middle

DIGITS = 4
_CASES_FOR_A_WIDTH = 2
_PERCENTILES = {50: 6, 90: 36, 95: 72, 99: 368}
"""Percentiles that are published, and the number of cases from which they have an interval."""


def percentage(successes: int, n: int, counts: Mapping[str, int], stats: Mapping[str, float | None] | None = None) -> Reading | None:
    """100 x successes / n with its Wilson interval; None for n = 0."""
    if n <= 0:
        return None
    low, high = wilson(successes, n)
    return Reading(round(100 * successes / n, DIGITS), n, counts, round(100 * low, DIGITS), round(100 * high, DIGITS), stats or {})


def duration(n: int, sum_ms: int, negative: int, buckets: Sequence[tuple[int, int]], name: str) -> Reading | None:
    """Mean seconds of n durations, with quantiles from a sketch's filled buckets; None for n = 0."""
    if n <= 0:
        return None
    mean = sum_ms / n / 1000
    half = _half_width(buckets, n)
    low, high = (None, None) if half is None else (round(max(0.0, mean - half), DIGITS), round(mean + half, DIGITS))
    return Reading(round(mean, DIGITS), n, {name: n, "sum_ms": sum_ms, "negative": negative}, low, high, _quantiles(Quantiles(buckets), n))


def _half_width(buckets: Sequence[tuple[int, int]], n: int) -> float | None:
    """1.96 standard errors of the mean in seconds, from the buckets' middles."""
    if n < _CASES_FOR_A_WIDTH:
        return None
    seconds = [(middle(index) / 1000, count) for index, count in buckets]
    mean = sum(value * count for value, count in seconds) / n
    variance = sum(count * (value - mean) ** 2 for value, count in seconds) / (n - 1)
    return Z95 * sqrt(variance / n)


def _quantiles(values: Quantiles, n: int) -> dict[str, float | None]:
    stats: dict[str, float | None] = {}
    for percent, enough in _PERCENTILES.items():
        ranks = rank_interval(percent, n) if n >= enough else None
        stats[f"p{percent}"] = _seconds(values, nearest_rank(percent, n))
        stats[f"p{percent}_low"] = _seconds(values, ranks[0]) if ranks else None
        stats[f"p{percent}_high"] = _seconds(values, ranks[1]) if ranks else None
    return stats


def _seconds(values: Quantiles, rank: int) -> float:
    return round(values.value_at(rank) / 1000, DIGITS)
