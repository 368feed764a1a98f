"""What comes in against the same hours of the last weeks: signal_lost, signal_low."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stream.alerts.conditions import judge
from stream.alerts.rules import SignalLost, SignalLow
from stream.alerts.shipped import shipped_rules
from stream.alerts.targets import Targets
from stream.alerts.verdict import Verdict
from stream.durations import HOUR, MINUTE
from tests.unit.alerts.sights import MONDAY, MemorySight

TARGETS = Targets({})
RULES = shipped_rules()
WEEK = 7 * 24
"""Hours of a week."""
FIFTH_MONDAY = MONDAY + 4 * WEEK * HOUR


def weeks(by_hour: Mapping[int, tuple[int, ...]], now: int, lately: tuple[tuple[int, int], ...] = ()) -> MemorySight:
    """Cases by hour of the week, a figure for each of the four weeks past, and (minutes ago, cases) of now; MONDAY is where the history begins.

    The cases of an hour stand in its first minute: the sight sums whole hour panes.
    """
    minutes = now // MINUTE - MONDAY // MINUTE + 1
    whole = np.zeros((1, minutes), dtype=np.int64)
    for hour, counts in by_hour.items():
        for week, count in enumerate(counts):
            whole[0, (week * WEEK + hour) * 60] += count
    for ago, count in lately:
        whole[0, minutes - 1 - ago] += count
    return MemorySight(({},), np.array(now, dtype=np.int64), np.zeros_like(whole), whole)


def lost(seen: MemorySight, **fields: Any) -> Verdict:
    """What signal_lost says."""
    rule = SignalLost.model_validate(RULES["signal_lost"].model_dump(by_alias=True) | fields)
    return judge(rule, "signal_lost", seen, TARGETS, {}).at(0)


def low(seen: MemorySight, **fields: Any) -> Verdict:
    """What signal_low says."""
    rule = SignalLow.model_validate(RULES["signal_low"].model_dump(by_alias=True) | fields)
    return judge(rule, "signal_low", seen, TARGETS, {}).at(0)


STEADY = dict.fromkeys(range(24), (16, 16, 16, 16))
AT_NOON = FIFTH_MONDAY + 12 * HOUR - 1
"""The last millisecond before noon: the hour window is (to the millisecond) the pane from 11."""


def test_silence_where_enough_is_expected_is_hot() -> None:
    """Half a minute after noon the window has half a minute of 12's 1,800 cases: exactly 15. With one case less in one week it is not enough."""
    now = FIFTH_MONDAY + 12 * HOUR + MINUTE // 2
    found = lost(weeks({0: (1, 0, 0, 0), 12: (1800, 1900, 1700, 1800)}, now), windows=["1h"])
    assert found.hot
    assert not found.clear
    assert (found.value, found.n, found.target) == (0.0, 0, 15.0)
    assert not lost(weeks({0: (1, 0, 0, 0), 12: (1800, 1900, 1700, 1799)}, now), windows=["1h"]).hot


def test_any_case_ends_it() -> None:
    """One in the last hour."""
    found = lost(weeks(STEADY, AT_NOON, ((59, 1),)))
    assert not found.hot
    assert found.clear
    assert found.value == 1


def test_less_than_enough_is_left_to_the_longer_window() -> None:
    """5 an hour: not in 1 h, but 20 in 4 h, where the last case came 4 h ago."""
    by_hour = dict.fromkeys(range(24), (5, 5, 5, 5))
    assert lost(weeks(by_hour, AT_NOON, ((240, 1),))).hot
    assert lost(weeks(by_hour, AT_NOON, ((240, 1),))).target == pytest.approx(20, abs=1e-4)
    assert not lost(weeks(by_hour, AT_NOON, ((239, 1),))).hot
    assert lost(weeks(by_hour, AT_NOON, ((239, 1),))).value == 1


def test_the_shortest_window_with_enough_decides() -> None:
    """20 an hour, and a case 2 h ago: the hour is silent, whatever the 4 h say, and in whatever order the windows are written."""
    by_hour = dict.fromkeys(range(24), (20, 20, 20, 20))
    assert lost(weeks(by_hour, AT_NOON, ((120, 1),))).hot
    assert lost(weeks(by_hour, AT_NOON, ((120, 1),)), windows=["4h", "1h"]).hot


