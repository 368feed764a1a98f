"""Wilson's interval and that of a mean."""

from __future__ import annotations

import pytest
from audit_cases import seen

from stream.audit.intervals import mean_interval, wilson


@pytest.mark.parametrize(
    ("part", "n", "low", "high"),
    [(96, 118, 73.3815, 87.3531), (0, 10, 0, 27.7540), (10, 10, 72.2460, 100), (1, 1, 20.6543, 100)],
)
def test_wilson(part: int, n: int, low: float, high: float) -> None:
    """In percent, never outside 0 to 100."""
    found = wilson(part, n)
    assert seen(*found) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))
    assert 0 <= found[0] <= found[1] <= 100


def test_mean_interval() -> None:
    """1 s and 3 s: 2 s -+ 1.96 x 1 s; nothing for one value."""
    assert seen(*mean_interval([1000, 3000])) == (pytest.approx(0.04), pytest.approx(3.96))
    assert mean_interval([1000]) == (None, None)
    assert mean_interval([5, 5, 5]) == (0.005, 0.005)
