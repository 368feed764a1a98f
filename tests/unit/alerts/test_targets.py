"""Targets by segment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.alerts.targets import Targets
from stream.durations import HOUR, MINUTE
from stream.settings import Settings

RED = {"team": "red"}
TARGETS = Targets(
    {"csat": 80.0, "nps": 30.0},
    [
        ({"team": "red", "channel": "chat"}, {"csat": 60.0}),
        (RED, {"csat": 70.0}),
        ({"channel": "chat"}, {"csat": 75.0, "fcr": 50.0}),
        ({"team": "blue"}, {"nps": 10.0}),
    ],
)


@pytest.mark.parametrize(
    ("metric", "segment", "target"),
    [
        ("csat", {}, 80.0),
        ("csat", RED, 70.0),
        ("csat", {"team": "red", "product": "p"}, 70.0),
        ("csat", {"team": "red", "channel": "chat"}, 60.0),
        ("csat", {"team": "red", "channel": "chat", "product": "p"}, 60.0),
        ("csat", {"team": "blue"}, 80.0),
        ("nps", {"team": "blue"}, 10.0),
        ("nps", {"team": "blue", "channel": "chat"}, 10.0),
        ("fcr", {}, None),
        ("fcr", {"channel": "chat"}, 50.0),
        ("unknown", {}, None),
    ],
)
def test_the_override_with_most_values_counts(metric: str, segment: dict[str, str], target: float | None) -> None:
    """If all of them lie in the segment, and if it names the figure; otherwise the default."""
    assert TARGETS.target(metric, segment) == target


def test_of_equal_overrides_the_later_counts() -> None:
    """One value each, and both lie in the segment."""
    overrides = [(RED, {"csat": 1.0}), ({"channel": "chat"}, {"csat": 2.0})]
    segment = {"team": "red", "channel": "chat"}
    assert Targets({}, overrides).target("csat", segment) == 2
    assert Targets({}, overrides[::-1]).target("csat", segment) == 1


def test_first_response_is_the_channels_or_the_largest() -> None:
    """The default is for channels that are not named."""
    targets = Targets({}, (), {"default": HOUR, "phone": 3 * MINUTE, "mail": 2 * HOUR})
    found = [targets.first_response_target(segment) for segment in ({}, RED, {"channel": "phone"}, {"channel": "chat", "team": "red"})]
    assert found == [2 * HOUR, 2 * HOUR, 3 * MINUTE, HOUR]
    assert Targets({}).first_response_target({}) is None


VALUES = st.dictionaries(st.sampled_from(("team", "channel")), st.sampled_from(("red", "chat")), max_size=2)


@given(st.lists(st.lists(VALUES, max_size=6), min_size=1, max_size=4))
def test_a_growing_list_has_the_targets_of_its_segments(parts: list[list[dict[str, str]]]) -> None:
    """Array and single targets agree however it grows."""
    growing: list[dict[str, str]] = []
    for part in parts:
        growing.extend(part)
        expected = [TARGETS.target("csat", segment) for segment in growing]
        assert TARGETS.of_segments("csat", growing).tolist() == expected
        assert len(TARGETS.first_response_of_segments(growing)) == len(growing)


def test_another_list_is_worked_out_anew() -> None:
    """Whatever was asked before, even of the same length."""
    targets = Targets({}, [(RED, {"csat": 70.0})], {"default": HOUR})
    assert targets.of_segments("csat", [RED]).tolist() == [70.0]
    assert np.isnan(targets.of_segments("csat", [{}])).tolist() == [True]
    assert targets.of_segments("csat", [{}, RED]).tolist()[1] == 70.0
    assert targets.first_response_of_segments([{}]).tolist() == [HOUR]


def test_an_array_is_the_callers_own() -> None:
    """Writing into it changes no target."""
    segments = [RED]
    TARGETS.of_segments("csat", segments)[0] = 0
    assert TARGETS.of_segments("csat", segments).tolist() == [70.0]


def test_the_configured_targets() -> None:
    """Defaults, those of segments, and of first responses."""
    settings = Settings.model_validate(
        {"alerts": {"segment_targets": [{"segment": RED, "scores": {"csat": 60}}]}, "targets": {"first_response": {"default": "2h", "chat": "1m"}}}
    )
    targets = Targets.of(settings)
    assert targets.target("csat", {}) == 80
    assert targets.target("csat", RED) == 60
    assert targets.first_response_target({"channel": "chat"}) == MINUTE
    assert targets.first_response_target({}) == 2 * HOUR
