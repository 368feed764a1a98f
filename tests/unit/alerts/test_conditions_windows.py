"""Percentages in one or two windows: csat_dip, csat_low, budget, intake_broken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from stream.alerts.conditions import judge
from stream.alerts.rules import Burn
from stream.alerts.shipped import shipped_rules
from stream.alerts.targets import Targets
from stream.alerts.verdict import Verdict, Verdicts
from stream.durations import HOUR, MINUTE
from tests.unit.alerts.sights import MONDAY, MemorySight, sight

NOW = MONDAY + 12 * HOUR
TARGETS = Targets({"csat": 80.0, "first_response_within": 80.0})
RULES = shipped_rules()


def say(name: str, cases: list[tuple[int, int, int]], targets: Targets = TARGETS) -> Verdict:
    """What a shipped rule says of everything at one tick."""
    return judge(RULES[name], name, sight(cases, NOW), targets, {}).at(0)


def test_a_dip_that_is_sure_and_goes_on_is_hot() -> None:
    """10 of 20: the upper bound at z=2.88 is 77.07, with exactly the 20 and more than the 5 cases that are needed."""
    found = say("csat_dip", [(0, 10, 20)])
    assert found.hot
    assert (found.value, found.n, found.target) == (50.0, 20, 80.0)
    assert found.bound == pytest.approx(77.07, abs=0.005)


def test_a_dip_that_is_not_sure_is_not_hot() -> None:
    """11 of 20: the upper bound is 80.51."""
    found = say("csat_dip", [(0, 11, 20)])
    assert not found.hot
    assert found.bound == pytest.approx(80.51, abs=0.005)


def test_fewer_cases_than_the_long_window_needs_are_not_hot() -> None:
    """None of 19 satisfied."""
    assert not say("csat_dip", [(0, 0, 19)]).hot
    assert say("csat_dip", [(0, 0, 20)]).hot


def test_fewer_cases_than_the_short_window_needs_are_not_hot() -> None:
    """None of 4 within the hour; with the fifth it is."""
    assert not say("csat_dip", [(100, 0, 30), (5, 0, 4)]).hot
    assert say("csat_dip", [(100, 0, 30), (5, 0, 5)]).hot


def test_a_dip_that_is_over_is_not_hot() -> None:
    """The last hour is exactly at the target."""
    assert not say("csat_dip", [(100, 0, 30), (5, 4, 5)]).hot
    assert say("csat_dip", [(100, 0, 30), (5, 3, 5)]).hot


@pytest.mark.parametrize(("ago", "within"), [(59, True), (60, False)])
def test_windows_end_with_the_minute_under_way(ago: int, *, within: bool) -> None:
    """The minute 59 before it is in the hour, the one 60 before is not."""
    assert say("csat_dip", [(ago, 0, 20)]).hot == within


def test_clear_is_two_points_past_the_target() -> None:
    """82 of 100 is clear, 81 is not."""
    assert say("csat_dip", [(0, 82, 100)]).clear
    assert not say("csat_dip", [(0, 81, 100)]).clear


def test_clear_is_half_the_room_where_less_than_two_points_are_possible() -> None:
    """A target of 98 leaves 2 points: 99 is clear. A target of 100 leaves none."""
    assert say("csat_dip", [(0, 99, 100)], Targets({"csat": 98.0})).clear
    assert not say("csat_dip", [(0, 98, 100)], Targets({"csat": 98.0})).clear
    assert say("csat_dip", [(0, 100, 100)], Targets({"csat": 100.0})).clear


def test_without_cases_nothing_is_said() -> None:
    """Neither hot nor clear, no data; yet the rule applies."""
    found = judge(RULES["csat_dip"], "csat_dip", sight([], NOW), TARGETS, {})
    assert found.applies.tolist() == [True]
    verdict = found.at(0)
    assert not any((verdict.hot, verdict.clear, verdict.data))
    assert np.isnan(verdict.value)
    assert np.isnan(verdict.bound)


def test_without_a_target_the_rule_does_not_apply() -> None:
    """Whatever the score."""
    found = judge(RULES["csat_dip"], "csat_dip", sight([(0, 0, 100)], NOW), Targets({}), {})
    assert not any((found.applies.any(), found.hot.any(), found.clear.any(), found.data.any()))


def test_without_the_figure_the_rule_does_not_apply() -> None:
    """frt_breach, where only ratings are counted."""
    found = judge(RULES["frt_breach"], "frt_breach", sight([(0, 0, 100)], NOW), TARGETS, {})
    assert not any((found.applies.any(), found.hot.any()))


def test_csat_low_needs_thirty_in_a_day() -> None:
    """17 of 30 spread over a day: upper bound 77.60 at z=2.75; 29 are too few; the last 4 h must be below as well."""
    day = [(20 * 60, 16, 28)]
    assert say("csat_low", [*day, (100, 1, 2)]).hot
    assert not say("csat_low", [*day, (100, 1, 1)]).hot
    assert not say("csat_low", [(20 * 60, 17, 30)]).hot
    assert say("csat_low", [*day, (100, 1, 2)]).bound == pytest.approx(77.60, abs=0.005)


@pytest.mark.parametrize(("lowered", "hot"), [({("csat", "{}"): 77.0}, False), ({("csat", "{}"): 78.0}, True), ({("csat", "{}"): 95.0}, True)])
def test_a_lowered_page_target_counts_where_it_is_lower(lowered: Mapping[tuple[str, str], float], *, hot: bool) -> None:
    """The bound is 77.07."""
    found = judge(RULES["csat_dip"], "csat_dip", sight([(0, 10, 20)], NOW), TARGETS, lowered).at(0)
    assert found.hot == hot
    assert found.target == min(80.0, *lowered.values())


def test_another_lowered_target_changes_nothing() -> None:
    """Of another figure, of another segment, and for rules that are not of two windows."""
    lowered = {("csat_first", "{}"): 1.0, ("csat", '{"team":"red"}'): 1.0}
    assert judge(RULES["csat_dip"], "csat_dip", sight([(0, 10, 20)], NOW), TARGETS, lowered).at(0).target == 80
    assert judge(RULES["target_missed"], "target_missed", sight([(0, 10, 40)], NOW), TARGETS, {("csat", "{}"): 1.0}).at(0).target == 80


def test_only_the_named_segment_is_lowered() -> None:
    """The other team keeps its target, and the configured targets stay what they are."""
    teams = ({"team": "red"}, {"team": "blue"})
    for _ in range(2):
        found = judge(RULES["csat_dip"], "csat_dip", sight([(0, 10, 20)], NOW, teams), TARGETS, {("csat", '{"team":"red"}'): 70.0})
        assert found.target.tolist() == [70, 80]
    assert judge(RULES["csat_dip"], "csat_dip", sight([(0, 10, 20)], NOW, teams), TARGETS, {}).target.tolist() == [80, 80]


def test_budget_burns_at_twice_the_allowed_share() -> None:
    """18 of 30 satisfied is 12 bad, 40 %: exactly twice the 20 % that the target allows; 19 are not."""
    found = say("budget", [(10, 18, 30)])
    assert found.hot
    assert (found.value, found.n, found.target) == (60.0, 30, 80.0)
    assert np.isnan(found.bound)
    assert not say("budget", [(10, 19, 30)]).hot


def test_budget_needs_thirty_in_a_day_and_the_last_four_hours() -> None:
    """29 are too few; where nothing came in 4 h it is over; one bad case in them shows that it goes on."""
    assert not say("budget", [(10, 0, 29)]).hot
    assert not say("budget", [(300, 0, 30)]).hot
    assert say("budget", [(300, 0, 29), (10, 0, 1)]).hot


@pytest.mark.parametrize(("target", "applies"), [(49.9, False), (50.0, True), (99.9, True), (100.0, False)])
def test_budget_applies_where_it_can_be_burnt(target: float, *, applies: bool) -> None:
    """A burn of 2 needs a target of 50 at least (there it takes nothing but bad cases), and one that allows any bad case."""
    found = judge(RULES["budget"], "budget", sight([(10, 0, 30)], NOW), Targets({"csat": target}), {})
    assert found.applies.tolist() == [applies]
    assert found.hot.tolist() == [applies]


def test_budget_is_clear_past_its_target() -> None:
    """By two points."""
    assert say("budget", [(10, 82, 100)]).clear
    assert not say("budget", [(10, 81, 100)]).clear


def test_a_burn_is_compared_in_both_windows() -> None:
    """A burn of 3 with 60 % bad in the day and less in the last 4 hours."""
    rule = Burn.model_validate(RULES["budget"].model_dump(by_alias=True) | {"burn": 3})
    assert judge(rule, "b", sight([(300, 0, 50), (10, 4, 10)], NOW), TARGETS, {}).at(0).hot
    assert not judge(rule, "b", sight([(300, 0, 50), (10, 5, 10)], NOW), TARGETS, {}).at(0).hot


def letters(dead: int, records: int) -> MemorySight:
    """A sight of dead letters in the last minute, for everything and a team."""
    one = sight([], NOW, ({}, {"team": "red"}))
    counts = np.zeros_like(one.whole)
    counts[:, -1] = 1
    return replace(one, dead=counts * dead, records=counts * records)


def broken(dead: int, records: int) -> Verdicts:
    """What intake_broken says of them."""
    return judge(RULES["intake_broken"], "intake_broken", letters(dead, records), TARGETS, {})


def test_intake_is_broken_when_surely_more_than_a_share_are_dead_letters() -> None:
    """11 of 100: lower 99 % bound 5.64; 10 of 100: 4.95; and 99 are too few."""
    found = broken(11, 100).at(0)
    assert found.hot
    assert (found.value, found.n, found.target) == (11.0, 100, 5.0)
    assert found.bound == pytest.approx(5.64, abs=0.005)
    assert not broken(10, 100).at(0).hot
    assert not broken(50, 99).at(0).hot


def test_intake_is_clear_at_its_limit() -> None:
    """5 of 100, and nothing at all; there is always something to judge by."""
    assert broken(5, 100).at(0).clear
    assert not broken(6, 100).at(0).clear
    nothing = broken(0, 0).at(0)
    assert nothing.clear
    assert nothing.data
    assert not nothing.hot


def test_intake_is_a_matter_of_everything() -> None:
    """No other segment has it."""
    assert broken(50, 100).applies.tolist() == [True, False]


def test_a_minute_is_as_good_as_another() -> None:
    """What came in the middle of the minute under way counts."""
    found = judge(RULES["csat_dip"], "csat_dip", sight([(0, 10, 20)], NOW + MINUTE // 2), TARGETS, {})
    assert found.at(0).hot
