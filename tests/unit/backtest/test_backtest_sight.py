"""Sight of history: every window sum is the plain sum of the panes that the definitions name."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.alerts.verdict import Ints
from stream.backtest.history import Cases, Entries, History, Wait, entries, nothing
from stream.backtest.sight import Replay, ReplaySight
from stream.durations import HOUR, MINUTE, parse

ATOMS = ({"team": "a", "channel": "x"}, {"team": "a", "channel": "y"}, {"team": "b", "channel": "x"})
LISTS = ((), ("team",), ("channel",), ("team", "channel"))
FIRST = 30_000 * 60
"""A minute pane at which an hour begins."""
LENGTH = 60 * 24 * 12
METRICS = ("csat", "fcr_one_touch", "first_response_within")


def arrays(rows: list[tuple[int, int, int, int]]) -> Entries:
    """Entries of (atom, minute, part, whole)."""
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return entries(*columns)


TICK = 60 * 24 * 11
"""The ticks of the properties begin about here; cases lie about the edges of the windows before them."""
EDGES = (0, 1, 14, 15, 16, 239, 240, 241, 300, 360, 24 * 60, 25 * 60, 7 * 24 * 60, 8 * 24 * 60, TICK)
_times = st.builds(lambda edge, more: min(max(TICK - edge + more, 0), LENGTH - 1), st.sampled_from(EDGES), st.integers(-61, 61))
case = st.tuples(st.integers(0, 2), _times, st.integers(0, 2), st.integers(2, 3))
histories = st.lists(case, max_size=40)
firsts = st.integers(TICK - 61, TICK + 61)


def history_of(rows: list[tuple[int, int, int, int]], later: int = 0) -> History:
    """The same cases in every metric; `later`: how many minutes later hour panes count them."""
    short = arrays([(atom, FIRST + minute, part, whole) for atom, minute, part, whole in rows])
    long = arrays([(atom, FIRST + minute + later, part, whole) for atom, minute, part, whole in rows])
    cases = {metric: Cases(short, long) for metric in METRICS}
    return History(ATOMS, LISTS, cases, nothing(), (), FIRST, FIRST + LENGTH - 1)


def panes_of(window: str, minute: int, shift: int) -> range:
    """The minute panes that a window holds at the end of a minute, by the definitions."""
    if window == "all":
        return range(minute + 1) if not shift else range((minute // 60 - shift + 1) * 60)
    length = parse(window)
    if length <= 4 * HOUR:
        return range(minute - length // MINUTE + 1, minute + 1)
    hour = minute // 60 - shift
    end = (hour + 1) * 60 if shift else minute + 1
    return range((hour - length // HOUR + 1) * 60, end)


def plain(found: Entries, segment: dict[str, str], panes: range) -> tuple[int, int]:
    """Part and whole of a segment in some panes, entry by entry."""
    inside = [
        (part, whole)
        for atom, minute, part, whole in zip(*(column.tolist() for column in found), strict=True)
        if minute in panes and all(ATOMS[atom][name] == value for name, value in segment.items())
    ]
    return sum(part for part, _ in inside), sum(whole for _, whole in inside)


def compared(history: History, metric: str, window: str, first: int, last: int) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """What the sight says and what is so, for every segment and tick."""
    sight = ReplaySight(Replay(history), FIRST + first, FIRST + last)
    found = sight.ratio(metric, window)
    assert found is not None
    shift = 168 if metric.startswith("fcr") else 0
    length = None if window == "all" else parse(window)
    cases = history.cases[metric].short if length is not None and length <= 4 * HOUR else history.cases[metric].long
    for row, segment in enumerate(sight.segments):
        for column, minute in enumerate(range(FIRST + first, FIRST + last + 1)):
            said = int(found.part[row, column]), int(found.whole[row, column])
            yield said, plain(cases, dict(segment), panes_of(window, minute, shift))


@given(histories, st.sampled_from(["1m", "15m", "4h", "5h", "24h", "7d", "all"]), firsts, st.integers(0, 7))
def test_every_sum_is_the_plain_sum(rows: list[tuple[int, int, int, int]], window: str, first: int, more: int) -> None:
    """Short windows by the minute, long ones by the hour with the hour under way."""
    for said, expected in compared(history_of(rows), "csat", window, first, first + more):
        assert said == expected


@given(histories, st.sampled_from(["24h", "7d", "all"]), firsts)
def test_matured_windows_end_seven_days_ago(rows: list[tuple[int, int, int, int]], window: str, first: int) -> None:
    """Whole hour panes only, 168 hours before the tick's hour."""
    for said, expected in compared(history_of(rows), "fcr_one_touch", window, first, first + 3):
        assert said == expected


