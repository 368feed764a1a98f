"""How bad it is: loss, direction, and the start of the shift."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.alert_parts import Lost
from stream.alerts import loss
from stream.alerts.facts import Hourly
from stream.alerts.rules import Custom, OneWindow, Rule
from stream.alerts.why import Counts
from stream.durations import HOUR
from stream.kpis.definition import Reading
from tests.unit.alerts.alert_examples import NAN, RULES

DIP = RULES["csat_dip"]


def own(**bound: Any) -> Rule:
    """A rule of one's own on the reopen rate."""
    return Custom(kind="custom", severity="info", source="own", metric="reopen_rate", window="7d", **bound)


REOPENED = own(above=10.0)


@pytest.mark.parametrize(
    ("rule", "above"),
    [
        (DIP, False),
        (REOPENED, True),
        (own(below=1.0), False),
        (OneWindow(kind="one_window", severity="info", source="", metric="ces", window={"window": "7d", "z": 2, "min_n": 1}, side="above"), True),
        (RULES["nps"], False),
        (RULES["oldest_waiting"], True),
        (RULES["intake_broken"], True),
        (RULES["signal_lost"], False),
        (RULES["budget"], False),
    ],
)
def test_the_bad_side(rule: Rule, above: bool) -> None:
    """Scores are bad below, waiting and dead letters above, the rest as it is set."""
    assert loss.is_bad_above(rule) is above


@pytest.mark.parametrize(
    ("rule", "ratio", "target", "found"),
    [
        (DIP, Counts(21, 40), 90.0, Lost(bad=19, of=40, expected=4.0)),
        (DIP, Counts(30, 49), 80.0, Lost(bad=19, of=49, expected=9.8)),
        (REOPENED, Counts(7, 40), 10.0, Lost(bad=7, of=40, expected=4.0)),
        (own(above=120.0), Counts(7, 40), 120.0, Lost(bad=7, of=40, expected=40.0)),
        (own(below=120.0), Counts(7, 40), 120.0, Lost(bad=33, of=40, expected=0.0)),
        (DIP, Counts(0, 0), 80.0, None),
        (DIP, None, 80.0, None),
        (DIP, Counts(1, 2), NAN, None),
    ],
)
def test_the_loss(rule: Rule, ratio: Counts | None, target: float, found: Lost | None) -> None:
    """Bad cases beside those that the target allows; nothing without cases or target."""
    assert loss.lost(rule, ratio, target) == found


@pytest.mark.parametrize(
    ("rule", "now", "before", "found"),
    [
        (DIP, 70.0, 75.0, "worse"),
        (DIP, 75.0, 70.0, "better"),
        (DIP, 71.0, 70.0, "steady"),
        (DIP, 71.1, 70.0, "better"),
        (REOPENED, 12.0, 10.0, "worse"),
        (RULES["nps"], 50.0, 51.0, "steady"),
        (RULES["nps"], -50.0, -52.0, "better"),
        (DIP, None, 70.0, None),
        (DIP, 70.0, None, None),
    ],
)
def test_the_direction(rule: Rule, now: float | None, before: float | None, found: str | None) -> None:
    """Up is better for scores, worse for what should be low; small changes are none."""
    readings = [None if value is None else Reading(value, 5, {}) for value in (now, before)]
    assert loss.direction(rule, *readings) == found


def test_the_start_of_the_shift() -> None:
    """Three hours at 9 of 10, then three at 3 of 10, against a usual 90 %: the shift began with the fourth."""
    hourly = Hourly(1000, (9, 9, 9, 3, 3, 3), (10,) * 6)
    assert loss.shift_began(DIP, hourly, 90.0) == 1003 * HOUR
    assert loss.shift_began(DIP, Hourly(1000, (9, 9, 9, 3, 3, 10), (10,) * 5 + (1000,)), 50.0) == 1003 * HOUR


def test_the_shift_of_what_should_be_low() -> None:
    """The part itself is bad there."""
    assert loss.shift_began(REOPENED, Hourly(0, (1, 1, 8, 8), (10,) * 4), 10.0) == 2 * HOUR


@pytest.mark.parametrize(
    ("hourly", "usual"),
    [
        (None, 80.0),
        (Hourly(0, (), ()), 80.0),
        (Hourly(0, (9, 9), (10, 10)), 80.0),
        (Hourly(0, (0, 0), (10, 10)), 100.0),
        (Hourly(0, (0, 0), (10, 10)), 0.0),
        (Hourly(0, (0, 0), (10, 10)), NAN),
    ],
)
def test_no_shift(hourly: Hourly | None, usual: float) -> None:
    """Without hours, without a usual value, or while the sum is at zero, there is no start."""
    assert loss.shift_began(DIP, hourly, usual) is None
