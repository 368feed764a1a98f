"""How long the scorer rests: long in a backlog, for a moment otherwise, and not for what a backlog left."""

from __future__ import annotations

import pytest

from stream.engine.rest import LONGEST_BACKLOG_REST, LONGEST_LIVE_REST, LONGEST_REST_AHEAD, MOMENT, REST_FACTOR, Rest


@pytest.mark.parametrize("name", ["is_over", "is_over_ahead"])
@pytest.mark.parametrize(("took", "rests"), [(1_000, REST_FACTOR * 1_000), (10_000, LONGEST_BACKLOG_REST)])
def test_in_a_backlog_a_twentieth_of_the_time(name: str, took: int, rests: int) -> None:
    """After a pass of 1 s the next one may begin 20 s later, and however long it takes, not minutes; so too for one that reads ahead."""
    rest = Rest()
    rest.begin(10_000, 10_000 + took)
    is_over = getattr(rest, name)
    assert not is_over(10_000 + took + rests - 1, backlog=True)
    assert is_over(10_000 + took + rests, backlog=True)


def test_otherwise_not_for_long() -> None:
    """A short pass is followed by a short rest, a long one by no more than the longest."""
    rest = Rest()
    rest.begin(10_000, 10_002)
    assert not rest.is_over(10_002 + 2 * REST_FACTOR - 1, backlog=False)
    assert rest.is_over(10_002 + 2 * REST_FACTOR, backlog=False)
    rest.begin(20_000, 23_000)
    assert not rest.is_over(23_000 + LONGEST_LIVE_REST - 1, backlog=False)
    assert rest.is_over(23_000 + LONGEST_LIVE_REST, backlog=False)


def test_under_load_a_moment_after_sums_have_come() -> None:
    """Those of the other partitions come in this moment, however many there are; after a short pass it is shorter."""
    rest = Rest()
    rest.begin(10_000, 10_040)
    rest.came(10_100)
    rest.came(10_130)
    assert not rest.is_over(10_100 + MOMENT - 1, backlog=False)
    assert rest.is_over(10_100 + MOMENT, backlog=False)
    rest.begin(20_000, 20_001)
    rest.came(20_010)
    assert rest.is_over(20_010 + REST_FACTOR, backlog=False)


def test_after_quiet_not_at_all() -> None:
    """A lone rating is published at once."""
    rest = Rest()
    rest.begin(10_000, 10_040)
    rest.came(10_040 + LONGEST_LIVE_REST)
    assert rest.is_over(10_040 + LONGEST_LIVE_REST, backlog=False)


def test_the_rest_of_a_backlog_ends_with_it() -> None:
    """Once everything is read, scores do not wait for a minute because the last pass in the backlog was long."""
    rest = Rest()
    rest.begin(10_000, 13_000)
    assert not rest.is_over(14_000, backlog=True)
    assert rest.is_over(14_000, backlog=False)


def test_before_the_first_pass() -> None:
    """Nothing is waited for."""
    assert Rest().is_over(0, backlog=True)


def test_one_that_reads_ahead_is_hardly_behind_at_the_end() -> None:
    """Whoever takes over has seconds of sums to take in, not a minute of them, however long the last pass took."""
    rest = Rest()
    rest.begin(10_000, 13_000)
    assert not rest.is_over_ahead(13_000 + LONGEST_REST_AHEAD - 1, backlog=False)
    assert rest.is_over_ahead(13_000 + LONGEST_REST_AHEAD, backlog=False)
