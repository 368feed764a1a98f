"""The shipped rules, changes to them, rules of one's own, and what is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from stream.alerts.rules import Burn, Custom, Drift, OneWindow, TwoWindows
from stream.alerts.shipped import _shipped, merged, shipped_rules
from stream.durations import HOUR, MINUTE
from stream.errors import ConfigError, Fault

OWN = {"kind": "custom", "severity": "ticket", "metric": "csat", "window": "4h", "below": 80}


def refused(rules: dict[str, Any], targets: dict[str, float] | None = None) -> list[Fault]:
    """What is wrong with them."""
    with pytest.raises(ConfigError) as caught:
        merged(rules, targets)
    return list(caught.value.faults)


def paths(rules: dict[str, Any]) -> list[str]:
    """Where something is wrong."""
    return [fault.path for fault in refused(rules)]


def test_every_row_of_the_table_is_shipped() -> None:
    """With a source for its numbers."""
    rules = shipped_rules()
    assert list(rules) == [
        "csat_dip", "csat_low", "csat_drift", "target_missed", "frt_breach", "oldest_waiting", "fcr_drop", "nps", "ces", "budget",
        "rating_lowest", "signal_lost", "signal_low", "intake_broken",
    ]  # fmt: skip
    assert all(rule.source for rule in rules.values())


def test_every_number_has_its_source_beside_it() -> None:
    """Whatever number a shipped rule is written with stands in its source too."""
    for name, written in _shipped().items():
        numbers = set(re.findall(r"\d+(?:\.\d+)?[smhd]?", json.dumps({**written, "source": ""})))
        source = set(re.findall(r"\d+(?:\.\d+)?[smhd]?", written["source"]))
        assert numbers - source == set(), name


def test_the_numbers_are_those_of_the_definition() -> None:
    """One rule of a kind."""
    rules = shipped_rules()
    dip, drift, missed, budget = (rules[name] for name in ("csat_dip", "csat_drift", "target_missed", "budget"))
    assert isinstance(dip, TwoWindows)
    assert (dip.long.window, dip.long.z, dip.long.min_n, dip.short.window, dip.short.min_n) == ("4h", 2.88, 20, "1h", 5)
    assert (dip.wait, dip.clear_for, dip.cooldown) == (5 * MINUTE, HOUR, 6 * HOUR)
    assert isinstance(drift, Drift)
    assert drift.thresholds == {5: 5.5, 20: 6.4}
    assert isinstance(missed, OneWindow)
    assert missed.lowers_page_target_by == 5
    assert isinstance(budget, Burn)
    assert budget.burn == 2


def test_without_changes_the_shipped_rules_stand() -> None:
    """They are all feasible with the shipped targets."""
    assert merged({}) == shipped_rules()


def test_a_change_leaves_the_other_fields() -> None:
    """Those of a window too; the other rules stay as they are. Numbers may be text, as in YAML."""
    rules = merged({"csat_dip": {"long": {"z": "3.1"}, "for": "10m", "severity": "ticket"}})
    dip, shipped = rules["csat_dip"], shipped_rules()
    assert isinstance(dip, TwoWindows)
    assert (dip.long.z, dip.long.window, dip.long.min_n) == (3.1, "4h", 20)
    assert (dip.wait, dip.severity, dip.freezes_with_signal) == (10 * MINUTE, "ticket", True)
    assert {name: rule for name, rule in rules.items() if name != "csat_dip"} == {name: rule for name, rule in shipped.items() if name != "csat_dip"}


def test_for_has_two_names() -> None:
    """`for` in YAML, `wait` in Python; both at once are a fault."""
    assert merged({"csat_dip": {"wait": "7m"}})["csat_dip"].wait == 7 * MINUTE
    assert paths({"csat_dip": {"wait": "7m", "for": "8m"}}) == ["alerts.rules.csat_dip.for"]


def test_a_mapping_that_is_no_part_is_replaced() -> None:
    """Thresholds and segments as a whole."""
    drift = merged({"csat_drift": {"thresholds": {10: 6}, "segment": {"team": "red"}}})["csat_drift"]
    assert isinstance(drift, Drift)
    assert drift.thresholds == {10: 6.0}
    assert drift.segment == {"team": "red"}


def test_a_rule_may_be_switched_off() -> None:
    """It stays in the list."""
    assert not merged({"csat_dip": {"enabled": False}})["csat_dip"].enabled


def test_a_rule_of_ones_own() -> None:
    """Its source is one's own, unless said otherwise."""
    rules = merged({"mine": OWN, "sourced": OWN | {"source": "the contract"}})
    assert isinstance(rules["mine"], Custom)
    assert rules["mine"].source == "own"
    assert rules["sourced"].source == "the contract"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"kind": None}, "kind"),
        ({"kind": "nonsense"}, "kind"),
        ({"kind": ["custom"]}, "kind"),
        ({"severity": None}, "severity"),
        ({"severity": "loud"}, "severity"),
        ({"metric": "nps"}, "metric"),
        ({"metric": "secret-metric"}, "metric"),
        ({"confidence": 1.5}, "confidence"),
        ({"metric": "backlog", "window": "now", "below": "nan"}, "below"),
        ({"worse_by": "inf"}, "worse_by"),
        ({"unknown": 1}, "unknown"),
        ({"above": 5}, ""),
        ({"below": 0}, "below"),
        ({"below": 100.1}, "below"),
        ({"below": None, "above": 100}, "above"),
        ({"below": None, "above": -1}, "above"),
        ({"window": "now"}, "window"),
        ({"window": "90s"}, "window"),
        ({"window": "0m"}, "window"),
        ({"window": "31d"}, "window"),
        ({"window": "soon"}, "window"),
        ({"metric": "backlog", "window": "4h"}, "window"),
        ({"metric": "fcr_one_touch", "window": "4h"}, "window"),
        ({"metric": "fcr_one_touch_provisional", "window": "30d"}, "window"),
        ({"metric": "backlog", "window": "now", "confidence": 0.9}, "metric"),
        ({"lists": [["team", "tea"]]}, "lists"),
        ({"lists": [["agent"]], "severity": "page"}, "lists"),
        ({"segment": {"tea": "red"}}, "segment.tea"),
        ({"for": "soon"}, "for"),
    ],
)
def test_what_is_refused_in_a_rule_of_ones_own(change: dict[str, Any], path: str) -> None:
    """Under its dotted path, and nothing that was written stands in the message."""
    rule = {name: value for name, value in (OWN | change).items() if value is not None}
    faults = refused({"mine": rule})
    assert [fault.path for fault in faults] == [f"alerts.rules.mine.{path}".rstrip(".")]
    assert not any(word in fault.message for fault in faults for word in ("nonsense", "secret", "soon", "loud", "90s", "tea'"))


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ({"csat_dip": {"metric": "first_response"}}, "csat_dip.metric"),
        ({"csat_dip": {"metric": "nps"}}, "csat_dip.metric"),
        ({"csat_dip": {"short": {"window": "4h"}}}, "csat_dip.short.window"),
        ({"csat_dip": {"short": {"window": "soon"}}}, "csat_dip.short.window"),
        ({"csat_dip": {"long": {"z": -1}}}, "csat_dip.long.z"),
        ({"csat_dip": {"long": "4h"}}, "csat_dip.long"),
        ({"csat_dip": {"kind": "burn"}}, "csat_dip.kind"),
        ({"fcr_drop": {"window": {"window": "4h"}}}, "fcr_drop.window.window"),
        ({"target_missed": {"metric": "backlog", "window": {"window": "now"}}}, "target_missed.metric"),
        ({"csat_drift": {"metric": "first_response"}}, "csat_drift.metric"),
        ({"csat_drift": {"metric": "fcr_one_touch"}}, "csat_drift.metric"),
        ({"csat_drift": {"thresholds": {}}}, "csat_drift.thresholds"),
        ({"csat_drift": {"thresholds": {5: 0}}}, "csat_drift.thresholds"),
        ({"csat_drift": {"thresholds": {0: 5}}}, "csat_drift.thresholds"),
        ({"csat_drift": {"baseline_gap": "40d"}}, "csat_drift.baseline_gap"),
        ({"csat_drift": {"baseline": 100}}, "csat_drift.baseline"),
        ({"oldest_waiting": {"metric": "backlog"}}, "oldest_waiting.metric"),
        ({"signal_lost": {"windows": []}}, "signal_lost.windows"),
        ({"signal_lost": {"windows": ["1h", "all"]}}, "signal_lost.windows.1"),
        ({"signal_lost": {"windows": ["now"]}}, "signal_lost.windows.0"),
        ({"signal_lost": {"min_weeks": 5}}, "signal_lost.min_weeks"),
        ({"signal_low": {"window": "13d"}}, "signal_low.window"),
        ({"signal_low": {"metric": "backlog"}}, "signal_low.metric"),
        ({"intake_broken": {"window": "5h"}}, "intake_broken.window"),
        ({"intake_broken": {"window": "all"}}, "intake_broken.window"),
        ({"budget": {"burn": 5.1}}, "budget.burn"),
        ({"a name": OWN}, "a name"),
    ],
)
def test_what_is_refused_in_a_shipped_rule(rules: dict[str, Any], path: str) -> None:
    """What arithmetic or the figure rules out."""
    assert paths(rules) == [f"alerts.rules.{path}"]


