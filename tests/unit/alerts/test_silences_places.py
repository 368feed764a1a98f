"""Silences: in which segments a rule can be silenced."""

from __future__ import annotations

import pytest

from stream.alerts.rules import Rule
from stream.alerts.shipped import merged
from stream.alerts.silences import can_be_silenced, lists_of

CONFIGURED = ((), ("team",), ("channel",), ("team", "channel"), ("team", "agent"))
CHAT_SLOW = {"kind": "custom", "severity": "page", "metric": "csat", "window": "1h", "below": 60, "segment": {"channel": "chat"}}
RULES: dict[str, Rule] = merged(
    {"chat_slow": CHAT_SLOW, "by_agent": {**CHAT_SLOW, "severity": "ticket", "segment": None, "lists": [["team", "agent"], ["product"]]}}
)


@pytest.mark.parametrize(
    ("rule", "segment", "can"),
    [
        ("csat_dip", {}, True),
        ("csat_dip", {"team": "billing"}, True),
        ("csat_dip", {"team": "billing", "channel": "chat"}, True),
        ("csat_dip", {"product": "app"}, False),
        ("csat_dip", {"agent": "ann"}, False),
        ("rating_lowest", {}, True),
        ("rating_lowest", {"team": "billing"}, False),
        ("intake_broken", {"team": "billing"}, False),
        ("signal_lost", {"channel": "chat"}, True),
        ("signal_lost", {"team": "billing"}, False),
        ("chat_slow", {}, True),
        ("chat_slow", {"team": "billing"}, True),
        ("chat_slow", {"team": "billing", "channel": "chat"}, True),
        ("chat_slow", {"channel": "email"}, False),
        ("by_agent", {"agent": "ann"}, True),
        ("by_agent", {"product": "app"}, False),
    ],
)
def test_a_silence_must_cover_some_alert(rule: str, segment: dict[str, str], can: bool) -> None:
    """One in the segment itself, or within it."""
    assert can_be_silenced(RULES[rule], segment, CONFIGURED) is can


def test_lists_of_rules() -> None:
    """Those without agents, those that the rule lists and that are configured, those with the rule's values."""
    assert lists_of(RULES["csat_dip"], CONFIGURED) == [set(), {"team"}, {"channel"}, {"team", "channel"}]
    assert lists_of(RULES["signal_lost"], CONFIGURED) == [set(), {"channel"}]
    assert lists_of(RULES["chat_slow"], CONFIGURED) == [{"channel"}, {"team", "channel"}]
    assert lists_of(RULES["by_agent"], CONFIGURED) == [{"team", "agent"}]
    assert lists_of(RULES["rating_lowest"], [["team"]]) == [set()]
