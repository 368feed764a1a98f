"""A slow shift: csat_drift."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, log
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.alerts.conditions import judge
from stream.alerts.rules import Drift
from stream.alerts.shipped import shipped_rules
from stream.alerts.targets import Targets
from stream.alerts.verdict import Verdict, Verdicts
from stream.durations import HOUR
from stream.stats.cusum import series
from tests.unit.alerts.sights import MONDAY, MemorySight

TARGETS = Targets({})
DRIFT = shipped_rules()["csat_drift"]
A, B = log(2), log(0.75)
"""Weights of a bad and a good case for a baseline of 80: the shift to be found is from 20 to 40 % bad."""


def hours(*panes: tuple[int, int], before: int = 0) -> MemorySight:
    """(good, bad) of each hour up to now, in its first minute, after quiet hours `before`; now is the last millisecond of the last."""
    whole = np.zeros((1, (before + len(panes)) * 60), dtype=np.int64)
    part = np.zeros_like(whole)
    for place, (good, bad) in enumerate(panes, start=before):
        part[0, place * 60], whole[0, place * 60] = good, good + bad
    now = MONDAY + (before + len(panes)) * HOUR - 1
    return MemorySight(({},), np.array(now, dtype=np.int64), part, whole)


def judged(seen: MemorySight, **fields: Any) -> Verdicts:
    """What csat_drift says, with some fields changed."""
    assert isinstance(DRIFT, Drift)
    return judge(Drift.model_validate(DRIFT.model_dump(by_alias=True) | fields), "csat_drift", seen, TARGETS, {})


def say(seen: MemorySight, **fields: Any) -> Verdict:
    """The same of the one segment."""
    return judged(seen, **fields).at(0)


def test_the_sum_is_compared_with_the_threshold_of_the_rate() -> None:
    """8 bad cases in an hour are 8 ln 2 = 5.545, above the 5.5 of 5 an hour and below; 7 are not."""
    quiet = [(0, 0)] * 9
    assert say(hours((20, 0), *quiet, (0, 8)), baseline=80).hot
    assert not say(hours((20, 0), *quiet, (0, 7)), baseline=80).hot
    assert say(hours((20, 0), *quiet, (0, 8)), baseline=80, thresholds={5: 8 * A - 1e-9}).hot
    assert not say(hours((20, 0), *quiet, (0, 8)), baseline=80, thresholds={5: 8 * A}).hot


def test_more_cases_an_hour_raise_the_threshold() -> None:
    """28 cases in the 2 h since the first one are 14 an hour: 5.5 + 0.9 ln(14/5)/ln 4 = 6.168, which 8 bad do not reach; 9 do."""
    assert not say(hours((20, 0), (0, 8)), baseline=80).hot
    assert say(hours((20, 0), (0, 9)), baseline=80).hot


@pytest.mark.parametrize(("before", "hot"), [(0, False), (24 * 60, False)])
def test_the_rate_counts_from_the_first_case_on(before: int, *, hot: bool) -> None:
    """Quiet hours before it are no matter."""
    assert say(hours((20, 0), (0, 8), before=before), baseline=80).hot == hot


def test_value_and_cases_are_of_the_last_day_and_the_target_is_the_baseline() -> None:
    """24 hour panes, the one under way included."""
    found = say(hours((50, 50), (3, 1), *[(0, 0)] * 22, (0, 1)), baseline=80)
    assert (found.value, found.n) == (60.0, 5)
    assert found.target == pytest.approx(80)
    assert np.isnan(found.bound)


def test_a_day_without_cases_has_no_data() -> None:
    """It stays as hot or clear as it was."""
    assert say(hours((0, 20), *[(0, 0)] * 23), baseline=80).data
    found = say(hours((0, 20), *[(0, 0)] * 24), baseline=80)
    assert not found.data
    assert found.hot


def test_clear_is_half_the_threshold() -> None:
    """4 bad cases are 2.77, 3 are 2.08: half of 5.5 is 2.75."""
    assert say(hours((0, 3), *[(0, 0)] * 9), baseline=80).clear
    found = say(hours((0, 4), *[(0, 0)] * 9), baseline=80)
    assert not found.clear
    assert not found.hot
    assert say(hours((0, 4), *[(0, 0)] * 9), baseline=80, thresholds={5: 8 * A}).clear


def test_good_cases_take_it_back() -> None:
    """One takes 2.41 of them, ln 2 / -ln 0.75: 12 bad and 20 good stay below 5.5."""
    assert 12 * A + 20 * B < 5.5 < 12 * A
    assert not say(hours((0, 12), (20, 0), *[(0, 0)] * 9), baseline=80).hot
    assert say(hours((20, 0), (0, 12), *[(0, 0)] * 9), baseline=80).hot


def test_bad_cases_leave_after_thirty_days() -> None:
    """720 hour panes."""
    assert say(hours((0, 12), *[(0, 0)] * 718, (0, 1)), baseline=80).hot
    assert not say(hours((0, 12), *[(0, 0)] * 719, (0, 1)), baseline=80).hot


def history(n: int, bad: int, gap: int) -> MemorySight:
    """A baseline of n cases in one hour, then so many quiet hours, then 20 bad cases now."""
    return hours((n - bad, bad), *[(0, 0)] * (gap - 1), (0, 20))


def test_a_baseline_is_that_of_enough_cases_a_week_ago() -> None:
    """3,000 cases, 20 % bad, exactly 168 hours ago."""
    found = say(history(3_000, 600, 168))
    assert found.hot
    assert found.target == pytest.approx(80)


@pytest.mark.parametrize(("n", "gap"), [(2_999, 168), (3_000, 167)])
def test_too_few_or_too_late_cases_are_no_baseline(n: int, gap: int) -> None:
    """Then there is no rule, however bad it is."""
    found = judged(history(n, 600, gap))
    assert not any((found.applies.any(), found.hot.any(), found.clear.any(), found.data.any()))


def test_a_baseline_is_of_what_is_held() -> None:
    """40 days of hour panes: 959 hours ago is held, 960 hours ago no more, live or not."""
    assert judged(history(3_000, 600, 959)).applies.all()
    assert not judged(history(3_000, 600, 960)).applies.any()


def test_the_last_week_does_not_move_a_baseline() -> None:
    """It is frozen: 1,000 bad cases six days ago are no part of it."""
    assert say(hours((2_400, 600), *[(0, 0)] * 24, (0, 1_000), *[(0, 0)] * 144)).target == pytest.approx(80)


@pytest.mark.parametrize(("bad", "target"), [(0, 100 - 100 / 3_000), (3_000, 100 / 3_000)])
def test_a_baseline_of_one_kind_alone_has_one_case_of_the_other(bad: int, target: float) -> None:
    """Otherwise the weights would be without bound."""
    found = say(history(3_000, bad, 168))
    assert found.target == pytest.approx(target)
    assert found.data


def test_figures_that_are_not_counted_by_hour_have_no_rule() -> None:
    """They are dormant."""
    assert not judged(replace(hours((0, 20)), metric="another"), baseline=80).applies.any()


PANES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), min_size=2, max_size=60)


@given(PANES, st.one_of(st.none(), st.integers(60, 95)))
def test_past_ticks_say_what_was_said_live(panes: list[tuple[int, int]], baseline: int | None) -> None:
    """At a past tick the last hour pane that was over is what a running stream said at its end. The baseline moves from pane to pane."""
    fields = {"baseline": baseline, "baseline_n": 10, "baseline_gap": "3h"}
    seen = hours(*panes)
    ends = [MONDAY + (place + 1) * HOUR for place in range(len(panes))]
    many = judged(replace(seen, ticks=np.array(ends)), **fields)
    for place, end in enumerate(ends):
        live = judged(seen.at_one(end - 1), **fields)
        assert many.at(0, place) == pytest.approx(live.at(0), nan_ok=True, abs=0, rel=0)
        assert many.applies[0] or not live.applies[0]


@given(PANES)
def test_hot_is_the_cusum_above_its_threshold(panes: list[tuple[int, int]]) -> None:
    """Nothing is added to what the statistics say."""
    good, bad = np.array(panes).T
    score = float(series(bad, good, np.array(1 - 0.8)).score[-1])
    for threshold in (0.9 * score, 1.1 * score):
        if threshold > 0:
            assert say(hours(*panes), baseline=80, thresholds={5: threshold}).hot == (threshold < score)


def test_a_shift_is_found_in_time() -> None:
    """20 an hour, from 0.90 to 0.80 after three even weeks: within a day, and not before."""
    before, after = [(18, 2)] * (21 * 24), [(16, 4)] * 24
    assert not say(hours(*before), baseline=90).hot
    a, b = log(2), log(0.8 / 0.9)
    needed = ceil(6.4 / (4 * a + 16 * b))
    found = [say(hours(*before, *after[:n]), baseline=90).hot for n in (needed - 1, needed)]
    assert found == [False, True]
