"""Values read as people write them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.scores import Score
from stream.board.units import human_change, human_interval, human_seconds, human_time, human_value

AS_OF = "2026-11-22T10:00:00.000Z"
AS_OF_SECONDS = 1_795_341_600


def score(**fields: Any) -> Score:
    """A score with these fields."""
    base = {"metric": "csat", "segment": {}, "window": "1h", "value": 81.44, "unit": "percent", "n": 118, "counts": {}, "low": 73.41, "high": 87.38}
    return Score(**{**base, "state": "ok", "as_of": AS_OF, "revision": 1, "definition": "test", **fields})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (67.52, "67.5 s"),
        (119, "119.0 s"),
        (120, "2.0 min"),
        (7_199, "120.0 min"),
        (7_200, "2.0 h"),
        (58_680, "16.3 h"),
        (172_800, "2.0 d"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    """Seconds up to two minutes, minutes up to two hours, hours up to two days."""
    assert human_seconds(seconds) == text


def test_durations_beside_another() -> None:
    """In its unit, so that a column has one."""
    assert [human_seconds(seconds, 132.0) for seconds in (114.7, 132.0, 40.0)] == ["1.9 min", "2.2 min", "0.7 min"]


@given(st.floats(0, 3_500_000))
def test_durations_keep_their_size(seconds: float) -> None:
    """What is read is what was measured, to a twentieth of its unit."""
    number, unit = human_seconds(seconds).split()
    size = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}[unit]
    assert abs(float(number) * size - seconds) <= 0.05 * size + 1e-6


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "81.4 %"),
        ({"unit": "seconds", "value": 67.52}, "67.5 s"),
        ({"unit": "tickets", "value": 1_234}, "1,234"),
        ({"unit": "unix_seconds", "value": AS_OF_SECONDS - 3_600}, "60.0 min"),
    ],
)
def test_value_with_unit(fields: dict[str, Any], text: str) -> None:
    """Each unit has its form; the oldest waiting is how long ago it was opened."""
    assert human_value(score(**fields)) == text


def test_interval_in_one_unit() -> None:
    """Both bounds share the unit of the upper one; without bounds there is a dash."""
    assert human_interval(score()) == "73.4 to 87.4"
    assert human_interval(score(unit="seconds", value=3_600, low=600, high=9_000)) == "0.2 to 2.5 h"
    assert human_interval(score(low=None, high=None)) == "-"


def test_time() -> None:
    """A point in time is shown in UTC to the minute."""
    assert human_time(AS_OF_SECONDS) == "2026-11-22 10:00"


@given(st.floats(-100, 100))
def test_change_shows_its_direction(difference: float) -> None:
    """Up, down, or equal where it rounds to nothing."""
    text = human_change(difference)
    rounded = round(difference, 1)
    assert (text == "=") == (rounded == 0)
    assert text == "=" or (text.startswith("▲") == (rounded > 0) and re.fullmatch(r"[▲▼] [+-]\d+\.\d", text))
