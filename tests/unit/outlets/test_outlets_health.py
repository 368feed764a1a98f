"""Worker health: timings, what leaves with a partition or the scorer, copies that stand still."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream.outlets.health import FLUSH_SECONDS, Health, Timings
from tests import metrics_sample as sample


@given(st.lists(st.integers(0, 20_000)))
def test_timings_count_up_to_each_bound(durations: list[int]) -> None:
    """Each bound has all durations up to it, itself included; the last has all."""
    timings = Timings(FLUSH_SECONDS)
    for ms in durations:
        timings.observe(ms)
    expected = [sum(ms <= round(bound * 1000) for ms in durations) for bound in FLUSH_SECONDS]
    assert timings.cumulative() == [*expected, len(durations)]
    assert timings.sum_ms == sum(durations)


def test_the_scorer_leaves_nothing_behind() -> None:
    """Clock, rules and outbox are the scorer's; counters are the worker's and stay."""
    health = sample.health()
    health.release_scorer()
    assert (health.owns_scorer, health.clock_delay, health.rules_evaluated, health.notifications_waiting) == (False, None, None, None)
    assert health.events["rating.submitted"] == 41


def test_a_copy_stands_still() -> None:
    """What happens after the copy is not in it."""
    health = sample.health()
    copy = health.copy()
    health.events["rating.submitted"] += 1
    health.flushes.observe(1)
    health.lag["t", 1] = 1
    health.forget(0)
    assert copy.events["rating.submitted"] == 41
    assert copy.flushes.cumulative()[-1] == 3
    assert ("t", 1) not in copy.lag
    assert copy.tickets == {0: 60}


def test_two_workers_share_nothing() -> None:
    """Each has counters of its own."""
    one, other = Health(), Health()
    one.flushes.observe(1)
    one.events["x"] += 1
    assert other.flushes.cumulative()[-1] == 0
    assert not other.events
