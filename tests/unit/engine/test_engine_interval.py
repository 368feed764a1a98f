"""The interval between flushes: none after quiet, and longer the further a worker is behind."""

from __future__ import annotations

import pytest

from stream.engine.interval import FlushInterval

INTERVAL, LATER = 250, 1_000_000


def test_after_quiet_at_once() -> None:
    """The first flush, and one long after the last, wait for nothing."""
    interval = FlushInterval()
    assert interval.wait(INTERVAL, LATER) == 0
    interval.flushed(LATER - 100, LATER)
    assert (interval.wait(INTERVAL, LATER + 200), interval.wait(INTERVAL, LATER + 251)) == (50, 0)


@pytest.mark.parametrize(
    ("took", "behind", "wait"),
    [(100, 0, 250), (100, 249, 250), (100, 900, 900), (100, 86_400_000, 4_000), (1_000, 86_400_000, 5_000), (3, 86_400_000, 250), (100, -5_000, 250)],
)
def test_who_is_behind_flushes_less_often(took: int, behind: int, wait: int) -> None:
    """By as much as it is behind, up to forty times what a flush takes and to five seconds; never more often than was asked for."""
    interval = FlushInterval()
    interval.flushed(LATER - took, LATER)
    interval.taken(behind, LATER)
    assert interval.wait(INTERVAL, LATER) == wait


def test_a_backlog_that_has_ended() -> None:
    """Once nothing has come for a second, or what comes is fresh, nobody waits for the long interval."""
    interval = FlushInterval()
    interval.flushed(LATER - 1_000, LATER)
    interval.taken(60_000, LATER)
    assert (interval.wait(INTERVAL, LATER + 999), interval.wait(INTERVAL, LATER + 1_000)) == (4_001, 0)
    interval.taken(60_000, LATER + 1_000)
    interval.taken(20, LATER + 1_001)
    assert interval.wait(INTERVAL, LATER + 1_001) == 0
