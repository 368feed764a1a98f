"""How long the scorer leaves the time to others after a pass. Pure."""

from __future__ import annotations

# In a backlog now runs through days, and every step slides every window: the scorer may take a twentieth of the time, no more.
# Where now is near the wall clock it rests for a moment at most: under load the flushes of all partitions in that moment are one pass.
REST_FACTOR = 20
LONGEST_LIVE_REST = 100


class Rest:
    """The rest after the last pass (ms). Whether there still is a backlog is asked at its end: once all is read, nobody needs the time."""

    def __init__(self) -> None:
        self._ended = 0
        self._took = 0

    def begin(self, begun: int, ended: int) -> None:
        """A pass is over."""
        self._ended, self._took = ended, ended - begun

    def is_over(self, steady: int, *, backlog: bool) -> bool:
        """Whether the next pass may begin; `backlog`: now is far behind the wall clock, and there is more to read."""
        rest = REST_FACTOR * self._took
        return steady >= self._ended + (rest if backlog else min(rest, LONGEST_LIVE_REST))
