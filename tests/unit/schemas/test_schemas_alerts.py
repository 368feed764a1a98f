"""Alerts and their keys."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.alerts import Alert, alert_key, parse_key, rating_key
from stream.alerts.machine import Event
from stream.alerts.memory import State
from stream.alerts.rules import Rule

ALERT: dict[str, Any] = {
    "id": "0" * 64,
    "rule": "csat_dip",
    "kind": "two_windows",
    "severity": "page",
    "segment": {"team": "billing"},
    "state": "resolved",
    "event": "resolved",
    "reason": "cleared",
    "since": "2026-11-22T10:00:00.000Z",
    "fired_at": "2026-11-22T10:05:00.000Z",
    "ended_at": "2026-11-22T12:00:00.000Z",
    "as_of": "2026-11-22T12:00:03.000Z",
    "metric": "csat",
    "window": "4h",
    "value": 86,
    "unit": "percent",
    "n": 50,
    "low": 73.8,
    "high": 93.0,
    "bound": None,
    "target": 80.0,
    "counts": {"rated": 50},
    "lost": {"bad": 7, "of": 50, "expected": 10.0},
    "shift_began": None,
    "now_value": 90.5,
    "now_n": 12,
    "direction": "better",
    "why": {
        "dimension": "channel",
        "compared_with": "last_week",
        "before": {"part": 45, "whole": 50},
        "after": {"part": 43, "whole": 50},
        "points": -4.0,
        "children": [{"name": "chat", "rate": -4.0, "mix": 0.0, "before": {"part": 45, "whole": 50}, "after": {"part": 43, "whole": 50}}],
        "others": {"children": 2, "rate": 0.1, "mix": -0.1},
        "simpson": False,
    },
    "why_not": None,
    "evidence": ["T-1"],
    "rating": None,
    "context": {"backlog": 3, "oldest_waiting": None, "first_response": 12.5, "first_response_n": 2},
    "inhibits": [{}],
    "inhibited_by": None,
    "silenced": {"until": "2026-11-22T13:00:00.000Z", "who": "ann", "why": "known"},
    "links": {"panel": "https://g.example", "runbook": None},
    "silence_command": "csat-stream silence",
    "summary": "All clear",
    "all_clear": {"duration_ms": 7_200_000, "bad": 20, "n": 90},
    "notify": True,
    "revision": 4,
}


def test_an_alert_is_written_as_it_is_read() -> None:
    """JSON to alert to JSON changes nothing; the parts are whole."""
    alert = Alert.model_validate(ALERT)
    assert alert.model_dump(mode="json") == ALERT
    assert Alert.model_validate_json(alert.model_dump_json()) == alert


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x"},
        {"kind": "guess"},
        {"severity": "loud"},
        {"state": "broken"},
        {"event": ""},
        {"reason": "tired"},
        {"since": "2026-11-22T10:00:00Z"},
        {"value": float("nan")},
        {"bound": float("inf")},
        {"n": -1},
        {"revision": 0},
        {"notify": 1},
        {"unit": "stars"},
        {"evidence": ["T"] * 11},
        {"lost": {"bad": 1, "of": 0, "expected": 0.0}},
        {"lost": {"bad": 1, "of": 2, "expected": -1.0}},
        {"why": {**ALERT["why"], "compared_with": "yesterday"}},
        {"direction": "sideways"},
        {"all_clear": {"duration_ms": -1, "bad": None, "n": None}},
    ],
)
def test_a_wrong_alert_is_refused(change: dict[str, Any]) -> None:
    """Foreign words, numbers that are none, and times in another form are no alert."""
    with pytest.raises(ValidationError):
        Alert.model_validate({**ALERT, **change})


def test_an_alert_can_t_be_changed() -> None:
    """Records are values."""
    with pytest.raises(ValidationError):
        Alert.model_validate(ALERT).notify = False  # type: ignore[misc]


def test_the_contract_has_the_words_of_the_code() -> None:
    """Events, states and kinds are those of the state machine and the rules; single ratings have a state of their own."""
    fields = {name: set(get_args(Alert.model_fields[name].annotation)) for name in ("event", "state", "kind")}
    assert fields["event"] == set(get_args(Event)) - {""}
    assert fields["state"] == {str(state) for state in State} | {"event"}
    kinds = {get_args(model.model_fields["kind"].annotation)[0] for model in get_args(get_args(Rule)[0])}
    assert fields["kind"] == kinds


def test_text_of_keys() -> None:
    """Keys are compact JSON with sorted names, and UTF-8 as it is."""
    assert (
        alert_key("csat_dip", {"team": "billing", "channel": "büro"}) == '{"rule":"csat_dip","segment":{"channel":"büro","team":"billing"}}'.encode()
    )
    assert rating_key("rating_lowest", {}, "T-1", "") == b'{"rule":"rating_lowest","segment":{},"survey":"","ticket":"T-1"}'


@given(st.text(), st.dictionaries(st.text(), st.text()), st.text(), st.text())
def test_keys_come_back_and_ignore_the_order_of_dimensions(rule: str, segment: dict[str, str], ticket: str, survey: str) -> None:
    """A key names its rule and segment, and the ticket and survey of a single rating, in the same bytes for any order of the segment."""
    turned = dict(reversed(segment.items()))
    assert parse_key(alert_key(rule, segment)) == (rule, segment, None, None)
    assert parse_key(rating_key(rule, segment, ticket, survey)) == (rule, segment, ticket, survey)
    assert alert_key(rule, turned) == alert_key(rule, segment)
    assert rating_key(rule, turned, ticket, survey) == rating_key(rule, segment, ticket, survey)


@pytest.mark.parametrize(
    "key",
    [b"", b"\xff", b"[]", b'{"clock":"book"}', b'{"rule":"x"}', b'{"rule":"x","segment":{},"more":1}', b'{"rule":"x","segment":{},"ticket":"T"}'],
)
def test_other_bytes_are_no_key(key: bytes) -> None:
    """Bytes that name no alert are refused, the program's own records among them."""
    with pytest.raises(ValueError, match="not the key of an alert"):
        parse_key(key)
