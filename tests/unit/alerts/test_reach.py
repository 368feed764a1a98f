"""What nobody would ever hear: rules of segments that there are not, receivers that no rule speaks to."""

from __future__ import annotations

from typing import Any

import pytest

from stream.alerts import reach
from stream.alerts.shipped import merged, shipped_rules
from stream.errors import ConfigError
from stream.setting_parts import Receiver

SEGMENTS = ((), ("team",), ("channel",), ("team", "channel"))
LISTS = reach.lists_of(SEGMENTS)
OWN = {"kind": "custom", "severity": "ticket", "metric": "csat", "window": "4h", "below": 80}


def refused(rules: dict[str, Any], segments: tuple[tuple[str, ...], ...] = SEGMENTS) -> list[str]:
    """Where rules are wrong with these segment lists; nowhere where they are taken."""
    try:
        merged(rules, segments=segments)
    except ConfigError as error:
        return [fault.path for fault in error.faults]
    return []


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({}, []),
        ({"lists": [[], ["channel", "team"]]}, []),
        ({"lists": [["product"]]}, ["lists.0"]),
        ({"lists": [["team"], ["product"], ["priority"]]}, ["lists.1", "lists.2"]),
        ({"lists": []}, ["lists"]),
        ({"lists": [["tea"]]}, ["lists"]),
        ({"lists": [["agent"]]}, ["lists.0"]),
        ({"segment": {"team": "red", "channel": "chat"}}, []),
        ({"segment": {"product": "zzz"}}, ["segment"]),
        ({"segment": {"team": "red"}, "lists": [["channel"]]}, ["segment"]),
        ({"segment": {"team": "red"}, "lists": [["channel"], ["team", "channel"]]}, []),
        ({"segment": {"tea": "red"}}, ["segment.tea"]),
    ],
)
def test_a_rule_of_ones_own_must_have_segments(fields: dict[str, Any], paths: list[str]) -> None:
    """Its lists are configured ones, and one of those that it covers has its dimensions; an unknown dimension is told once."""
    assert refused({"own": OWN | fields}) == [f"alerts.rules.own.{path}" for path in paths]


def test_shipped_rules_fit_every_installation() -> None:
    """signal_lost is about channels, which not everybody has; a change of it that names a list is held to it."""
    assert refused({"signal_lost": {"expected": 20}}, ((), ("team",))) == []
    assert refused({"signal_lost": {"lists": [[], ["channel"]]}}, ((), ("team",))) == ["alerts.rules.signal_lost.lists.1"]


def receiver(**fields: Any) -> Receiver:
    """A webhook."""
    return Receiver.model_validate({"name": "desk", "kind": "webhook", "url": "https://desk.example/x", **fields})


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({}, []),
        ({"rules": ["csat_dip", "nope"]}, ["rules.1"]),
        ({"segment": {"product": "zzz"}}, ["segment"]),
        ({"segment": {"team": "billing", "channel": "chat"}}, []),
        ({"rules": ["csat_low"], "severities": ["page"]}, [""]),
        ({"rules": ["csat_low", "csat_dip"], "severities": ["page"]}, []),
        ({"rules": ["off"]}, []),
        ({"rules": ["rating_lowest"], "severities": ["info"]}, []),
        ({"rules": ["rating_lowest"], "severities": ["info"], "segment": {"team": "billing"}}, [""]),
        ({"rules": ["signal_lost"], "segment": {"team": "billing"}}, [""]),
        ({"rules": ["signal_lost"], "segment": {"channel": "chat"}}, []),
        ({"rules": ["of_red"], "segment": {"team": "blue"}}, [""]),
        ({"rules": ["of_red"], "segment": {"team": "red"}}, []),
        ({"rules": ["of_red"], "segment": {"channel": "chat"}}, []),
    ],
)
def test_a_receiver_must_be_spoken_to(fields: dict[str, Any], paths: list[str]) -> None:
    """By a rule, switched off or not, of one of its severities, in segments with its values."""
    own = {"off": OWN | {"enabled": False}, "of_red": OWN | {"segment": {"team": "red"}}}
    rules = merged(own, segments=SEGMENTS)
    assert [fault.path for fault in reach.receiver_faults(receiver(**fields), rules, rules, LISTS)] == paths


def test_nothing_is_said_of_what_depends_on_other_faults() -> None:
    """A rule that is faulty itself may speak to it; so may one of lists that are."""
    known, right = {*shipped_rules(), "faulty"}, shipped_rules()
    asked = receiver(rules=["csat_low", "faulty"], severities=["page"])
    assert list(reach.receiver_faults(asked, known, right, LISTS)) == []
    assert list(reach.receiver_faults(receiver(severities=["page"], segment={"product": "x"}), known, right, None)) == []
