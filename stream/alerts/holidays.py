"""Holidays of the schedules: on them nobody wonders why no ratings come in. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from stream.alerts.verdict import Flags, Ints
from stream.durations import HOUR
from stream.setting_parts import ScheduleRule
from stream.settings import Settings
from stream.stats.business_hours import Hours

_QUARTER = HOUR // 4
"""Days begin and end at quarters of an hour, in every time zone that is in use."""


class Holidays:
    """Where the signal rules look: everywhere but in segments whose schedule has a holiday.

    A segment has the schedule of the first rule whose team and channel it has; everything only one of a rule for everything.
    """

    def __init__(self, settings: Settings) -> None:
        hours = {name: Hours(schedule) for name, schedule in settings.schedules.items() if schedule.holidays}
        self._schedule_of: list[tuple[ScheduleRule, Hours | None]] = [(rule, hours.get(rule.schedule)) for rule in settings.schedule_of]
        self._has_any = bool(hours)

    def active(self, segments: Sequence[Mapping[str, str]], ticks: Ints) -> Flags | None:
        """Where the rules look at the tick, shape (segments,), or at the ticks, (segments, ticks); None is everywhere."""
        if not self._has_any:
            return None
        quarters, place = np.unique(np.atleast_1d(ticks) // _QUARTER, return_inverse=True)
        found = np.ones((len(segments), len(quarters)), dtype=np.bool_)
        for row, segment in enumerate(segments):
            hours = self._hours(segment)
            if hours is not None:
                found[row] = [not hours.is_holiday(quarter * _QUARTER) for quarter in quarters.tolist()]
        flags: Flags = found[:, place] if ticks.ndim else found[:, 0]
        return flags

    def _hours(self, segment: Mapping[str, str]) -> Hours | None:
        team, channel = segment.get("team"), segment.get("channel")
        fitting = (hours for rule, hours in self._schedule_of if rule.team in (None, team) and rule.channel in (None, channel))
        return next(fitting, None)
