"""When a scorer counts as deaf."""

from __future__ import annotations

from stream.engine.liveness import PATIENCE, Liveness


def test_who_has_heard_everything_is_not_deaf() -> None:
    """However long nothing happens."""
    liveness = Liveness()
    assert not liveness.is_deaf(0, {0: 5}, {0: 5})
    assert not liveness.is_deaf(10 * PATIENCE, {0: 5}, {0: 5})


def test_deaf_after_a_while() -> None:
    """One flush that stays unheard, from the moment it was first looked for."""
    liveness = Liveness()
    assert not liveness.is_deaf(1_000, {0: 6, 1: 3}, {0: 5, 1: 3})
    assert not liveness.is_deaf(1_000 + PATIENCE - 1, {0: 9, 1: 3}, {0: 5, 1: 3})
    assert liveness.is_deaf(1_000 + PATIENCE, {0: 9, 1: 3}, {0: 5, 1: 3})


def test_who_reads_on_is_not_deaf() -> None:
    """A scorer far behind that takes in something of the partition every now and then."""
    liveness = Liveness()
    for step in range(10):
        assert not liveness.is_deaf(step * (PATIENCE - 1), {0: 1_000}, {0: step})


def test_what_has_caught_up_begins_anew() -> None:
    """Neither time before it had caught up counts, nor that before the partition was taken over."""
    liveness = Liveness()
    liveness.is_deaf(0, {0: 6}, {})
    liveness.is_deaf(PATIENCE // 2, {0: 6}, {0: 6})
    assert not liveness.is_deaf(PATIENCE, {0: 7}, {0: 6})
    liveness.is_deaf(PATIENCE + 1, {}, {0: 6})
    assert not liveness.is_deaf(2 * PATIENCE, {0: 7}, {0: 6})
    assert liveness.is_deaf(3 * PATIENCE, {0: 7}, {0: 6})
