"""Quantile sketch of durations: fixed buckets of 1 % relative error that only count, so that a value can be taken back.

The mapping is DDSketch's (Masson, Rim, Lee: VLDB 12, 2019) without collapsing: bucket 0 holds 0, bucket i the whole
milliseconds in (g^(i-2), g^(i-1)] with g = 1.01/0.99. The bounds are worked out once in exact fractions, so every machine puts a value into
the same bucket, and a value added on one can be taken back on another.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache
from itertools import accumulate

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
"""How many values are in each bucket, shape (BUCKETS,)."""
BUCKETS = 1_400
"""Enough for more than 30 years in milliseconds."""
_SCALE = 10**40


@cache
def _bounds() -> tuple[int, ...]:
    """Upper bound of each bucket in ms: floor(g^(i-1)), in fixed-point arithmetic with 40 digits."""
    gamma = Fraction(101, 99)
    powers = accumulate(range(2, BUCKETS), lambda power, _: power * gamma.numerator // gamma.denominator, initial=_SCALE)
    return (0, *(power // _SCALE for power in powers))


def bucket(ms: int) -> int:
    """Bucket of a duration of 0 ms or more."""
    return bisect_left(_bounds(), ms)


@cache
def middle(index: int) -> float:
    """The value that stands for a bucket, in ms: at most 1 % from everything in it. Bucket 0 stands for 0."""
    if index == 0:
        return 0.0
    upper = (101 / 99) ** (index - 1)
    return 2 * upper / (101 / 99 + 1)


@cache
def _middles() -> npt.NDArray[np.float64]:
    return np.array([middle(index) for index in range(BUCKETS)])


def counts_of(buckets: Iterable[tuple[int, int]]) -> Counts:
    """Counts from filled buckets: index and count."""
    counts: Counts = np.zeros(BUCKETS, dtype=np.int64)
    for index, count in buckets:
        counts[index] += count
    return counts


def filled(counts: Counts) -> list[tuple[int, int]]:
    """Filled buckets in order: index and count."""
    found = np.flatnonzero(counts)
    return list(zip(found.tolist(), counts[found].tolist(), strict=True))


class Distribution:
    """The values in the buckets of a sketch, each taken as the middle of its bucket; as arrays, since a long window fills hundreds."""

    def __init__(self, counts: Counts) -> None:
        found = np.flatnonzero(counts)
        self._counts = counts[found]
        self._middles = _middles()[found]
        self._running = np.cumsum(self._counts)

    def values_at(self, ranks: Sequence[int]) -> list[float]:
        """The rank-th smallest values (from 1), in ms."""
        found: list[float] = self._middles[np.searchsorted(self._running, ranks)].tolist()
        return found

    def variance(self) -> float:
        """Sample variance in ms^2, of two values or more."""
        n = int(self._running[-1])
        deviations = self._middles - self._middles @ self._counts / n
        return float(deviations * deviations @ self._counts / (n - 1))
