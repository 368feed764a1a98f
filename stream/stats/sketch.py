"""Quantile sketch of durations: fixed buckets of 1 % relative error that only count, so that a value can be taken back.

The mapping is DDSketch's (Masson, Rim, Lee: VLDB 12, 2019) without collapsing: bucket 0 holds 0, bucket i the whole
milliseconds in (g^(i-2), g^(i-1)] with g = 1.01/0.99. The bounds are worked out once in exact fractions, so every machine puts a value into
the same bucket, and a value added on one can be taken back on another.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import accumulate

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


class Quantiles:
    """Order statistics of the values in filled buckets (index and count, in order)."""

    def __init__(self, buckets: Sequence[tuple[int, int]]) -> None:
        self._buckets = [index for index, _ in buckets]
        self._running = list(accumulate(count for _, count in buckets))

    def value_at(self, rank: int) -> float:
        """The rank-th smallest value (from 1), in ms."""
        return middle(self._buckets[bisect_left(self._running, rank)])