def test_just_possible_limits_are_taken() -> None:
    """Each at its limit."""
    merged(
        {
            "budget": {"burn": 5},
            "signal_low": {"window": "12d"},
            "signal_lost": {"weeks": 5, "min_weeks": 5},
            "csat_drift": {"baseline_gap": "39d"},
            "intake_broken": {"window": "4h"},
            "target_missed": {"window": {"window": "all"}},
            "level": OWN | {"metric": "backlog", "window": "now", "below": 5},
            "quick": OWN | {"metric": "fcr_one_touch_provisional", "window": "7d"},
            "agents": OWN | {"lists": [["agent"]]},
            "any": OWN | {"below": 100},
        }
    )


def test_a_burn_is_checked_against_the_configured_target() -> None:
    """At 40 it can be at most 1.67, for the shipped rule too; a figure without a target has nothing to check; nothing burns at 100."""
    assert refused({}, {"csat": 40.0}) == [Fault("alerts.rules.budget.burn", "with the target of 40 it can be at most 1.66667")]
    assert merged({}, {})
    assert merged({"budget": {"burn": 1000}}, {"csat": 100.0})


@pytest.mark.parametrize("name", ["nps", "ces"])
def test_shipped_rules_of_figures_to_come_may_be_changed(name: str) -> None:
    """They stay dormant; a rule of one's own must name a known figure."""
    assert merged({name: {"window": {"min_n": 50}, "enabled": False}})[name].enabled is False


def test_all_faults_are_told_at_once() -> None:
    """Of every rule, and several of one."""
    found = paths({"mine": {"kind": "custom"}, "csat_dip": {"long": {"z": 0, "min_n": 0}}, "budget": {"burn": 9}, "": OWN})
    assert found == [
        "alerts.rules.mine.severity",
        "alerts.rules.mine.metric",
        "alerts.rules.mine.window",
        "alerts.rules.csat_dip.long.z",
        "alerts.rules.csat_dip.long.min_n",
        "alerts.rules",
        "alerts.rules.budget.burn",
    ]
