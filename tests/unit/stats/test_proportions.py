"""One-sided Wilson bounds of arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.stats.intervals import wilson
from stream.stats.proportions import lower, share, upper

CASES = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(st.lists(CASES, min_size=1, max_size=5), st.floats(0.1, 5))
def test_arrays_agree_with_the_scalar(cases: list[tuple[int, int]], z: float) -> None:
    """To the last digits but one: the same formula."""
    part, whole = np.array(cases, dtype=np.int64).T
    expected = [wilson(good, n, z) for good, n in cases]
    assert lower(part, whole, z) == pytest.approx([low for low, _ in expected], abs=1e-12)
    assert upper(part, whole, z) == pytest.approx([high for _, high in expected], abs=1e-12)


def test_a_published_example() -> None:
    """81 of 263, 95 % two-sided: 0.2553 to 0.3662 (R. G. Newcombe, Statistics in Medicine 17, 1998, table I)."""
    part, whole = np.array([[81]]), np.array([[263]])
    assert lower(part, whole, 1.96) == pytest.approx(np.array([[0.2553]]), abs=1e-4)
    assert upper(part, whole, 1.96) == pytest.approx(np.array([[0.3662]]), abs=1e-4)


def test_no_case_gives_nan() -> None:
    """And leaves the others alone."""
    part, whole = np.array([0, 4]), np.array([0, 5])
    for found in (lower(part, whole, 2.0), upper(part, whole, 2.0), share(part, whole)):
        assert np.isnan(found).tolist() == [True, False]


def test_all_or_none_stay_within_the_scale() -> None:
    """0 of n has the lower bound 0, n of n the upper bound 1, without a rounding beyond."""
    whole = np.arange(1, 1000)
    found = lower(np.zeros_like(whole), whole, 2.88)
    assert (found >= 0).all()
    assert found == pytest.approx(0, abs=1e-12)
    found = upper(whole, whole, 2.88)
    assert (found <= 1).all()
    assert found == pytest.approx(1, abs=1e-12)


def test_a_share_is_one_division() -> None:
    """4 of 5 hundredths are exactly the 80 of a target."""
    assert share(np.array([400]), np.array([5])).tolist() == [80.0]