@given(histories, firsts)
def test_hour_panes_may_count_later(rows: list[tuple[int, int, int, int]], first: int) -> None:
    """What counts from the next pane on stands at another minute for long windows."""
    history = history_of(rows, later=37)
    for window in ("1h", "24h"):
        for said, expected in compared(history, "first_response_within", window, first, first + 3):
            assert said == expected


def test_no_such_metric_or_window() -> None:
    """None, as live."""
    sight = ReplaySight(Replay(history_of([(0, 5, 1, 2)])), FIRST, FIRST + 59)
    assert sight.ratio("nps", "24h") is None
    assert sight.ratio("fcr_one_touch", "1h") is None
    assert sight.hourly("nps") is None
    assert sight.reading("csat", "1h", 0) is None


def test_hours_reach_forty_days_back() -> None:
    """Hourly counts, the hour under way last; before history they are zero."""
    sight = ReplaySight(Replay(history_of([(0, 5, 1, 2), (0, 59, 1, 2), (2, 60, 0, 2)])), FIRST, FIRST + 119)
    found = sight.hourly("csat")
    assert found is not None
    assert found.whole.shape == (len(sight.segments), len(sight.hours)) == (8, 961)
    assert sight.hours[-1] == FIRST // 60 + 1
    assert found.whole[0, -3:].tolist() == [0, 4, 2]
    assert found.part[0, -3:].tolist() == [0, 2, 0]


def test_ticks_know_only_hours_that_are_over() -> None:
    """59 minutes into an hour the one before counts; at its last minute it is over."""
    sight = ReplaySight(Replay(history_of([])), FIRST + 58, FIRST + 61)
    by_hour: Ints = np.broadcast_to(sight.hours, (8, len(sight.hours)))
    known = sight.at_ticks(by_hour.astype(np.float64))
    assert known.shape == (8, 4)
    assert (known[0] - FIRST // 60).tolist() == [-1, 0, 0, 0]
    assert ((sight.ticks + 1) // MINUTE - FIRST).tolist() == [59, 60, 61, 62]


def test_segments_add_up_from_the_smallest() -> None:
    """The whole first, each value once."""
    segments = Replay(history_of([])).members.segments
    assert segments[0] == {}
    assert len(segments) == 1 + 2 + 2 + 3
    assert {"team": "a", "channel": "y"} in segments


def test_the_oldest_of_those_who_wait() -> None:
    """The earliest opening; nothing where nobody waits, and in segments without the ticket."""
    at = FIRST * MINUTE
    waits = (Wait(0, at, at, at + 10 * MINUTE), Wait(2, at + 1, at + 3 * MINUTE, at + 20 * MINUTE), Wait(0, at, at + 30 * MINUTE, at + 31 * MINUTE))
    base = history_of([])
    history = History(ATOMS, LISTS, base.cases, nothing(), waits, FIRST, FIRST + LENGTH)
    sight = ReplaySight(Replay(history), FIRST, FIRST + 59)
    oldest = sight.oldest()
    rows = {str(dict(segment)): oldest[row] - at for row, segment in enumerate(sight.segments)}
    # The first wait ends with the millisecond that begins minute 10; the tick of minute 9 is the one before it.
    assert rows["{}"][[0, 8, 9, 10, 18, 19, 30]].tolist() == [0, 0, 0, 1, 1, 1, 0]
    assert np.isnan(rows["{}"][[20, 29, 31]]).all()
    assert np.isnan(rows["{'team': 'b'}"][:4]).tolist() == [True, True, True, False]


def test_dead_letters_of_all_records() -> None:
    """The same for every segment, in sliding minutes."""
    minutes = np.array([FIRST, FIRST, FIRST + 20], dtype=np.int64)
    intake = entries(np.zeros(3, dtype=np.int64), minutes, np.array([1, 0, 1], dtype=np.int64), np.ones(3, dtype=np.int64))
    base = history_of([])
    sight = ReplaySight(Replay(History(ATOMS, LISTS, base.cases, intake, (), FIRST, FIRST + 59)), FIRST, FIRST + 59)
    found = sight.intake("15m")
    assert found.whole.shape == (8, 60)
    assert found.whole[3, [0, 14, 15, 20, 34, 35]].tolist() == [2, 2, 0, 1, 1, 0]
    assert found.part[3, [0, 14, 15, 20, 34, 35]].tolist() == [1, 1, 0, 1, 1, 0]


@pytest.mark.parametrize("rows", [[(0, 1, 1, 2), (0, 1, -1, -2)], []])
def test_what_is_taken_back_is_gone(rows: list[tuple[int, int, int, int]]) -> None:
    """Counts of one pane and segment add up, and nothing stays of what comes to nothing."""
    assert len(arrays(rows).minutes) == 0
