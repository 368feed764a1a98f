"""The wall clock: the only module that asks the machine for the time."""

from __future__ import annotations

import time

from stream.durations import MINUTE
from stream.setting_parts import Clock

_LIVE = 15 * MINUTE
"""A time is live no further behind the wall clock than this (ms); what is older is a backlog."""


class WallClock:
    """Wall-clock time in ms, as the settings want it: real, standing still, or simulated until it has caught up."""

    def __init__(self, settings: Clock) -> None:
        self._settings = settings

    @property
    def is_fixed(self) -> bool:
        """Whether now stands still."""
        return self._settings.fixed is not None

    def is_live(self, time: int) -> bool:
        """Whether an event time (ms) is near the wall clock, or no nearer one can come since now stands still."""
        return self.is_fixed or time >= self.wall() - _LIVE

    def wall(self) -> int:
        """The time that `now` may be."""
        real, clock = real_ms(), self._settings
        if clock.fixed is not None:
            return clock.fixed
        if clock.simulated_from is None or clock.simulated_at is None:
            return real
        return min(real, clock.simulated_from + int((real - clock.simulated_at) * clock.simulated_speed))


def real_ms() -> int:
    """The machine's time in ms since 1970."""
    return time.time_ns() // 1_000_000


def steady_ms() -> int:
    """A clock that never goes back, in ms, for intervals."""
    return time.monotonic_ns() // 1_000_000
