"""What time it is for scores: the slowest clock of the source log, and the wall clock once everything has been read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from stream.state.marker import Marker

QUIET = 5_000
"""After nothing has come for this long (ms), and everything was read, now is the wall clock."""


class Now(NamedTuple):
    """`time`: now in ms, None while nothing can be said; `at_end`: everything in the log has been read."""

    time: int | None
    at_end: bool


class NowReader:
    """Reads now from how far each partition's state is and where the source logs end."""

    def __init__(self, *, fixed: int | None) -> None:
        self._fixed = fixed
        self._quiet_since = 0
        self._quiet_at: Mapping[tuple[str, int], int] | None = None
        """The ends that everything was read to. Looks are a second apart: what comes and is read in between shows in them alone."""

    def read(self, status: Mapping[int, Marker], ends: Mapping[tuple[str, int], int], wall: int, steady: int) -> Now:
        """Now at a wall-clock time (ms); `ends`: end offset by topic and partition; `steady`: ms of a clock that never goes back."""
        behind = [(topic, partition) for (topic, partition), end in ends.items() if _next_offset(status, topic, partition) < end]
        newest = [time for marker in status.values() for time in marker.newest.values()]
        if behind:
            self._quiet_at = None
            clocks = [_newest(status, topic, partition) for topic, partition in behind]
            known = [clock for clock in clocks if clock is not None]
            return Now(None if self._fixed is not None or len(known) < len(clocks) else min(known), at_end=False)
        if self._fixed is not None:
            return Now(self._fixed, at_end=True)
        if self._quiet_at != ends:
            self._quiet_since, self._quiet_at = steady, dict(ends)
        if not newest or steady - self._quiet_since >= QUIET:
            return Now(wall, at_end=True)
        return Now(max(newest), at_end=True)


def _next_offset(status: Mapping[int, Marker], topic: str, partition: int) -> int:
    marker = status.get(partition)
    return marker.next_offsets.get(topic, 0) if marker else 0


def _newest(status: Mapping[int, Marker], topic: str, partition: int) -> int | None:
    marker = status.get(partition)
    return marker.newest.get(topic) if marker else None
