"""Intervals: Wilson for proportions, order statistics for percentiles."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, comb, floor, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.audit import quantiles
from stream.stats.intervals import nearest_rank, rank_interval, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(0, 10, 0, 0.2775), (10, 10, 0.7225, 1), (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_of_published_examples(successes: int, n: int, low: float, high: float) -> None:
    """The last three are those of R. G. Newcombe, Statistics in Medicine 17 (1998), table I."""
    assert list(wilson(successes, n)) == pytest.approx([low, high], abs=1e-4)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_mirrors(case: tuple[int, int]) -> None:
    """Within 0..1 around the share; failures have the mirrored interval."""
    successes, n = case
    low, high = wilson(successes, n)
    assert 0 <= low <= successes / n + 1e-12
    assert successes / n - 1e-12 <= high <= 1
    assert list(wilson(n - successes, n)) == pytest.approx([1 - high, 1 - low])


@given(st.integers(1, 100), st.integers(1, 100_000))
def test_nearest_rank(percent: int, n: int) -> None:
    """The least rank that is not below percent x n / 100."""
    assert nearest_rank(percent, n) == max(1, ceil(Fraction(percent, 100) * n))


@given(st.sampled_from((50, 90, 95, 99)), st.integers(1, 100_000))
def test_ranks_are_the_defined_ones(percent: int, n: int) -> None:
    """floor(qn - 1.96 sqrt(nq(1-q))) and ceil(qn + 1.96 sqrt(nq(1-q))) + 1, in floating point to within the rounding of a whole rank."""
    q = percent / 100
    half = 1.96 * sqrt(n * q * (1 - q))
    found = rank_interval(percent, n)
    if found is not None:
        assert abs(found[0] - floor(q * n - half)) <= 1
        assert abs(found[1] - ceil(q * n + half) - 1) <= 1
        assert 1 <= found[0] < found[1] <= n


@given(st.sampled_from((50, 90, 95, 99)), st.integers(1, 100_000))
def test_stream_and_auditor_use_the_same_ranks(percent: int, n: int) -> None:
    """Each worked out on its own, where the auditor gives any."""
    name = f"p{percent}"
    if n >= quantiles.LEAST_N[name]:
        assert rank_interval(percent, n) == quantiles.interval(name, n)
    assert nearest_rank(percent, n) == quantiles.nearest_rank(quantiles.QUANTILES[name], n)


@pytest.mark.parametrize(("percent", "enough"), [(50, 6), (90, 36), (95, 72), (99, 368)])
def test_ranks_from_enough_cases_on_hold_the_percentile_with_95_percent(percent: int, enough: int) -> None:
    """By the binomial distribution, wherever there is an interval; the few cases where the normal approximation falls short stay above 93 %."""
    q = percent / 100
    for n in range(enough, enough + 40):
        ranks = rank_interval(percent, n)
        if ranks:
            held = sum(comb(n, below) * q**below * (1 - q) ** (n - below) for below in range(ranks[0], ranks[1]))
            assert held > 0.93
