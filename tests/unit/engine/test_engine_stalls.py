"""When a partition is fetched again."""

from __future__ import annotations

from stream.engine.stalls import FIRST_PATIENCE, LONGEST_PATIENCE, Stalls


def test_who_gets_on_is_left_alone() -> None:
    """Each step begins a new wait."""
    stalls = Stalls()
    assert all(stalls.found(step * (FIRST_PATIENCE - 1), {0: step}) == [] for step in range(10))


def test_who_has_read_everything_is_left_alone() -> None:
    """However long nothing comes, and what was before does not count."""
    stalls = Stalls()
    assert stalls.found(0, {0: 7}) == []
    assert stalls.found(FIRST_PATIENCE, {}) == []
    assert stalls.found(FIRST_PATIENCE + 1, {0: 7}) == []


def test_fetched_again_more_and_more_rarely() -> None:
    """The wait doubles each time in vain, up to ten minutes; one step forward, and it is short again."""
    stalls, steady, waits = Stalls(), 0, []
    stalls.found(0, {0: 7, 1: 3})
    for _ in range(12):
        begun = steady
        while stalls.found(steady, {0: 7}) == []:
            steady += 1_000
        waits.append(steady - begun)
    assert waits[:3] == [FIRST_PATIENCE, 2 * FIRST_PATIENCE, 4 * FIRST_PATIENCE]
    assert max(waits) == waits[-1] == LONGEST_PATIENCE
    assert stalls.found(steady, {0: 8}) == []
    assert stalls.found(steady + FIRST_PATIENCE, {0: 8}) == [0]
