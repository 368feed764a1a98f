"""Which panes make a window: for each window and kind of metric, the last pane and how many before it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from stream.durations import DAY, HOUR, MINUTE
from stream.kpis.definition import Span
from stream.setting_parts import ALL, window_length
from stream.settings import Settings
from stream.state.panes import HOURS_A_DAY, HOURS_KEPT, MINUTES_KEPT

NOW = "now"
MATURITY_HOURS = 7 * HOURS_A_DAY
_SHORT = 4 * HOUR
_PROVISIONAL = (DAY, 7 * DAY)


@dataclass(frozen=True, slots=True)
class PaneWindow:
    """One window as panes: `panes` of `pane` ms, the last one `shift` panes before now's; no `panes` means all. `by_day`: agent level."""

    name: str
    pane: int
    panes: int | None
    shift: int = 0
    by_day: bool = False

    def last(self, now: int, *, whole_days: bool = True) -> int:
        """Index of the last pane at `now` (ms). Agent-level windows end with the last whole day, unless days need not be whole."""
        if self.by_day and whole_days:
            return now // DAY * HOURS_A_DAY - 1 - self.shift
        return now // self.pane - self.shift

    @property
    def kind(self) -> str:
        """Kind of the panes: N minutes, H hours, O hours of levels."""
        if self.name == NOW:
            return "O"
        return "N" if self.pane < HOUR else "H"

    def length(self) -> int | None:
        """Length in ms; None for everything."""
        return None if self.panes is None else self.panes * self.pane

    @property
    def reach(self) -> int:
        """How many panes before now's must be held for this window to be whole."""
        return 0 if self.panes is None else self.panes + self.shift + (HOURS_A_DAY if self.by_day else 0)


def windows_of(span: Span, settings: Settings, *, by_day: bool) -> list[PaneWindow]:
    """The windows that metrics of a kind are published for."""
    found = []
    for name in settings.windows:
        window = window_of(name, span, by_day=by_day)
        if window is not None:
            found.append(window)
    return found


def window_of(name: str, span: Span, *, by_day: bool = False) -> PaneWindow | None:
    """One window for metrics of a kind, by its name; None where they have no such window."""
    matured = span is Span.MATURED
    shift = MATURITY_HOURS if matured else 0
    if name == ALL:
        return None if span is Span.PROVISIONAL else PaneWindow(name, HOUR, None, shift, by_day)
    length = window_length(name)
    if span is Span.PROVISIONAL and length not in _PROVISIONAL:
        return None
    if (matured or by_day) and length < DAY:
        return None
    if length <= _SHORT:
        return PaneWindow(name, MINUTE, length // MINUTE)
    return PaneWindow(name, HOUR, length // HOUR, shift, by_day)


def panes_held_from(wall: int) -> tuple[int, int]:
    """First minute and hour pane that are held at a wall-clock time (ms); they move by whole hours."""
    hour = wall // HOUR
    return (hour * 60 - MINUTES_KEPT), hour - HOURS_KEPT
