"""Upper bound of a Poisson mean."""

from __future__ import annotations

from fractions import Fraction
from math import exp, factorial, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.stats.poisson import upper


def one(count: int, confidence: float) -> float:
    """The bound of one count."""
    return float(upper(np.array([count]), confidence)[0])


@pytest.mark.parametrize(
    ("count", "confidence", "bound"),
    [(0, 0.99, 4.605), (0, 0.95, 2.996), (1, 0.95, 4.744), (3, 0.95, 7.754), (10, 0.99, 20.145), (10, 0.975, 18.390), (50, 0.975, 65.919)],
)
def test_tables(count: int, confidence: float, bound: float) -> None:
    """Half the chi-square quantiles of the printed tables."""
    assert one(count, confidence) == pytest.approx(bound, abs=6e-4)


@given(st.floats(0.51, 0.9999))
def test_no_case_has_a_closed_form(confidence: float) -> None:
    """P(X = 0) = exp(-m), so m = -ln(1 - confidence)."""
    assert one(0, confidence) == pytest.approx(-log(1 - confidence), rel=1e-12)


@given(st.integers(0, 150), st.floats(0.55, 0.999))
def test_at_the_bound_so_few_are_as_rare_as_said(count: int, confidence: float) -> None:
    """P(X <= count) = 1 - confidence, the sum worked out in fractions."""
    bound = one(count, confidence)
    mean = Fraction(bound)
    below = sum(mean**k / factorial(k) for k in range(count + 1))
    assert float(below) * exp(-bound) == pytest.approx(1 - confidence, rel=1e-9)


@given(st.integers(0, 20_000))
def test_it_grows_with_the_count(count: int) -> None:
    """And lies above it, by about 2.33 standard deviations at 99 %."""
    bound, next_bound = one(count, 0.99), one(count + 1, 0.99)
    assert count < bound < next_bound
    assert bound - count == pytest.approx(2.326 * count**0.5, abs=5)


def test_the_shape_is_kept() -> None:
    """Of any number of axes, equal counts alike."""
    found = upper(np.array([[0, 3], [3, 0]]), 0.95)
    assert found == pytest.approx(np.array([[2.99573227, 7.75365653], [7.75365653, 2.99573227]]), abs=1e-8)
    assert upper(np.array(3), 0.95).shape == ()
