"""Readings that several KPIs share: a proportion, and a duration with its quantiles. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import sqrt

from stream.kpis.definition import Reading
from stream.stats.intervals import Z95, nearest_rank, rank_interval, wilson
from stream.stats.sketch import Counts, Distribution

DIGITS = 4
_CASES_FOR_A_WIDTH = 2
_PERCENTILES = {50: 6, 90: 36, 95: 72, 99: 368}
"""Percentiles that are published, and the number of cases from which they have an interval."""
_STATS = [f"p{percent}{end}" for percent in _PERCENTILES for end in ("", "_low", "_high")]
_SIZES_KNOWN = 10_000


def percentage(successes: int, n: int, counts: Mapping[str, int], stats: Mapping[str, float | None] | None = None) -> Reading | None:
    """100 x successes / n with its Wilson interval; None for n = 0."""
    if n <= 0:
        return None
    low, high = wilson(successes, n)
    return Reading(round(100 * successes / n, DIGITS), n, counts, round(100 * low, DIGITS), round(100 * high, DIGITS), stats or {})


def duration(n: int, sum_ms: int, negative: int, buckets: Counts, name: str) -> Reading | None:
    """Mean seconds of n durations, with quantiles from a sketch's buckets; None for n = 0."""
    if n <= 0:
        return None
    mean, values = sum_ms / n / 1000, Distribution(buckets)
    low, high = None, None
    if n >= _CASES_FOR_A_WIDTH:
        half = Z95 * sqrt(values.variance() / n) / 1000
        low, high = round(max(0.0, mean - half), DIGITS), round(mean + half, DIGITS)
    return Reading(round(mean, DIGITS), n, {name: n, "sum_ms": sum_ms, "negative": negative}, low, high, _quantiles(values, n))


def _quantiles(values: Distribution, n: int) -> dict[str, float | None]:
    stats: dict[str, float | None] = dict.fromkeys(_STATS)
    ranks = _ranks(n)
    for name, value in zip(ranks, values.values_at([*ranks.values()]), strict=True):
        stats[name] = round(value / 1000, DIGITS)
    return stats


@lru_cache(maxsize=_SIZES_KNOWN)
def _ranks(n: int) -> Mapping[str, int]:
    """Ranks of the percentiles of n cases, and of the ends of their intervals where n has them."""
    found = {}
    for percent, enough in _PERCENTILES.items():
        found[f"p{percent}"] = nearest_rank(percent, n)
        ends = rank_interval(percent, n) if n >= enough else None
        if ends:
            found[f"p{percent}_low"], found[f"p{percent}_high"] = ends
    return found
