"""Quantiles and their intervals."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, sqrt

import pytest
from audit_cases import NOON, ask, opened, reply, seen
from hypothesis import given
from hypothesis import strategies as st

from stream.audit.quantiles import LEAST_N, QUANTILES, interval, nearest_rank


@pytest.mark.parametrize(
    ("percent", "n", "rank"),
    [(50, 1, 1), (50, 2, 1), (50, 3, 2), (90, 10, 9), (90, 11, 10), (95, 20, 19), (99, 100, 99), (99, 101, 100)],
)
def test_nearest_rank(percent: int, n: int, rank: int) -> None:
    """The least rank that holds q of the values."""
    assert nearest_rank(Fraction(percent, 100), n) == rank


@pytest.mark.parametrize(
    ("name", "n", "ranks"),
    [
        ("p50", 5, None),
        ("p50", 6, None),  # ranks 0 and 7
        ("p50", 10, (1, 10)),  # 5 -+ 3.099: floor 1.9, ceil 8.1 + 1
        ("p90", 36, None),  # 32.4 -+ 3.528: 28 and 37, of 36
        ("p90", 100, (84, 97)),  # 90 -+ 5.88: floor 84.12, ceil 95.88 + 1
        ("p95", 71, None),
        ("p95", 200, (183, 198)),  # 190 -+ 6.041
        ("p99", 367, None),
        ("p99", 1000, (983, 998)),  # 990 -+ 6.167
        ("p50", 2500, (1201, 1300)),  # 1250 -+ 49 exactly
    ],
)
def test_interval(name: str, n: int, ranks: tuple[int, int] | None) -> None:
    """By order statistics; none for few values, or where a rank lies outside."""
    assert interval(name, n) == ranks


@given(name=st.sampled_from(sorted(QUANTILES)), n=st.integers(1, 100_000))
def test_interval_is_that_of_the_formula(name: str, n: int) -> None:
    """Whole numbers give what the formula gives, but for the noise of floats at whole ranks."""
    q = float(QUANTILES[name])
    half = 1.96 * sqrt(n * q * (1 - q))
    low, high = q * n - half, q * n + half
    found = interval(name, n)
    if min(abs(low - round(low)), abs(high - round(high))) < 1e-6:
        return
    inside = n >= LEAST_N[name] and floor(low) >= 1 and ceil(high) + 1 <= n
    assert found == ((floor(low), ceil(high) + 1) if inside else None)


def test_quantiles_of_a_hundred() -> None:
    """1 to 100 s in any order: p90 is 90 s, between 84 s and 97 s."""
    found = ask("first_response", *([opened(NOON), reply(NOON + 1000 * (7 * place % 101))] for place in range(1, 101)))
    assert found is not None
    assert {name: found.stats[name] for name in ("p50", "p90", "p95", "p99")} == {"p50": 50, "p90": 90, "p95": 95, "p99": 99}
    assert seen(found.stats["p90_low"], found.stats["p90_high"]) == (84, 97)
    assert (found.stats["p99_low"], found.stats["p99_high"]) == (None, None)
    assert set(found.stats) == {f"{name}{end}" for name in QUANTILES for end in ("", "_low", "_high")}
