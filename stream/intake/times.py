"""Times and durations as tables write them, to whole milliseconds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo

from schemas import times
from stream.durations import DAY, HOUR, MINUTE, SECOND

Unit = Literal["seconds", "minutes", "hours", "days", "hh:mm:ss"]

_UNIT_MS = {"seconds": SECOND, "minutes": MINUTE, "hours": HOUR, "days": DAY}
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?")
_CLOCK = re.compile(r"([0-9]{1,6}):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,9}))?")
_YEAR = ("%Y", "%y", "%c", "%x", "%G")


class UnreadableError(ValueError):
    """A cell that can't be read; the text says why, never what the cell holds."""


def parse_time(text: str, formats: Sequence[str], zone: ZoneInfo | None) -> int:
    """Milliseconds since 1970 by the first format that fits: `iso`, `unix`, `unix_ms` or a strptime format."""
    for name in formats:
        try:
            ms = in_range(_parse_with(text, name, zone))
        except UnreadableError:
            raise
        except ValueError:
            continue
        return ms
    raise UnreadableError(f"not a time in the format {' or '.join(formats)}")


def parse_duration(text: str, unit: Unit) -> int:
    """Milliseconds of a number of `unit`, or of hours, minutes and seconds (`hh:mm:ss`), rounded down."""
    if unit == "hh:mm:ss":
        match = _CLOCK.fullmatch(text)
        if match is None:
            raise UnreadableError("not hours, minutes and seconds such as 00:02:23")
        hours, minutes, seconds, fraction = match.groups()
        return int(hours) * HOUR + int(minutes) * MINUTE + int(seconds) * SECOND + int((fraction or "0").ljust(3, "0")[:3])
    if not _NUMBER.fullmatch(text) or text.startswith("-"):
        raise UnreadableError(f"not a number of {unit}")
    return int(Fraction(text) * _UNIT_MS[unit])


def in_range(ms: int) -> int:
    """The same time if events can carry it; UnreadableError otherwise."""
    if not times.in_range(ms):
        raise UnreadableError("the time lies outside the years 1970 to 9999")
    return ms


def format_fault(name: str, *, zoned: bool) -> str | None:
    """What is wrong with a time format; None where nothing is."""
    if name in ("iso", "unix", "unix_ms"):
        return None
    if not any(directive in name for directive in _YEAR):
        return "not iso, unix, unix_ms or a format with a year such as %Y-%m-%d %H:%M:%S"
    sample = datetime(2013, 11, 22, 21, 44, 55, tzinfo=UTC)
    try:
        back = datetime.strptime(sample.strftime(name), name)  # noqa: DTZ007 - the zone is looked at below
    except (ValueError, re.error):
        return "not a format that strptime can read"
    if back.date() != sample.date():
        return "the format must give year, month and day"
    if back.tzinfo is None and not zoned:
        return "times in this format have no zone: give one (zone: Europe/Rome)"
    return None


def _parse_with(text: str, name: str, zone: ZoneInfo | None) -> int:
    if name in ("unix", "unix_ms"):
        if not _NUMBER.fullmatch(text):
            raise ValueError
        return int(Fraction(text) * (SECOND if name == "unix" else 1) // 1)
    moment = datetime.fromisoformat(text) if name == "iso" else datetime.strptime(text, name)  # noqa: DTZ007 - zoned below
    if moment.tzinfo is None:
        return _zoned(moment, zone)
    return times.to_ms(moment)


def _zoned(naive: datetime, zone: ZoneInfo | None) -> int:
    """Of an hour that the clock shows twice the first is meant (fold 0); one that it skips is refused."""
    if zone is None:
        raise UnreadableError("the time has no zone, and the mapping gives none")
    try:
        moment = naive.replace(tzinfo=zone).astimezone(UTC)
        shown = moment.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        raise UnreadableError("the time lies outside the years 1970 to 9999") from None
    if shown != naive:
        raise UnreadableError("no clock of the zone ever showed this time (the hour that is skipped in spring)")
    return times.to_ms(moment)
