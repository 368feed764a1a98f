"""Dormant rules: which segments hardly ever have enough cases."""

from __future__ import annotations

import numpy as np

from stream.alerts.dormant import dormant, enough_of, share_of_days
from stream.alerts.shipped import shipped_rules
from stream.alerts.sight import Ratio

DAYS = 40
HOURS = DAYS * 24


def by_hour(*rows: dict[int, int]) -> Ratio:
    """Cases by hours before the end, a mapping for each segment."""
    whole = np.zeros((len(rows), HOURS), dtype=np.int64)
    for number, row in enumerate(rows):
        for ago, cases in row.items():
            whole[number, HOURS - 1 - ago] = cases
    return Ratio(whole, whole)


def test_a_window_may_reach_over_hours() -> None:
    """Twenty cases within four hours are enough for csat_dip, over five they are not."""
    within = by_hour({0: 10, 3: 10}, {0: 10, 4: 10})
    assert share_of_days(within, 4, 20).tolist() == [1.0, 0.0]


def test_days_count_from_the_first_case() -> None:
    """A team of two days is judged by two days; of an old one the last 28 count."""
    young = {24 * day: 20 for day in range(2)}
    old = {24 * day: 20 for day in range(40)}
    assert share_of_days(by_hour(young, old), 4, 20).tolist() == [1.0, 1.0]


def test_less_than_a_day_in_seven_is_dormant() -> None:
    """Four days of 28 are just enough, three are not; a segment without cases is dormant."""
    rule = shipped_rules()["csat_dip"]
    four = {24 * day + 12: 20 for day in (1, 5, 9, 13)} | {24 * 27: 1}
    three = {24 * day + 12: 20 for day in (1, 5, 9)} | {24 * 27: 1}
    flags = dormant(rule, by_hour(four, three, {}))
    assert flags is not None
    assert flags.tolist() == [False, True, True]


def test_rules_that_need_no_number_of_cases_are_never_dormant() -> None:
    """The oldest waiting ticket is one ticket."""
    assert enough_of(shipped_rules()["oldest_waiting"]) is None
    assert dormant(shipped_rules()["signal_lost"], by_hour({})) is None


def test_no_hour_panes_nothing_to_say() -> None:
    """A metric that is not kept by hour."""
    assert dormant(shipped_rules()["csat_dip"], None) is None
