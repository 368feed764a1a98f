"""Now: the slowest clock while something is unread, then the newest event, then the wall clock."""

from __future__ import annotations

from stream.durations import DAY
from stream.state.marker import FORMAT, Marker
from stream.windows.now import QUIET, NowReader

WALL = 1_000 * DAY


def marker(**topics: tuple[int, int]) -> Marker:
    """A partition that stands at (next offset, newest event time) in each topic."""
    offsets, newest = {name: at[0] for name, at in topics.items()}, {name: at[1] for name, at in topics.items()}
    return Marker(FORMAT, "f", 1, offsets, newest, 0, 0)


def test_the_slowest_of_what_is_not_read_to_its_end() -> None:
    """A topic partition that is read to its end counts as up to date."""
    status = {0: marker(a=(5, 100), b=(9, 50)), 1: marker(a=(2, 80), b=(1, 70))}
    ends = {("a", 0): 9, ("b", 0): 9, ("a", 1): 9, ("b", 1): 9}
    found = NowReader(fixed=None).read(status, ends, WALL, 0)
    assert (found.time, found.at_end) == (70, False)


def test_nothing_can_be_said_while_an_unread_one_has_no_clock() -> None:
    """Its first event may be of any time."""
    assert NowReader(fixed=None).read({0: marker(a=(5, 100))}, {("a", 0): 9, ("b", 0): 3}, WALL, 0).time is None
    assert NowReader(fixed=None).read({}, {("a", 0): 9}, WALL, 0).time is None


def test_the_newest_of_all_when_everything_is_read() -> None:
    """Until 5 s have passed, then the wall clock."""
    reader, status, ends = NowReader(fixed=None), {0: marker(a=(5, 100), b=(9, 50))}, {("a", 0): 5, ("b", 0): 9}
    assert [reader.read(status, ends, WALL, steady).time for steady in (0, QUIET - 1, QUIET)] == [100, 100, WALL]


def test_the_quiet_begins_anew_after_more_was_read() -> None:
    """5 s at the end, live, without a break."""
    reader, status = NowReader(fixed=None), {0: marker(a=(5, 100))}
    reader.read(status, {("a", 0): 5}, WALL, 0)
    assert reader.read(status, {("a", 0): 6}, WALL, QUIET).time == 100
    assert reader.read(status, {("a", 0): 5}, WALL, QUIET + 1).time == 100
    assert reader.read(status, {("a", 0): 5}, WALL, 2 * QUIET + 1).time == WALL


def test_it_is_not_quiet_where_all_that_comes_is_read_at_once() -> None:
    """Events of a replay in bursts, each read before the next look: now must not leap to the wall clock and wait there for the rest."""
    reader = NowReader(fixed=None)
    found = [reader.read({0: marker(a=(n, 100 + n))}, {("a", 0): n}, WALL, n * QUIET // 2).time for n in range(5)]
    assert found == [100 + n for n in range(5)]


def test_a_fixed_now_comes_once_everything_is_read() -> None:
    """Before, there is none."""
    reader, status = NowReader(fixed=7), {0: marker(a=(5, 100))}
    assert reader.read(status, {("a", 0): 6}, WALL, 0) == (None, False)
    assert reader.read(status, {("a", 0): 5}, WALL, 0) == (7, True)
