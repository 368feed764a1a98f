"""Business hours by asking the clock on the wall every minute: which minutes are open, and when so many of them have passed."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from stream.durations import DAY, MINUTE
from stream.setting_parts import Schedule, Weekday
from stream.settings import Settings

WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY = DAY // MINUTE


class OpenMinutes:
    """The open minutes of one schedule; clocks are taken to differ from UTC by whole minutes, as everywhere since 1972."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._days: dict[int, list[int]] = {}

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self._schedule.timezone)

    def after(self, start: int, duration: int) -> int:
        """The moment (ms) when `duration` ms of open time have passed since `start`."""
        left, day = duration, start // DAY
        while True:
            for minute in self._of_day(day):
                begin, end = max(start, minute), minute + MINUTE
                if end - begin >= left:
                    return begin + left
                left -= max(0, end - begin)
            day += 1

    def _of_day(self, day: int) -> list[int]:
        """Beginnings (ms) of the open minutes of one day of UTC."""
        if day not in self._days:
            minutes = (day * DAY + number * MINUTE for number in range(MINUTES_A_DAY))
            self._days[day] = [minute for minute in minutes if self._is_open(minute)]
        return self._days[day]

    def _is_open(self, minute: int) -> bool:
        local = datetime.fromtimestamp(minute // 1000, UTC).astimezone(self._zone)
        if local.date() in self._schedule.holidays:
            return False
        spans = self._schedule.weekly.get(WEEKDAYS[local.weekday()], ())
        return any(opens <= local.strftime("%H:%M") < closes for opens, closes in spans)


class Schedules:
    """The schedules of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._rules = settings.schedule_of
        self._minutes = {name: OpenMinutes(schedule) for name, schedule in settings.schedules.items()}

    def due(self, start: int, duration: int, team: str, channel: str) -> int:
        """`duration` ms after `start` (ms) by the first schedule that fits a team and channel, by the calendar where none does."""
        for rule in self._rules:
            if rule.team in (None, team) and rule.channel in (None, channel):
                return self._minutes[rule.schedule].after(start, duration)
        return start + duration
