"""Business hours: open time by schedules, exact over changes of the clocks, holidays and midnight."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stream.durations import DAY, HOUR, MINUTE
from stream.setting_parts import Schedule
from stream.stats.business_hours import Hours

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE = dict.fromkeys(WEEKDAYS[:5], (("09:00", "17:00"),))
ALWAYS = dict.fromkeys(WEEKDAYS, (("00:00", "24:00"),))
NIGHT = dict.fromkeys(WEEKDAYS, (("00:00", "06:00"), ("22:00", "24:00")))


def hours(weekly: Mapping[str, tuple[tuple[str, str], ...]], zone: str = "Europe/Amsterdam", *holidays: date) -> Hours:
    """The hours of a schedule."""
    return Hours(Schedule.model_validate({"timezone": zone, "weekly": weekly, "holidays": holidays}))


def ms(text: str) -> int:
    """Milliseconds of a UTC time such as 2026-03-29T01:00."""
    return round((datetime.fromisoformat(text).replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))


def test_worked_example() -> None:
    """Friday 15:30 local to Monday 10:00 local: 90 min on Friday, 60 min on Monday."""
    office = hours(OFFICE)
    friday, monday = ms("2026-01-09T14:30"), ms("2026-01-12T09:00")
    assert office.between(friday, monday) == 150 * MINUTE
    assert office.after(friday, 150 * MINUTE) == monday
    assert office.after(friday, 90 * MINUTE) == ms("2026-01-09T16:00")
    assert office.after(friday, 90 * MINUTE + 1) == ms("2026-01-12T08:00") + 1


def test_24_hours_of_an_office_are_three_days() -> None:
    """A rating on Friday evening is due on Wednesday at closing time."""
    assert hours(OFFICE).after(ms("2026-01-09T20:00"), DAY) == ms("2026-01-14T16:00")


def test_edges_are_from_the_first_to_before_the_last() -> None:
    """09:00:00.000 is open, 17:00:00.000 is not."""
    office = hours(OFFICE, "UTC")
    moments = ("2026-01-09T08:59:59.999", "2026-01-09T09:00", "2026-01-09T16:59:59.999", "2026-01-09T17:00")
    assert [office.is_open(ms(moment)) for moment in moments] == [False, True, True, False]
    assert office.between(ms("2026-01-09T09:00"), ms("2026-01-09T17:00")) == 8 * HOUR


@pytest.mark.parametrize(("start", "end", "open_for"), [("2026-03-28T23:00", "2026-03-29T22:00", 23), ("2026-10-24T22:00", "2026-10-25T23:00", 25)])
def test_days_on_which_the_clocks_change(start: str, end: str, open_for: int) -> None:
    """A local day that is open all day has 23 hours in spring and 25 in autumn."""
    always = hours(ALWAYS)
    assert always.between(ms(start), ms(end)) == open_for * HOUR
    assert always.after(ms(start), open_for * HOUR) == ms(end)


def test_an_hour_left_out_is_not_open_and_one_gone_through_twice_is_open_twice() -> None:
    """02:00 to 03:00 local, the hour of the change: nothing on the last Sunday of March, two hours in October, one on other days."""
    small = hours({"sun": (("02:00", "03:00"),)})
    assert small.between(ms("2026-03-29T00:00"), ms("2026-03-30T00:00")) == 0
    assert small.between(ms("2026-10-25T00:00"), ms("2026-10-26T00:00")) == 2 * HOUR
    assert small.between(ms("2026-06-07T00:00"), ms("2026-06-08T00:00")) == HOUR
    assert small.after(ms("2026-03-23T00:00"), HOUR) == ms("2026-04-05T01:00")


def test_a_span_around_the_change_keeps_its_clock_times() -> None:
    """01:30 to 03:30 on the clock: one hour in spring, three in autumn."""
    around = hours({"sun": (("01:30", "03:30"),)})
    assert around.between(ms("2026-03-29T00:00"), ms("2026-03-29T12:00")) == HOUR
    assert around.between(ms("2026-10-24T20:00"), ms("2026-10-25T12:00")) == 3 * HOUR


def test_a_night_shift_is_two_spans() -> None:
    """22:00 to 06:00 is open over midnight without a break."""
    night = hours(NIGHT, "UTC")
    assert night.between(ms("2026-01-09T21:00"), ms("2026-01-10T07:00")) == 8 * HOUR
    assert night.after(ms("2026-01-09T22:00"), 8 * HOUR) == ms("2026-01-10T06:00")
    assert night.is_open(ms("2026-01-10T00:00"))


def test_holidays_are_days_of_the_local_calendar() -> None:
    """New Year in Auckland begins 13 hours before that of UTC."""
    auckland = hours(ALWAYS, "Pacific/Auckland", date(2026, 1, 1))
    begin = ms("2025-12-31T11:00")
    assert [auckland.is_holiday(moment) for moment in (begin - 1, begin, begin + DAY - 1, begin + DAY)] == [False, True, True, False]
    assert auckland.between(begin - HOUR, begin + DAY + HOUR) == 2 * HOUR
    assert auckland.after(begin - HOUR, 2 * HOUR) == begin + DAY + HOUR


def test_years_of_holidays() -> None:
    """Three years without a working day are passed over."""
    first = date(2026, 1, 1)
    closed = [first + timedelta(days=number) for number in range(3 * 365)]
    office = hours(OFFICE, "UTC", *closed)
    assert office.between(ms("2026-01-01T00:00"), ms("2028-12-31T00:00")) == 0
    assert office.after(ms("2026-01-01T12:00"), HOUR) == ms("2029-01-01T10:00")


def test_a_date_that_a_place_left_out() -> None:
    """Samoa had no 30 December 2011: a schedule of Fridays goes from the 23rd to the 6th."""
    apia = hours({"fri": (("09:00", "10:00"),)}, "Pacific/Apia")
    assert apia.after(ms("2011-12-23T20:00"), HOUR) == ms("2012-01-05T20:00")


def test_an_empty_week_is_refused() -> None:
    """By the settings, and by the hours of a schedule made otherwise: nothing would ever be due."""
    with pytest.raises(ValidationError, match="at least one day"):
        Schedule.model_validate({"timezone": "UTC", "weekly": {"mon": []}})
    with pytest.raises(ValueError, match="at least one day"):
        Hours(Schedule.model_construct(timezone="UTC", weekly={}))


def test_no_time_is_too_late() -> None:
    """The end of the calendar (year 9999) is passed like any other."""
    end = ms("9999-12-31T23:59:59.999")
    assert hours(ALWAYS).after(end, 3 * DAY) == end + 3 * DAY


ZONES = (
    "UTC",
    "Europe/Amsterdam",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Asia/Beirut",
)
CHANGES = ("2026-03-29T01:00", "2026-10-25T01:00", "2011-11-06T02:30", "2026-04-04T15:00", "2018-11-04T03:00", "2026-02-15T02:00", "2026-03-28T22:00")
"""Moments at which the clocks of one of the zones change, in steps of 30 min too, and at midnight."""
_clocks = st.integers(0, 24 * 12).map(lambda fives: f"{fives // 12:02d}:{fives % 12 * 5:02d}")
_day_spans = st.lists(_clocks, max_size=6, unique=True).map(lambda times: tuple(zip(*[iter(sorted(times))] * 2, strict=False)))
_weeks = st.fixed_dictionaries(dict.fromkeys(WEEKDAYS, _day_spans)).filter(lambda week: any(week.values()))
_starts = st.builds(lambda change, before: ms(change) - before, st.sampled_from(CHANGES), st.integers(0, 3 * DAY))


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Schedule, int]:
    """A schedule, and a moment near a change of the clocks; some of the days around it are holidays."""
    start = draw(_starts)
    day = datetime.fromtimestamp(start // 1000, UTC).date()
    holidays = draw(st.sets(st.integers(-1, 4), max_size=2))
    fields = {"timezone": draw(st.sampled_from(ZONES)), "weekly": draw(_weeks), "holidays": [day + timedelta(days=each) for each in holidays]}
    return Schedule.model_validate(fields), start


def open_minutes(schedule: Schedule, begin: int, end: int) -> int:
    """Open minutes between two full minutes, by asking the clock on the wall each minute."""
    zone, found = ZoneInfo(schedule.timezone), 0
    for minute in range(begin // MINUTE, end // MINUTE):
        local = datetime.fromtimestamp(minute * 60, UTC).astimezone(zone)
        spans = () if local.date() in schedule.holidays else schedule.weekly.get(WEEKDAYS[local.weekday()], ())  # type: ignore[call-overload]
        found += any(opening <= f"{local:%H:%M}" < closing for opening, closing in spans)
    return found


@given(schedules(), st.integers(0, 3 * 24 * 60))
def test_between_counts_the_open_minutes(given_schedule: tuple[Schedule, int], minutes: int) -> None:
    """As a clock on the wall does, minute by minute."""
    schedule, start = given_schedule
    begin = start // MINUTE * MINUTE
    end = begin + minutes * MINUTE
    assert Hours(schedule).between(begin, end) == open_minutes(schedule, begin, end) * MINUTE


@given(schedules(), st.lists(st.integers(0, 3 * DAY), min_size=2, max_size=2).map(sorted))
def test_between_adds_up(given_schedule: tuple[Schedule, int], distances: list[int]) -> None:
    """A stretch cut anywhere has the open time of its parts; one that ends before it begins has none."""
    schedule, start = given_schedule
    open_hours, middle, end = Hours(schedule), start + distances[0], start + distances[1]
    assert open_hours.between(start, middle) + open_hours.between(middle, end) == open_hours.between(start, end)
    assert open_hours.between(end + 1, start) == 0


@given(schedules(), st.integers(0, 2 * DAY))
def test_after_is_the_inverse_of_between(given_schedule: tuple[Schedule, int], duration: int) -> None:
    """The moment after some open time has just that between, and is the earliest such."""
    schedule, start = given_schedule
    open_hours = Hours(schedule)
    end = open_hours.after(start, duration)
    assert open_hours.between(start, end) == duration
    assert end == start if duration == 0 else open_hours.is_open(end - 1)


@given(schedules(), st.integers(0, 3 * DAY))
def test_between_is_the_inverse_of_after(given_schedule: tuple[Schedule, int], distance: int) -> None:
    """The moment after the open time up to a moment is that moment, or where the last opening before it ended."""
    schedule, start = given_schedule
    open_hours, moment = Hours(schedule), start + distance
    found = open_hours.after(start, open_hours.between(start, moment))
    assert open_hours.between(found, moment) == 0
    assert (found == moment) == (distance == 0 or open_hours.is_open(moment - 1))
