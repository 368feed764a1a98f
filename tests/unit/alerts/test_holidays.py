"""Holidays: where the signal rules do not look, by the schedule of the segment and its time zone."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from stream.alerts.holidays import Holidays
from stream.settings import Settings

HOURS = {"mon": [["09:00", "17:00"]]}
SETTINGS = Settings.model_validate(
    {
        "schedules": {
            "nl": {"timezone": "Europe/Amsterdam", "weekly": HOURS, "holidays": ["2026-04-27"]},
            "in": {"timezone": "Asia/Kolkata", "weekly": HOURS, "holidays": ["2026-08-15"]},
            "plain": {"timezone": "UTC", "weekly": HOURS},
        },
        "schedule_of": [{"channel": "chat", "schedule": "in"}, {"channel": "phone", "schedule": "plain"}, {"schedule": "nl"}],
    }
)
SEGMENTS: tuple[dict[str, str], ...] = ({}, {"channel": "chat"}, {"channel": "phone"}, {"channel": "email"})


def ms(*time: int) -> int:
    """A time in UTC."""
    return int(datetime(*time, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type, misc]


def active(*ticks: int) -> list[list[bool]]:
    """By segment and tick."""
    flags = Holidays(SETTINGS).active(SEGMENTS, np.array(ticks))
    assert flags is not None
    return [[bool(flag) for flag in row] for row in flags]


def test_the_day_is_that_of_the_time_zone() -> None:
    """King's day begins at 22:00 UTC of the day before, and ends at 22:00; Kolkata's half an hour counts too."""
    assert [row[0] for row in active(ms(2026, 4, 26, 22))] == [False, True, True, False]
    assert [row[0] for row in active(ms(2026, 4, 26, 21, 59))] == [True, True, True, True]
    assert active(ms(2026, 8, 14, 18, 29), ms(2026, 8, 14, 18, 30), ms(2026, 8, 15, 18, 30))[1] == [True, False, True]


def test_one_tick_is_one_flag_a_segment() -> None:
    """The shape of a live tick."""
    flags = Holidays(SETTINGS).active(SEGMENTS, np.array(ms(2026, 4, 27, 12)))
    assert flags is not None
    assert flags.tolist() == [False, True, True, False]


def test_without_holidays_the_rules_look_everywhere() -> None:
    """Nothing is worked out."""
    assert Holidays(Settings()).active(SEGMENTS, np.array(0)) is None


def test_everything_has_no_schedule_of_a_part() -> None:
    """A rule of a team or channel is not one of everything."""
    only_chat = SETTINGS.model_copy(update={"schedule_of": SETTINGS.schedule_of[:1]})
    flags = Holidays(only_chat).active(SEGMENTS, np.array(ms(2026, 8, 15, 12)))
    assert flags is not None
    assert flags.tolist() == [True, False, True, True]
