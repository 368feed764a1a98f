"""The quantile sketch: 1 % relative error, and whatever was added can be taken back."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from stream.durations import DAY
from stream.stats.intervals import nearest_rank
from stream.stats.sketch import BUCKETS, Distribution, bucket, counts_of, middle

THIRTY_YEARS = 30 * 365 * DAY
durations = st.integers(0, THIRTY_YEARS)


@given(durations)
def test_a_buckets_middle_is_within_one_percent(ms: int) -> None:
    """Of everything in the bucket, but for 1e-9 of floating point; 0 is exact."""
    assert 0 <= bucket(ms) < BUCKETS
    assert abs(middle(bucket(ms)) - ms) <= 0.01 * ms * (1 + 1e-9)


@given(durations, durations)
def test_buckets_are_in_order(one: int, other: int) -> None:
    """A greater value is never in a lower bucket."""
    assert (bucket(one) <= bucket(other)) or one > other


@given(st.lists(durations, min_size=1, max_size=60), st.integers(1, 100))
def test_order_statistics_are_within_one_percent(values: list[int], percent: int) -> None:
    """The sketch's value at a rank against the sorted values."""
    filled = sorted(Counter(bucket(value) for value in values).items())
    rank = nearest_rank(percent, len(values))
    exact = sorted(values)[rank - 1]
    assert abs(Distribution(counts_of(filled)).values_at([rank])[0] - exact) <= 0.01 * exact * (1 + 1e-9)


@given(st.lists(durations), st.lists(durations))
def test_adding_and_taking_back(kept: list[int], taken: list[int]) -> None:
    """Buckets only count: what is taken back leaves no trace."""
    both = Counter(map(bucket, kept + taken))
    both.subtract(map(bucket, taken))
    assert {index: count for index, count in both.items() if count} == Counter(map(bucket, kept))


def test_every_bucket_of_a_millisecond_or_more_is_used_in_order() -> None:
    """The first values, one by one: 0 and 1 ms have buckets of their own."""
    assert [bucket(ms) for ms in (0, 1, 2)] == sorted({bucket(ms) for ms in (0, 1, 2)})
    assert bucket(0) == 0
    assert middle(0) == 0
