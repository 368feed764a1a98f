"""Any figure in one window: target_missed, fcr_drop, nps, and rules of one's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stream.alerts.conditions import judge
from stream.alerts.rules import Custom, OneWindow
from stream.alerts.shipped import shipped_rules
from stream.alerts.targets import Targets
from stream.alerts.verdict import Verdict
from stream.durations import HOUR
from stream.kpis.definition import Reading
from tests.unit.alerts.sights import MONDAY, MemorySight, sight

NOW = MONDAY + 12 * HOUR
TARGETS = Targets({"csat": 80.0, "fcr_one_touch": 80.0, "first_response": 600.0})
RULES = shipped_rules()


def own(**fields: Any) -> Custom:
    """A rule of one's own."""
    return Custom.model_validate({"kind": "custom", "severity": "ticket", "source": "own", "metric": "csat", "window": "4h"} | fields)


def one_window(**fields: Any) -> OneWindow:
    """A rule of one window."""
    window = {"window": "24h", "z": 2.33, "min_n": 30}
    return OneWindow.model_validate({"kind": "one_window", "severity": "ticket", "source": "own", "metric": "csat", "window": window} | fields)


def say(rule: OneWindow | Custom, seen: MemorySight) -> Verdict:
    """What it says of the first segment."""
    return judge(rule, "own", seen, TARGETS, {}).at(0)


def read(metric: str, window: str, *readings: Reading | None) -> MemorySight:
    """A sight of segments with these readings."""
    segments = [{"team": str(place)} for place in range(len(readings))]
    found = {(metric, window, row): reading for row, reading in enumerate(readings) if reading is not None}
    return replace(sight([], NOW, segments), readings=found)


def test_target_missed_needs_thirty_and_to_be_sure() -> None:
    """18 of 30: upper bound 77.71 at z=2.33; 19 of 30: 80.26; 29 are too few."""
    found = say(one_window(), sight([(0, 18, 30)], NOW))
    assert found.hot
    assert found.bound == pytest.approx(77.71, abs=0.005)
    assert (found.value, found.n, found.target) == (60.0, 30, 80.0)
    assert not say(one_window(), sight([(0, 19, 30)], NOW)).hot
    assert not say(one_window(), sight([(0, 0, 29)], NOW)).hot


def test_fcr_drop_needs_fifty() -> None:
    """32 of 50: upper bound 79.66 at z=2.75; 33 of 50: 81.20; 49 are too few."""
    seen = [replace(sight([(0, good, n)], NOW), metric="fcr_one_touch") for good, n in ((32, 50), (33, 50), (10, 49))]
    assert [judge(RULES["fcr_drop"], "fcr_drop", one, TARGETS, {}).at(0).hot for one in seen] == [True, False, False]


def test_above_mirrors_below() -> None:
    """20 of 30 bad above a target of 20 %: the lower bound is compared, clear is 18."""
    rule, targets = one_window(metric="csat", side="above"), Targets({"csat": 20.0})
    found = judge(rule, "own", sight([(0, 12, 30)], NOW), targets, {}).at(0)
    mirrored = judge(one_window(), "own", sight([(0, 18, 30)], NOW), TARGETS, {}).at(0)
    assert found.hot
    assert found.bound == pytest.approx(100 - mirrored.bound)
    assert judge(rule, "own", sight([(0, 18, 100)], NOW), targets, {}).at(0).clear
    assert not judge(rule, "own", sight([(0, 19, 100)], NOW), targets, {}).at(0).clear


def test_no_case_and_no_target() -> None:
    """Without cases there is no data; without a target no rule."""
    found = judge(one_window(), "own", sight([], NOW), TARGETS, {})
    assert found.applies.all()
    assert not any((found.hot.any(), found.clear.any(), found.data.any()))
    assert not judge(one_window(), "own", sight([(0, 0, 30)], NOW), Targets({}), {}).applies.any()


@pytest.mark.parametrize("name", ["nps", "ces"])
def test_rules_of_figures_to_come_apply_nowhere(name: str) -> None:
    """Even with a target."""
    assert not judge(RULES[name], name, sight([(0, 0, 30)], NOW), Targets({name: 30.0}), {}).applies.any()


