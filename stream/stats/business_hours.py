"""Business hours: how much of a stretch of time is open by a schedule, and when so much of it has passed. Pure.

A moment is open when its local clock time lies in a span of its local weekday and its local date is no holiday. So an hour that the
clocks go through twice counts twice, and one that they leave out does not count.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from stream.durations import DAY, HOUR, MINUTE, SECOND
from stream.setting_parts import Schedule, Weekday

Interval = tuple[int, int]
"""From the first ms to before the second."""
_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIRST_WEEKDAY = 3
"""1970-01-01 was a Thursday."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DATE = date(1970, 1, 1)
_LAST = 253_402_300_799_000 - DAY
"""Offsets are asked for up to the end of the year 9999 and stay from there on, since no calendar goes further."""


class Hours:
    """The open hours of one schedule. Times and durations in ms; every day is worked out once."""

    def __init__(self, schedule: Schedule) -> None:
        self._zone = ZoneInfo(schedule.timezone)
        self._spans = [_spans(schedule, day) for day in _WEEKDAYS]
        if not any(self._spans):
            raise ValueError("a schedule needs open hours on at least one day")
        self._holidays = frozenset((day - _EPOCH_DATE).days for day in schedule.holidays)
        self._days: dict[int, tuple[Interval, ...]] = {}

    def between(self, start: int, end: int) -> int:
        """Open time from `start` to before `end`; 0 where `end` is not later."""
        if end <= start:
            return 0
        days = range(start // DAY, (end - 1) // DAY + 1)
        return sum(max(0, min(end, closing) - max(start, opening)) for day in days for opening, closing in self._day(day))

    def after(self, start: int, duration: int) -> int:
        """The earliest moment before which `duration` of open time has passed since `start`."""
        if duration <= 0:
            return start
        left, day = duration, start // DAY
        while True:
            for opening, closing in self._day(day):
                begin = max(start, opening)
                if closing - begin >= left:
                    return begin + left
                left -= max(0, closing - begin)
            day += 1

    def is_open(self, time: int) -> bool:
        """Whether a moment is open."""
        intervals = self._day(time // DAY)
        place = bisect_right(intervals, (time, time + DAY)) - 1
        return place >= 0 and time < intervals[place][1]

    def is_holiday(self, time: int) -> bool:
        """Whether a moment's local date is a holiday."""
        return (time + self._offset(time)) // DAY in self._holidays

    def _day(self, day: int) -> tuple[Interval, ...]:
        """What is open on one day of UTC, in order."""
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = tuple(self._work_out(day * DAY, (day + 1) * DAY))
        return found

    def _work_out(self, begin: int, end: int) -> Iterator[Interval]:
        for first, last in self._pieces(begin, end):
            offset = self._offset(first)
            for local_day in range((first + offset) // DAY, (last - 1 + offset) // DAY + 1):
                midnight = local_day * DAY - offset
                for opening, closing in self._spans_of(local_day):
                    opens, closes = max(first, midnight + opening), min(last, midnight + closing)
                    if opens < closes:
                        yield opens, closes

    def _spans_of(self, local_day: int) -> list[Interval]:
        return [] if local_day in self._holidays else self._spans[(local_day + _FIRST_WEEKDAY) % len(_WEEKDAYS)]

    def _pieces(self, begin: int, end: int) -> Iterator[Interval]:
        """The stretch cut where the clocks change; they never change twice within an hour."""
        piece = begin
        for hour in range(begin, end, HOUR):
            change = self._change(hour, min(hour + HOUR, end))
            if change is not None and change > piece:
                yield piece, change
                piece = change
        if piece < end:
            yield piece, end

    def _change(self, begin: int, end: int) -> int | None:
        """The moment in begin..end from which on another offset holds; None where there is none. Clocks change on whole seconds."""
        before = self._offset(begin)
        if self._offset(end) == before:
            return None
        low, high = begin // SECOND, end // SECOND
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._offset(middle * SECOND) == before else (low, middle)
        return high * SECOND

    def _offset(self, time: int) -> int:
        """How far local clocks are ahead of UTC."""
        local = (_EPOCH + timedelta(milliseconds=min(time, _LAST))).astimezone(self._zone).utcoffset()
        return 0 if local is None else local // timedelta(milliseconds=1)


def _spans(schedule: Schedule, day: Weekday) -> list[Interval]:
    """The spans of a weekday in ms since midnight."""
    return [(_clock(begin), _clock(end)) for begin, end in schedule.weekly.get(day, ())]


def _clock(text: str) -> int:
    """A clock time such as 09:30 as ms since midnight."""
    hours, minutes = text.split(":")
    return int(hours) * HOUR + int(minutes) * MINUTE
