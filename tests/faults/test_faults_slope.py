"""The measure of the soak: growth is found, noise is none."""

from __future__ import annotations

import math
import random

import pytest

from tests.faults.slope import slope


def test_a_line_is_found_exactly() -> None:
    """Without noise growth and bound are those of the line."""
    found = slope([100.0 + 2 * number for number in range(50)])
    assert (found.growth, found.at_most, found.mean) == pytest.approx((98.0, 98.0, 149.0))


def test_noise_is_no_growth(seed: int) -> None:
    """The bound covers what is true, in nearly all of 300 series of noise that is alike from one moment to the next."""
    rng, covered = random.Random(seed), 0
    for _ in range(300):
        values, last = [], 0.0
        for number in range(120):
            last = 0.5 * last + rng.gauss(0, 1)
            values.append(1000 + last + 0.01 * number)
        found = slope(values)
        covered += found.at_most >= 0.01 * 119
        assert math.isclose(found.mean, 1000.6, abs_tol=2)
    assert covered >= 0.95 * 300


def test_a_leak_is_seen(seed: int) -> None:
    """One per mille an interval under ten times that in noise is seen as growth."""
    rng = random.Random(seed)
    found = slope([1000 + number + rng.gauss(0, 10) for number in range(120)])
    assert found.growth > 100
    assert found.at_most - found.growth < 30


def test_too_few_values_say_nothing() -> None:
    """Fewer than ten values are refused."""
    with pytest.raises(ValueError, match="at least ten"):
        slope([1.0] * 9)
