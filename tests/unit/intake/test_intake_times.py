"""Times and durations of tables: exact to the millisecond, never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.intake.times import UnreadableError, format_fault, in_range, parse_duration, parse_time

ROME = ZoneInfo("Europe/Rome")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOCAL = "%Y-%m-%d %H:%M:%S"


def ms(text: str) -> int:
    """Milliseconds of an ISO text with a zone, by another way than the code's."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("text", "formats", "zone", "instant"),
    [
        ("2010-01-13 08:40:25+02:00", ["iso"], None, "2010-01-13T06:40:25Z"),
        ("2026-11-20T08:00:00.1239Z", ["iso"], ROME, "2026-11-20T08:00:00.123Z"),
        ("2026-11-20 09:00:00", [LOCAL], ROME, "2026-11-20T08:00:00Z"),
        ("2026-07-20 09:00:00", [LOCAL], ROME, "2026-07-20T07:00:00Z"),
        ("20/11/26 09:00", [LOCAL, "%d/%m/%y %H:%M"], ROME, "2026-11-20T08:00:00Z"),
        ("20 Nov 2026 09:00 +0500", ["%d %b %Y %H:%M %z"], ROME, "2026-11-20T04:00:00Z"),
        ("0.0019", ["unix"], None, "1970-01-01T00:00:00.001Z"),
        ("1792891800", ["unix"], None, "2026-10-25T01:30:00Z"),
        ("1792891800001", ["unix_ms"], None, "2026-10-25T01:30:00.001Z"),
    ],
)
def test_times(text: str, formats: list[str], zone: ZoneInfo | None, instant: str) -> None:
    """Each format; the zone is for times without one."""
    assert parse_time(text, formats, zone) == ms(instant)


def test_an_hour_that_comes_twice_is_the_first() -> None:
    """02:30 on the last Sunday of October is summer time: 00:30 UTC."""
    assert parse_time("2026-10-25 02:30:00", [LOCAL], ROME) == ms("2026-10-25T00:30:00Z")


@pytest.mark.parametrize(
    ("text", "formats", "zone", "reason"),
    [
        ("2026-03-29 02:30:00", [LOCAL], ROME, "no clock of the zone"),
        ("2026-11-20 09:00:00", ["iso"], None, "no zone"),
        ("secret", ["iso", LOCAL], ROME, "not a time in the format iso or %Y"),
        ("1969-12-31T23:59:59Z", ["iso"], None, "outside the years"),
        ("0001-01-01 00:00:00", [LOCAL], ROME, "outside the years"),
        ("9999999999999999", ["unix"], None, "not a time"),
        ("999999999999999", ["unix"], None, "outside the years"),
        ("1e9", ["unix"], None, "not a time"),
    ],
)
def test_times_that_are_refused(text: str, formats: list[str], zone: ZoneInfo | None, reason: str) -> None:
    """Skipped hours, missing zones and other texts; the text itself isn't repeated."""
    with pytest.raises(UnreadableError, match=reason) as caught:
        parse_time(text, formats, zone)
    assert text not in str(caught.value)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2400, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds are naive
def test_any_instant_comes_back(instant: datetime) -> None:
    """An instant written on Rome's clock is read as itself, an hour that comes twice apart (then up to an hour before)."""
    shown = instant.astimezone(ROME)
    found = parse_time(shown.replace(tzinfo=None).isoformat(), ["iso"], ROME)
    twice = shown.replace(fold=0).utcoffset() != shown.replace(fold=1).utcoffset()
    assert found == ms(instant.isoformat()) or (twice and shown.fold == 1)
    assert parse_time(shown.isoformat(), ["iso"], None) == ms(instant.isoformat())


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("109.0", "seconds", 109_000),
        ("0.0015", "seconds", 1),
        ("1.5", "minutes", 90_000),
        ("1.1", "hours", 3_960_000),
        ("2", "days", 172_800_000),
        ("00:02:23", "hh:mm:ss", 143_000),
        ("100:00:00.5", "hh:mm:ss", 360_000_500),
    ],
)
def test_durations(text: str, unit: Any, expected: int) -> None:
    """Each unit, exactly."""
    assert parse_duration(text, unit) == expected


@pytest.mark.parametrize(("text", "unit"), [("-5", "seconds"), ("5 s", "seconds"), ("nan", "hours"), ("2:23", "hh:mm:ss"), ("00:60:00", "hh:mm:ss")])
def test_durations_that_are_refused(text: str, unit: Any) -> None:
    """Negative ones, and other ways of writing."""
    with pytest.raises(UnreadableError):
        parse_duration(text, unit)


@pytest.mark.parametrize(
    ("name", "zoned", "fault"),
    [
        ("iso", False, None),
        ("%Y-%m-%d %H:%M:%S", True, None),
        ("%Y-%m-%d %H:%M:%S %z", False, None),
        ("%Y-%m-%d %H:%M:%S", False, "have no zone"),
        ("%Y %H:%M", True, "year, month and day"),
        ("%H:%M:%S", True, "not iso"),
        ("ISO", True, "not iso"),
        ("%Y-%m-%d %Q", True, "strptime"),
        ("%Y %Y", True, "strptime"),
    ],
)
def test_formats(name: str, zoned: bool, fault: str | None) -> None:
    """A format that can't give a time is found out before anything is read."""
    found = format_fault(name, zoned=zoned)
    assert found is None if fault is None else (found is not None and fault in found)


def test_range_ends() -> None:
    """From 1970 to the last millisecond of 9999."""
    last = ms("9999-12-31T23:59:59.999+00:00")
    assert (in_range(0), in_range(last)) == (0, last)
    for outside in (-1, last + 1):
        with pytest.raises(UnreadableError):
            in_range(outside)