def test_a_time_is_compared_by_its_rescaled_interval() -> None:
    """Mean 700 s, 95 % half width 98 s (50 s a standard error): at z=1.645 the lower bound is 617.75, at 2.33 it is 583.5 and not above 600."""
    reading = Reading(700.0, 30, {}, 602.0, 798.0)
    sure, unsure = ({"window": "24h", "z": z, "min_n": 30} for z in (1.645, 2.33))
    found = say(one_window(metric="first_response", side="above", window=sure), read("first_response", "24h", reading))
    assert found.hot
    assert found.bound == pytest.approx(617.75)
    assert (found.value, found.n, found.target) == (700.0, 30, 600.0)
    found = say(one_window(metric="first_response", side="above", window=unsure), read("first_response", "24h", reading))
    assert not found.hot
    assert found.bound == pytest.approx(583.5)
    below = say(one_window(metric="first_response", window=sure), read("first_response", "24h", replace(reading, value=500.0, low=402.0, high=598.0)))
    assert below.hot
    assert below.bound == pytest.approx(582.25)


def test_an_interval_cut_off_by_its_scale_is_taken_as_wide_as_its_other_side() -> None:
    """Mean 100 s, interval 0 to 250 s: the lower bound at z=1.96 is -50, not 0."""
    found = say(own(metric="first_response", above=1, confidence=0.975), read("first_response", "4h", Reading(100.0, 3, {}, 0.0, 250.0)))
    assert found.bound == pytest.approx(-50, abs=0.01)
    assert not found.hot


def test_times_are_clear_a_tenth_past_their_target() -> None:
    """540 s of 600."""
    values = [Reading(value, 5, {}, None, None) for value in (540.0, 541.0)]
    found = judge(one_window(metric="first_response", side="above"), "own", read("first_response", "24h", *values, None), TARGETS, {})
    assert found.clear.tolist() == [True, False, False]
    assert found.data.tolist() == [True, True, False]
    assert found.n.tolist() == [5, 5, 0]


def test_a_value_without_an_interval_has_no_bound() -> None:
    """A single time is compared by no bound, but by its value where that is asked for."""
    seen = read("first_response", "4h", Reading(1000.0, 1, {}, None, None))
    assert not say(own(metric="first_response", above=600, confidence=0.9), seen).hot
    assert say(own(metric="first_response", above=600), seen).hot


def test_times_are_not_judged_over_many_ticks() -> None:
    """They can only be read at one."""
    seen = read("first_response", "4h", Reading(1000.0, 9, {}, None, None)).at(NOW, NOW + HOUR)
    found = judge(own(metric="first_response", above=600), "own", seen, TARGETS, {})
    assert found.hot.shape == (1, 2)
    assert not any((found.hot.any(), found.applies.any()))


def test_a_level_is_compared_as_it_is() -> None:
    """More than 50 open tickets."""
    seen = read("backlog", "now", Reading(51, 51, {}), Reading(50, 50, {}), Reading(45, 45, {}), None)
    found = judge(own(metric="backlog", window="now", above=50), "own", seen, TARGETS, {})
    assert found.hot.tolist() == [True, False, False, False]
    assert found.clear.tolist() == [False, False, True, False]
    assert np.isnan(found.bound).all()


def test_a_percentage_below_a_line_of_its_own() -> None:
    """By the value, needing no target: 79 of 100 is below 80 and 80 is not; from `min_n` cases on."""
    assert say(own(below=80, min_n=100), sight([(0, 79, 100)], NOW)).hot
    assert not say(own(below=80, min_n=100), sight([(0, 80, 100)], NOW)).hot
    assert not say(own(below=80, min_n=101), sight([(0, 79, 100)], NOW)).hot
    assert judge(own(below=80), "own", sight([(0, 79, 100)], NOW), Targets({}), {}).at(0).target == 80


def test_a_percentage_below_a_line_by_its_bound() -> None:
    """18 of 30 at 99 %: 77.7 is below 78 and not below 77; `above` compares the lower bound."""
    seen = sight([(0, 18, 30)], NOW)
    assert say(own(below=78, confidence=0.99), seen).hot
    assert not say(own(below=77, confidence=0.99), seen).hot
    assert say(own(above=39, confidence=0.99), seen).hot
    assert not say(own(above=40, confidence=0.99), seen).hot


def test_a_window_that_a_percentage_has_not_gives_no_rule() -> None:
    """Nothing is read in its place."""
    seen = replace(sight([(0, 0, 30)], NOW), readings={("csat", "absent", 0): Reading(1.0, 30, {})})
    assert not judge(own(below=80, window="absent"), "own", seen, TARGETS, {}).applies.any()


def test_segments_that_are_not_covered_are_not_read() -> None:
    """Only the team that the rule is for."""
    readings = (Reading(900.0, 1, {}), Reading(900.0, 1, {}))
    found = judge(own(metric="first_response", above=600, segment={"team": "1"}), "own", read("first_response", "4h", *readings), TARGETS, {})
    assert found.applies.tolist() == [False, True]
    assert found.hot.tolist() == [False, True]
    assert np.isnan(found.value).tolist() == [True, False]
