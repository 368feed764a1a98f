"""How long the scorer leaves the time to others after a pass. Pure."""

from __future__ import annotations

# In a backlog now runs through days, and every step slides every window: the scorer may take a twentieth of the time, no more.
# Where now is near the wall clock it waits for a moment after sums have come: under load those of all partitions in that moment are one pass,
# and what is published at once after it is as new as it can be. Without sums a pass has little to say: only time has gone on.
REST_FACTOR = 20
LONGEST_LIVE_REST = 250
MOMENT = 50
# Who takes over brings its board up to date first: so much is left to do at most, and a standby under load takes one pass where the owner has ten.
LONGEST_REST_AHEAD = 5_000
# With a large state a pass takes seconds; whoever looks on while a backlog is worked off wants to see it move.
LONGEST_BACKLOG_REST = 30_000


class Rest:
    """The rest after the last pass (ms). Whether there still is a backlog is asked at its end: once all is read, nobody needs the time."""

    def __init__(self) -> None:
        self._ended = 0
        self._took = 0
        self._came: int | None = None

    def begin(self, begun: int, ended: int) -> None:
        """A pass is over."""
        self._ended, self._took, self._came = ended, ended - begun, None

    def came(self, steady: int) -> None:
        """Sums have come."""
        if self._came is None:
            self._came = steady

    def is_over(self, steady: int, *, backlog: bool) -> bool:
        """Whether the next pass may begin; `backlog`: now is far behind the wall clock, and there is more to read."""
        if backlog:
            return self._has_rested(steady, LONGEST_BACKLOG_REST)
        if self._came is None:
            return self._has_rested(steady, LONGEST_LIVE_REST)
        is_after_quiet = self._came >= self._ended + LONGEST_LIVE_REST
        return is_after_quiet or steady >= self._came + min(REST_FACTOR * self._took, MOMENT)

    def is_over_ahead(self, steady: int, *, backlog: bool) -> bool:
        """Whether one that only reads ahead may make its next pass; `backlog`: it or the newest score is far behind."""
        return self._has_rested(steady, LONGEST_BACKLOG_REST if backlog else LONGEST_REST_AHEAD)

    def _has_rested(self, steady: int, longest: int) -> bool:
        return steady >= self._ended + min(REST_FACTOR * self._took, longest)
