"""The bench of alerts in small: few seeds, the same trials. `python -m bench.alerts` runs all of them."""

from __future__ import annotations

import pytest

from bench.alerts import Figure, Trial, falls, healthy, healthy_fleet, signal

SEEDS = 6


def values(trial: Trial) -> list[float]:
    """The figures of a trial in their order."""
    return [figure.value for figure in trial.figures]


@pytest.mark.parametrize("per_hour", [5, 20])
def test_a_healthy_segment_is_left_alone(per_hour: float) -> None:
    """Nothing from csat_dip and csat_low in half a year, where the naive rule cries wolf every few days."""
    false, naive, _ = values(healthy(per_hour, SEEDS, 1))
    assert false == 0
    assert naive >= 8


def test_a_healthy_fleet_is_hardly_disturbed() -> None:
    """25 segments over three months: at most two of each, where one a month is allowed and about half of that expected."""
    pages, tickets = values(healthy_fleet(3, 300))
    assert pages <= 2
    assert tickets <= 2


def test_a_deep_dip_is_found_within_hours() -> None:
    """From 0.90 to 0.60 at 20 an hour."""
    median, p95, missed = values(falls("csat_dip", 20, 0.60, {}, (SEEDS, 4)))
    assert 1 < median <= 3.5
    assert p95 <= 6.5
    assert missed == 0


def test_a_slow_drift_is_found_within_a_day() -> None:
    """From 0.90 to 0.80 at 20 an hour; it takes longer than a deep dip."""
    median, _, missed = values(falls("csat_drift", 20, 0.80, {}, (SEEDS, 5)))
    assert 2 < median <= 12
    assert missed == 0


def test_silence_is_noticed() -> None:
    """Ratings of office hours that stop; no false alarm in half a year."""
    false, median, _, missed = values(signal(40, SEEDS, 9))
    assert false == 0
    assert 0.5 <= median <= 4
    assert missed == 0


def test_a_figure_that_breaks_its_bound_says_so() -> None:
    """With two exclamation marks, on either side."""
    assert str(Figure("pages", 2, most=1)) == "!! pages: 2 (at most 1)"
    assert str(Figure("naive", 7, least=8)) == "!! naive: 7 (at least 8)"
    assert str(Figure("naive", 9, least=8)) == "   naive: 9 (at least 8)"
    assert Figure("noted", 3).holds
