"""The demo's picture: a live table on a terminal, plain lines every few seconds elsewhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from schemas.alerts import Alert
from schemas.scores import Score
from stream.board.alerts import alert_line, alerts_panel
from stream.board.teams import TeamRow, team_lines, team_rows, team_table
from stream.board.units import human_time
from stream.cli.common import out, write_lines
from stream.clock import steady_ms
from stream.durations import HOUR, MINUTE, SECOND

SHORT, LONG = "1h", "24h"
_LINES_EVERY = 5 * SECOND
_AROUND_ROWS = 8
"""Lines of a picture beside the teams, the story and the footers: heading, frame of the table, and the cursor's."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture: simulated now (ms) and pace, what is going on, the teams, what has been produced and refused, where Kafka is, alerts and metrics.

    `news`: what people were notified of since the picture before.
    """

    now: int
    pace: str
    story: str
    rows: Sequence[TeamRow]
    since: int | None
    produced: int
    letters: Mapping[str, int]
    servers: str
    alerts: Sequence[Alert] = ()
    news: Sequence[Alert] = ()
    metrics: str | None = None

    @property
    def heading(self) -> str:
        """Simulated time and pace."""
        return f"Simulated helpdesk, {_clock(self.now)} UTC, {self.pace}"

    @property
    def account(self) -> str:
        """Events, and dead letters by class."""
        letters = ", ".join(f"{name} {count:,}" for name, count in sorted(self.letters.items()))
        return f"{self.produced:,} events, {sum(self.letters.values()):,} dead letters{f' ({letters})' if letters else ''}"

    @property
    def comparison(self) -> str:
        """What the change is against."""
        return "" if self.since is None else f"Change since {_clock(self.since)[-5:]}; coloured where it is more than chance. "

    @property
    def elsewhere(self) -> list[str]:
        """Where else to look."""
        metrics = [] if self.metrics is None else [f"For Prometheus: {self.metrics}"]
        return [f"From another terminal: csat-stream scores --bootstrap-servers {self.servers}", *metrics]


@dataclass(slots=True)
class Past:
    """Satisfaction of earlier moments, to compare with: that of an hour ago, or the earliest there is."""

    moments: deque[tuple[int, list[Score]]] = field(default_factory=deque)

    def note(self, now: int, scores: Iterable[Score]) -> None:
        """Remember this moment (ms), at most one a minute."""
        if not self.moments or now - self.moments[-1][0] >= MINUTE:
            self.moments.append((now, [score for score in scores if score.metric == "csat" and score.window == SHORT]))

    def before(self, now: int) -> tuple[int | None, list[Score]]:
        """The moment to compare with and its scores; none while only the present is known."""
        while len(self.moments) > 1 and self.moments[1][0] <= now - HOUR:
            self.moments.popleft()
        if not self.moments or self.moments[0][0] >= now:
            return None, []
        return self.moments[0]


def rows_of(scores: Iterable[Score], before: Iterable[Score]) -> list[TeamRow]:
    """The teams, with the change since `before`."""
    return team_rows(scores, before, short=SHORT, long=LONG)


def picture(frame: Frame, width: int, height: int) -> RenderableType:
    """The whole frame for a terminal of this size; what does not fit are the last alerts."""
    footers = [f"{frame.comparison}Ctrl-C ends.", frame.account, *frame.elsewhere]
    taken = _AROUND_ROWS + len(frame.rows) + sum(_height(text, width) for text in [frame.story, *footers])
    return Group(
        Text(frame.heading, style="bold"),
        Text(frame.story),
        team_table(frame.rows, short=SHORT, long=LONG, width=width),
        *alerts_panel(frame.alerts, frame.now, width=width, height=height - taken),
        *(Text(text, style="dim") for text in footers),
    )


def lines(frame: Frame) -> list[str]:
    """The frame as plain lines."""
    return [f"{frame.heading}: {frame.story}", *(f"  {line}" for line in team_lines(frame.rows, short=SHORT, long=LONG)), f"  {frame.account}"]


class Screen:
    """Shows frames: on a terminal in place, elsewhere every 5 s as lines, and alerts at once."""

    def __init__(self, live: Live | None) -> None:
        self._live = live
        self._shown_at: int | None = None

    def show(self, frame: Frame) -> None:
        """Show the frame, or keep to the one before where it is too early for lines."""
        if self._live is not None:
            self._live.update(picture(frame, out().width, out().height), refresh=True)
            return
        if self._shown_at is None or steady_ms() - self._shown_at >= _LINES_EVERY:
            self._shown_at = steady_ms()
            write_lines(lines(frame))
        write_lines([alert_line(alert) for alert in frame.news])


@contextmanager
def screen() -> Iterator[Screen]:
    """A screen for the length of a block; the last frame stays."""
    if not out().is_terminal:
        yield Screen(None)
        return
    with Live(console=out(), auto_refresh=False) as live:
        yield Screen(live)


def _height(text: str, width: int) -> int:
    """Lines that a text takes."""
    return -(-len(text) // width)


def _clock(ms: int) -> str:
    return human_time(ms / SECOND)
