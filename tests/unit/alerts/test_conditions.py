"""Conditions: which segments a rule covers, the oldest waiting ticket, and one result for one tick and for many."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.alerts.conditions import judge
from stream.alerts.rules import Custom, Oldest, Rating
from stream.alerts.shipped import merged, shipped_rules
from stream.alerts.targets import Targets
from stream.durations import HOUR, MINUTE
from stream.kpis.definition import Reading
from tests.unit.alerts.sights import MONDAY, MemorySight, sight

NOW = MONDAY + 12 * HOUR
RULES = shipped_rules()
FIRST_RESPONSE = {"default": HOUR, "phone": 3 * MINUTE, "mail": 2 * HOUR}
TARGETS = Targets({"csat": 80.0}, [({"team": "red"}, {"csat": 60.0})], FIRST_RESPONSE)
SEGMENTS: tuple[dict[str, str], ...] = (
    {},
    {"team": "red"},
    {"channel": "phone"},
    {"team": "red", "channel": "phone"},
    {"team": "red", "agent": "ann"},
    {"agent": "ann"},
)


def own(**fields: Any) -> Custom:
    """A rule of one's own: below 80."""
    return Custom.model_validate({"kind": "custom", "severity": "ticket", "source": "own", "metric": "csat", "window": "4h", "below": 80} | fields)


@pytest.mark.parametrize(
    ("fields", "covered"),
    [
        ({}, [0, 1, 2, 3]),
        ({"lists": [[]]}, [0]),
        ({"lists": [["channel", "team"]]}, [3]),
        ({"lists": [["team"], ["agent"]]}, [1, 5]),
        ({"lists": []}, []),
        ({"segment": {"team": "red"}}, [1, 3]),
        ({"segment": {"team": "red", "channel": "phone"}}, [3]),
        ({"segment": {"team": "blue"}}, []),
        ({"lists": [["team"], ["channel"]], "segment": {"team": "red"}}, [1]),
        ({"segment": {}}, [0, 1, 2, 3]),
    ],
)
def test_rules_cover_their_lists_and_values(fields: dict[str, Any], covered: list[int]) -> None:
    """All but agents without lists; all within the values; elsewhere nothing is hot, clear or known."""
    found = judge(own(**fields), "own", sight([(0, 0, 10)], NOW, SEGMENTS), TARGETS, {})
    assert np.flatnonzero(found.applies).tolist() == covered
    assert np.flatnonzero(found.hot).tolist() == covered
    assert np.flatnonzero(found.data).tolist() == covered


def test_each_segment_has_its_own_target() -> None:
    """9 of 20 have the upper bound 73.4: below 80 and not below the red team's 60; agents are not covered."""
    found = judge(RULES["csat_dip"], "csat_dip", sight([(0, 9, 20)], NOW, SEGMENTS), TARGETS, {})
    assert found.target.tolist() == [80, 60, 80, 60, 60, 80]
    assert found.hot.tolist() == [True, False, True, False, False, False]


def waiting(*minutes: float, segments: tuple[dict[str, str], ...] = ({},)) -> MemorySight:
    """A sight of tickets that have waited so long; NaN where none waits."""
    return replace(sight([], NOW, segments), openings=NOW - np.array(minutes) * MINUTE)


@pytest.mark.parametrize(("minutes", "hot"), [(240, False), (240.001, True)])
def test_the_oldest_waiting_ticket_is_hot_past_twice_its_target(minutes: float, *, hot: bool) -> None:
    """Without a channel the target is the largest, 2 h; at exactly 4 h it is not hot but clear."""
    found = judge(RULES["oldest_waiting"], "oldest_waiting", waiting(minutes), TARGETS, {}).at(0)
    assert (found.hot, found.clear, found.data) == (hot, not hot, True)
    assert found.value == pytest.approx(minutes * 60)
    assert (found.n, found.target) == (1, 7200.0)


def test_a_channel_has_its_own_first_response_target() -> None:
    """3 minutes by phone, 1 h by default where the channel is not named."""
    seen = waiting(7, 7, 121, segments=({"channel": "phone"}, {"channel": "chat"}, {"channel": "chat", "team": "red"}))
    found = judge(RULES["oldest_waiting"], "oldest_waiting", seen, TARGETS, {})
    assert found.hot.tolist() == [True, False, True]
    assert found.target.tolist() == [180, 3600, 3600]


def test_where_nobody_waits_it_is_clear() -> None:
    """There is always something to judge by, but no value."""
    found = judge(RULES["oldest_waiting"], "oldest_waiting", waiting(np.nan), TARGETS, {}).at(0)
    assert (found.hot, found.clear, found.data, found.n) == (False, True, True, 0)
    assert np.isnan(found.value)


def test_without_first_response_targets_there_is_no_rule() -> None:
    """However long they wait."""
    assert not judge(RULES["oldest_waiting"], "oldest_waiting", waiting(9_000), Targets({}), {}).applies.any()