def test_too_little_in_every_window_is_not_hot() -> None:
    """3 an hour: 12 in 4 h; the longest window is shown."""
    found = lost(weeks(dict.fromkeys(range(24), (3, 3, 3, 3)), AT_NOON))
    assert not found.hot
    assert found.target == pytest.approx(12, abs=1e-4)


def test_the_evening_does_not_end_it() -> None:
    """20 an hour until noon, then none: the 4 h window that now counts has seen old cases, but the hour none, so it is not clear."""
    by_hour = dict.fromkeys(range(12), (20, 20, 20, 20))
    found = lost(weeks(by_hour, AT_NOON + HOUR // 2, ((200, 3),)))
    assert not found.hot
    assert not found.clear


def test_hours_of_the_week_count_and_no_others() -> None:
    """Expected is the same hour of the same day, in part where the window begins within an hour: at 11:30:00 half of 10's 40 and of 11's 20."""
    by_hour = {9: (1000,) * 4, 10: (40,) * 4, 11: (20,) * 4, 12: (1000,) * 4, 24 + 11: (1000,) * 4}
    found = lost(weeks(by_hour, FIFTH_MONDAY + 11 * HOUR + 30 * MINUTE - 1))
    assert found.target == pytest.approx(30, abs=1e-3)


def test_the_window_begins_with_a_whole_minute() -> None:
    """At 11:00:30 it is from 10:01:00 on: 59 of 60 minutes of 10's 60 cases, and half a minute of 11's 120."""
    found = lost(weeks({10: (60,) * 4, 11: (120,) * 4, 0: (1,) * 4}, FIFTH_MONDAY + 11 * HOUR + MINUTE // 2))
    assert found.target == 59 + 1


@pytest.mark.parametrize(("counts", "expected"), [((0, 0, 40, 20), 15.0), ((0, 0, 0, 40), 10.0)])
def test_weeks_without_any_case_in_these_hours_count_once_there_was_one_before(counts: tuple[int, ...], expected: float) -> None:
    """A first case on the first Monday makes all four weeks count, silent ones too."""
    assert lost(weeks({0: (1, 0, 0, 0), 11: counts}, AT_NOON)).target == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("counts", "expected"), [((0, 10, 20, 30), 20.0), ((0, 0, 10, 40), 25.0)])
def test_weeks_before_the_first_case_do_not_count(counts: tuple[int, ...], expected: float) -> None:
    """The mean is that of the three, or two, weeks since."""
    found = lost(weeks({11: counts, 0: tuple(int(count > 0) for count in counts)}, AT_NOON), windows=["1h"])
    assert found.target == pytest.approx(expected, abs=1e-3)


def test_fewer_weeks_than_needed_give_no_rule() -> None:
    """One week is known; where one is enough it applies."""
    rule = RULES["signal_lost"]
    seen = weeks({0: (0, 0, 0, 5), 11: (0, 0, 0, 40)}, AT_NOON)
    found = judge(rule, "signal_lost", seen, TARGETS, {})
    assert not any((found.applies.any(), found.hot.any(), found.data.any()))
    assert lost(seen, min_weeks=1).hot


def test_nothing_is_said_of_past_ticks_before_enough_weeks() -> None:
    """A tick in the second week has one week behind it, one in the third two: the rule applies, and at the first tick it is neither hot nor clear."""
    rule = RULES["signal_lost"]
    now = MONDAY + 2 * WEEK * HOUR + 12 * HOUR - 1
    ticks = (now - WEEK * HOUR, now)
    for lately, hot in (((), True), (((10, 1), (10 + WEEK * 60, 1)), False)):
        found = judge(rule, "signal_lost", weeks({0: (1,), 11: (90, 0)}, now, lately).at(*ticks), TARGETS, {})
        assert found.applies.tolist() == [True]
        assert found.hot.tolist() == [[False, hot]]
        assert found.clear.tolist() == [[False, not hot]]
        assert found.data.tolist() == [[False, True]]


def test_all_windows_must_be_known() -> None:
    """The 4 h before the first case are no week for the longer window: then the shorter one says nothing either."""
    now = MONDAY + 2 * WEEK * HOUR + 2 * HOUR - 1
    seen = weeks({0: (1,), 1: (90, 90)}, now)
    found = judge(RULES["signal_lost"], "signal_lost", seen.at(now, now + HOUR, now + 2 * HOUR), TARGETS, {})
    assert found.data.tolist() == [[False, False, True]]
    assert found.hot.tolist() == [[False, False, True]]


def test_a_segment_that_never_had_a_case_has_no_rule() -> None:
    """Nothing is expected of it."""
    assert not judge(RULES["signal_lost"], "signal_lost", weeks({}, AT_NOON), TARGETS, {}).applies.any()


def test_the_first_week_counts_from_the_hour_of_the_first_case_on() -> None:
    """A window that begins in that very hour counts, an hour earlier it does not."""
    by_hour = {11: (30, 30, 0, 0)}
    rule = {"windows": ["1h"], "weeks": 4, "min_weeks": 4}
    assert lost(weeks(by_hour, AT_NOON), **rule).target == pytest.approx(15, abs=1e-3)
    seen = weeks(by_hour, AT_NOON - 30 * MINUTE)
    assert not judge(SignalLost.model_validate(RULES["signal_lost"].model_dump(by_alias=True) | rule), "s", seen, TARGETS, {}).applies.any()


def test_only_everything_and_channels_are_looked_at() -> None:
    """By the rule's lists."""
    one = weeks(STEADY, AT_NOON)
    seen = replace(one, segments=({}, {"channel": "chat"}, {"team": "red"}), whole=one.whole.repeat(3, axis=0), part=one.part.repeat(3, axis=0))
    assert judge(RULES["signal_lost"], "signal_lost", seen, TARGETS, {}).applies.tolist() == [True, True, False]


@pytest.mark.parametrize("name", ["signal_lost", "signal_low"])
def test_where_it_is_not_active_it_is_never_hot(name: str) -> None:
    """As on a holiday; at many ticks for all of them, or for those that are named."""
    seen = weeks(dict.fromkeys(range(24), (50,) * 4), AT_NOON)
    assert judge(RULES[name], name, seen, TARGETS, {}).hot.all()
    assert not judge(RULES[name], name, seen, TARGETS, {}, np.array([False])).hot.any()
    many = seen.at(AT_NOON - HOUR, AT_NOON)
    assert not judge(RULES[name], name, many, TARGETS, {}, np.array([False])).hot.any()
    assert judge(RULES[name], name, many, TARGETS, {}, np.array([[False, True]])).hot.tolist() == [[False, True]]


def test_a_low_signal_is_surely_less_than_half() -> None:
    """Of 40 expected in 4 h: with 9 seen the upper 99 % bound is 18.78, below 20; with 10 it is 20.14."""
    by_hour = dict.fromkeys(range(24), (10,) * 4)
    found = low(weeks(by_hour, AT_NOON, ((10, 9),)))
    assert found.hot
    assert (found.value, found.n) == (9.0, 9)
    assert found.bound == pytest.approx(18.78, abs=0.005)
    assert found.target == pytest.approx(40, abs=1e-3)
    assert not low(weeks(by_hour, AT_NOON, ((10, 10),))).hot


def test_a_low_signal_needs_enough_expected() -> None:
    """28 in 4 h are too few for 30, even in silence."""
    assert not low(weeks(dict.fromkeys(range(24), (7,) * 4), AT_NOON)).hot
    assert low(weeks(dict.fromkeys(range(24), (8,) * 4), AT_NOON)).hot


def test_exactly_enough_expected_is_enough_for_a_low_signal() -> None:
    """Half a minute of 12's 3,600 cases is 30."""
    now = FIFTH_MONDAY + 12 * HOUR + MINUTE // 2
    assert low(weeks({0: (1, 0, 0, 0), 12: (3600,) * 4}, now)).hot
    assert not low(weeks({0: (1, 0, 0, 0), 12: (3600, 3600, 3600, 3599)}, now)).hot


def test_a_low_signal_is_clear_at_its_share() -> None:
    """20 of 40; there is always something to judge by."""
    by_hour = dict.fromkeys(range(24), (10,) * 4)
    assert low(weeks(by_hour, AT_NOON, ((10, 20),))).clear
    assert not low(weeks(by_hour, AT_NOON, ((10, 19),))).clear
    assert low(weeks(by_hour, AT_NOON)).data


@pytest.mark.parametrize("name", ["signal_lost", "signal_low"])
def test_figures_that_are_not_counted_by_hour_have_no_rule(name: str) -> None:
    """They are dormant."""
    seen = replace(weeks(STEADY, AT_NOON), metric="another")
    assert not judge(RULES[name], name, seen, TARGETS, {}).applies.any()
