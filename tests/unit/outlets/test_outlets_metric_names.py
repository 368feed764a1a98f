"""Names: one for each figure of every KPI, in base units, with bounded labels."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.deploy.metrics_page import figures_of
from stream.kpis.definition import Metric, Reading, Span
from stream.kpis.registry import all_metrics
from stream.outlets import metric_names as names
from stream.segments import parse_segment
from tests.metrics_sample import metric

METRICS = [found for _, found in all_metrics()]


def made_up(unit: str) -> Metric:
    """A metric that no file of the registry has."""
    return Metric("effort", unit, Span.SLIDING, lambda _: None, lambda _: "", "how hard it was")  # type: ignore[arg-type]


def test_no_two_metrics_share_a_name() -> None:
    """Every name belongs to one metric, or to the worker's own; histograms included."""
    owners = Counter(name for one in METRICS for name in {figure.name for figure in figures_of(one)})
    owners.update(list(names.HELP))
    owners.update(names.histogram_name(name) + end for name in names.BUCKETS for end in ("", "_bucket", "_gcount", "_gsum"))
    assert [name for name, count in owners.items() if count > 1] == []


@pytest.mark.parametrize("one", METRICS, ids=lambda one: one.name)
def test_names_are_plain(one: Metric) -> None:
    """Prefix, lower case, no suffix that belongs to counters, histograms or abbreviated units."""
    for figure in figures_of(one):
        assert re.fullmatch(r"cx_[a-z0-9_]+", figure.name)
        assert not re.search(r"_(total|bucket|count|sum|ms|s|m|h|d)$", figure.name)
        assert figure.help[:1].isupper() or figure.help[:1].isdigit()


def test_a_percentage_becomes_a_ratio_with_its_counts() -> None:
    """87.5 % of eight is 0.875, with its interval, both outcomes and n beside it."""
    reading = Reading(87.5, 8, {"hit": 7, "miss": 1}, 52.9105, 97.7583)
    found = {figure.name: figure.value for figure in names.figures(metric("first_response_within"), reading)}
    assert found == {
        "cx_first_response_within_ratio": 0.875,
        "cx_first_response_within_ratio_low": 0.529105,
        "cx_first_response_within_ratio_high": 0.977583,
        "cx_first_response_within_cases": 8,
        "cx_first_response_within_hit": 7,
        "cx_first_response_within_miss": 1,
    }


@given(st.integers(0, 1_000_000))
def test_a_ratio_has_no_float_noise(ten_thousandths: int) -> None:
    """A percentage of four digits becomes the share of six digits that one would write down."""
    reading = Reading(ten_thousandths / 10_000, 1, {})
    (ratio, _) = names.figures(metric("csat"), reading)
    assert repr(ratio.value) == repr(float(f"{ten_thousandths // 1_000_000}.{ten_thousandths % 1_000_000:06d}"))


def test_durations_are_seconds() -> None:
    """The mean, the sum of ms as seconds, percentiles as a label and without their intervals."""
    stats = {"p90": 120.0, "p90_low": None, "p90_high": None, "p50": 60.0, "p50_low": 50.0, "p50_high": 70.0}
    found = list(names.figures(metric("first_response"), Reading(61.5, 2, {"answered": 2, "sum_ms": 123_000}, None, None, stats)))
    assert {(figure.name, *figure.labels.values()): figure.value for figure in found} == {
        ("cx_first_response_mean_seconds",): 61.5,
        ("cx_first_response_cases",): 2,
        ("cx_first_response_answered",): 2,
        ("cx_first_response_sum_seconds",): 123.0,
        ("cx_first_response_percentile_seconds", "90"): 120.0,
        ("cx_first_response_percentile_seconds", "50"): 60.0,
    }


def test_a_new_unit_needs_no_code() -> None:
    """A unit that nobody foresaw ends the name, and the value is left as it is."""
    (value, cases) = names.figures(made_up("points"), Reading(3.5, 4, {}))
    assert (value.name, value.value) == ("cx_effort_points", 3.5)
    assert (cases.name, cases.value) == ("cx_effort_cases", 4)


@pytest.mark.parametrize(
    ("segment", "labels"),
    [
        ({}, {"level": "all"}),
        ({"team": "billing"}, {"team": "billing", "level": "team"}),
        ({"channel": "chat", "team": "billing"}, {"team": "billing", "channel": "chat", "level": "team_channel"}),
        ({"team": "billing", "priority": "high"}, None),
        ({"campaign": "spring"}, None),
        ({"agent": "a1"}, None),
    ],
)
def test_segments_become_labels(segment: dict[str, str], labels: dict[str, str] | None) -> None:
    """Only team, channel and product; a segment with anything else is not shown at all."""
    assert names.segment_labels(segment) == labels


def test_agents_are_shown_where_asked_for() -> None:
    """The fourth dimension is opt-in."""
    assert names.segment_labels({"team": "billing", "agent": "3f2a"}, agents=True) == {"team": "billing", "agent": "3f2a", "level": "team_agent"}


@given(st.dictionaries(st.sampled_from(("team", "channel", "product")), st.text()))
def test_a_parent_has_one_dimension_less(segment: dict[str, str]) -> None:
    """Whatever the values hold, the family labels name the segment and the one above it exactly."""
    family = names.family_labels(segment)
    assert parse_segment(family["segment"]) == segment
    if not segment:
        assert "parent" not in family
        return
    parent = parse_segment(family["parent"])
    assert len(parent) == len(segment) - 1
    assert parent.items() <= segment.items()
