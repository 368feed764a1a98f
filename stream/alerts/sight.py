"""What rules see: figures of many segments at one tick, or at many ticks in a backtest. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from stream.alerts.verdict import Floats, Ints
from stream.kpis.definition import Reading


class Ratio(NamedTuple):
    """A proportion as whole numbers: `part` of `whole`, arrays of one shape."""

    part: Ints
    whole: Ints


class Sight(Protocol):
    """Figures at one tick, arrays of the shape (segments,), or at many, (segments, ticks)."""

    @property
    def segments(self) -> Sequence[Mapping[str, str]]:
        """The segments, in the order of the arrays' first axis."""

    @property
    def ticks(self) -> Ints:
        """The tick, or the ticks, in ms: shape () or (ticks,)."""

    def ratio(self, metric: str, window: str) -> Ratio | None:
        """A percentage in a window; None where there is no such metric or it has no such window."""

    def hourly(self, metric: str) -> Ratio | None:
        """A percentage by hour pane, shape (segments, hours), oldest first; the last one is (or may be) under way. None as above."""

    @property
    def hours(self) -> Ints:
        """The hour panes of `hourly`: their indices (hours since 1970), without gaps."""

    def at_ticks(self, by_hour: Floats) -> Floats:
        """Values worked out for every hour pane, shape (segments, hours), as they are known at the ticks.

        Live that is the last one. For a past tick it is the last hour pane that was over, so that nothing of its future is used.
        """

    def intake(self, window: str) -> Ratio:
        """Dead letters of all records, by broker timestamp."""

    def oldest(self) -> Floats:
        """Earliest opening of the tickets that wait, in ms; NaN where none waits."""

    def reading(self, metric: str, window: str, row: int) -> Reading | None:
        """Any metric of one segment at the (last) tick; None where nothing is counted or there is no such metric or window."""