def test_the_factor_is_the_rules_own() -> None:
    """Three times 2 h."""
    rule = Oldest.model_validate(RULES["oldest_waiting"].model_dump(by_alias=True) | {"factor": 3})
    assert [judge(rule, "o", waiting(minutes), TARGETS, {}).at(0).hot for minutes in (360, 361)] == [False, True]


def test_single_ratings_have_no_condition() -> None:
    """They are events; the error names the rule."""
    assert isinstance(RULES["rating_lowest"], Rating)
    with pytest.raises(ValueError, match=r"rating_lowest: .* is an event"):
        judge(RULES["rating_lowest"], "rating_lowest", waiting(1), TARGETS, {})


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if not isinstance(rule, Rating)])
def test_no_segment_yet(name: str) -> None:
    """A stream that has seen nothing has nothing to judge, at one tick or many."""
    empty = sight([], NOW, ())
    assert judge(RULES[name], name, empty, TARGETS, {}).hot.shape == (0,)
    assert judge(RULES[name], name, empty.at(NOW - HOUR, NOW), TARGETS, {}).hot.shape == (0, 2)


MANY_TARGETS = Targets({"csat": 80.0, "first_response_within": 80.0, "fcr_one_touch": 80.0}, [({"team": "red"}, {"csat": 60.0})], FIRST_RESPONSE)
ALL_RULES = merged(
    {
        "own": {"kind": "custom", "severity": "info", "metric": "csat", "window": "24h", "above": 70, "confidence": 0.8, "min_n": 3},
        "signal_lost": {"expected": 2, "min_weeks": 1, "weeks": 2},
        "signal_low": {"expected": 2, "min_weeks": 1, "weeks": 2, "share": 0.9, "confidence": 0.6},
        "csat_dip": {"long": {"min_n": 3, "z": 0.5}, "short": {"min_n": 1}},
        "csat_low": {"long": {"min_n": 3, "z": 0.5}},
        "target_missed": {"window": {"window": "24h", "min_n": 3, "z": 0.5}},
        "budget": {"long": {"min_n": 1}},
        "intake_broken": {"min_n": 2, "confidence": 0.6},
    }
)
OF_ANY_TICK = sorted(name for name, rule in ALL_RULES.items() if rule.kind not in ("rating", "drift"))
"""Drift is known by the hour: test_conditions_drift.py compares its past and live verdicts."""


@given(st.data(), st.sampled_from(OF_ANY_TICK))
def test_one_tick_and_many_agree(data: st.DataObject, name: str) -> None:
    """Every kind of rule says at each tick of many what it says at that tick alone; where it does not apply then, nothing."""
    seen = data.draw(SIGHTS)
    rule = ALL_RULES[name]
    lowered = {("csat", '{"team":"red"}'): 50.0}
    many = judge(rule, name, seen, MANY_TARGETS, lowered)
    assert {field.shape for field in many[1:]} == {(len(seen.segments), len(seen.ticks))}
    for place, tick in enumerate(seen.ticks.tolist()):
        one = judge(rule, name, seen.at_one(tick), MANY_TARGETS, lowered)
        assert (one.applies <= many.applies).all()
        for row in range(len(seen.segments)):
            assert many.at(row, place)[:3] == one.at(row)[:3]
            # The Poisson bound is an iteration that ends for all of an array together: its last bit depends on the others.
            assert np.allclose(many.at(row, place)[3:], one.at(row)[3:], rtol=1e-12, atol=0.0, equal_nan=True)


@st.composite
def _sights(draw: st.DrawFn) -> MemorySight:
    """Three segments over nine days, busy around ticks in the last two, with dead letters and waiting tickets."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    minutes = 9 * 24 * 60
    segments: tuple[dict[str, str], ...] = ({}, {"team": "red"}, {"channel": "phone"})
    rate = draw(st.sampled_from((0.0, 0.002, 0.02, 0.3)))
    whole = random.poisson(rate, (3, minutes))
    quiet = draw(st.integers(0, 2 * 24 * 60))
    whole[:, minutes - quiet :] = 0
    part = random.binomial(whole, draw(st.sampled_from((0.3, 0.7, 0.95))))
    records = random.poisson(0.5, (3, minutes))
    last = MONDAY + minutes * MINUTE - 1
    ticks = np.array(sorted(draw(st.lists(st.integers(last - 2 * 24 * HOUR, last), min_size=1, max_size=4, unique=True))))
    openings = np.array([last - 9 * HOUR, np.nan, last - 7 * HOUR])
    return MemorySight(segments, ticks, part, whole, dead=random.binomial(records, 0.1), records=records, openings=openings)


SIGHTS = _sights()


def test_readings_are_of_the_last_tick_alone() -> None:
    """A figure that is no percentage applies live, and not to a past tick."""
    seen = replace(sight([], NOW), readings={("backlog", "now", 0): Reading(9, 9, {})})
    rule = own(metric="backlog", window="now", below=None, above=5)
    assert judge(rule, "own", seen, TARGETS, {}).hot.all()
    assert not judge(rule, "own", seen.at(NOW), TARGETS, {}).applies.any()
