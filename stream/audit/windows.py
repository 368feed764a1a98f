"""Windows: the span of event time that each covers at a given now, to the pane."""

from __future__ import annotations

from typing import NamedTuple

from stream.audit.metrics import Windows
from stream.durations import DAY, HOUR, MINUTE
from stream.setting_parts import ALL, window_length

NOW = "now"
BEGINNING = -(2**62)
MATURITY = 7 * DAY
LONGEST_OF_MINUTES = 4 * HOUR
PROVISIONAL = (DAY, 7 * DAY)


class Span(NamedTuple):
    """Event times from `start` to before `end` (ms), cut into panes of length `pane`."""

    start: int
    end: int
    pane: int

    def of_deadlines(self) -> Span:
        """The span of the deadlines that count in these panes: each in the first pane that begins at or after it."""
        earlier = self.pane - 1
        start = self.start if self.start == BEGINNING else self.start - earlier
        return Span(start, self.end - earlier, self.pane)


class Moment(NamedTuple):
    """A now (ms) and how windows end at it."""

    now: int
    by_agent: bool
    """Agent level: windows end at the last midnight UTC ..."""
    fixed: bool
    """... unless now stands still."""


def span(name: str, windows: Windows, moment: Moment) -> Span | None:
    """What the window covers, None where the metric's windows or the agent level leave it out."""
    length = None if name == ALL else window_length(name)
    if not _published(length, windows, moment):
        return None
    if length is not None and length <= LONGEST_OF_MINUTES:
        return _ending(moment.now // MINUTE * MINUTE + MINUTE, length, MINUTE)
    end = _end(moment) - (MATURITY if windows == "matured" else 0)
    return _ending(end, length, HOUR)


def _published(length: int | None, windows: Windows, moment: Moment) -> bool:
    if windows == "provisional":
        return length in PROVISIONAL
    if windows == "matured" or moment.by_agent:
        return length is None or length >= DAY
    return True


def _end(moment: Moment) -> int:
    if moment.by_agent and not moment.fixed:
        return moment.now // DAY * DAY
    return moment.now // HOUR * HOUR + HOUR


def _ending(end: int, length: int | None, pane: int) -> Span:
    return Span(BEGINNING if length is None else end - length, end, pane)
