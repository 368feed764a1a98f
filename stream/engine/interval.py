"""How long a flush waits after the one before. Pure."""

from __future__ import annotations

_REST = 40
_LONGEST = 5_000
_BEHIND_FOR = 1_000
"""Nothing taken in for so long (ms): whatever was there has been read."""


class FlushInterval:
    """The interval between the flushes of one partition, stretched while the worker is behind.

    Fewer and longer flushes cost less in all, since tickets and sums that change again and again are written once. So a worker that is behind
    stretches the interval by as much as it is behind: what is late anyway comes no more than twice as late, and what is not, at once.
    Times are ms of a clock that never goes back.
    """

    def __init__(self) -> None:
        self._flushed = 0
        self._took = 0
        self._behind = 0
        self._last_taken = -_BEHIND_FOR

    def taken(self, behind: int, steady: int) -> None:
        """Events were taken in that had waited in the broker for so long (ms)."""
        self._behind, self._last_taken = behind, steady

    def flushed(self, begun: int, ended: int) -> None:
        """A flush was worked out."""
        self._flushed, self._took = ended, ended - begun

    def wait(self, interval: int, steady: int) -> int:
        """How long (ms) the next flush has to wait: nothing after quiet, otherwise the rest of the interval."""
        behind = self._behind if steady - self._last_taken < _BEHIND_FOR else 0
        return max(0, self._flushed + max(interval, min(_LONGEST, _REST * self._took, behind)) - steady)
