"""The demo's picture: a live table on a terminal, plain lines every few seconds elsewhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from schemas.scores import Score
from stream.board.teams import TeamRow, team_lines, team_rows, team_table
from stream.board.units import human_time
from stream.cli.common import out, write_lines
from stream.clock import steady_ms
from stream.durations import HOUR, MINUTE, SECOND

SHORT, LONG = "1h", "24h"
_LINES_EVERY = 5 * SECOND


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture: simulated now (ms) and pace, what is going on, the teams, what has been produced and refused, and where Kafka is."""

    now: int
    pace: str
    story: str
    rows: Sequence[TeamRow]
    since: int | None
    produced: int
    letters: Mapping[str, int]
    servers: str

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


def picture(frame: Frame, width: int) -> RenderableType:
    """The whole frame for a terminal of this width."""
    return Group(
        Text(frame.heading, style="bold"),
        Text(frame.story),
        team_table(frame.rows, short=SHORT, long=LONG, width=width),
        Text(f"{frame.comparison}Ctrl-C ends.", style="dim"),
        Text(frame.account, style="dim"),
        Text(f"From another terminal: csat-stream scores --bootstrap-servers {frame.servers}", style="dim"),
    )


def lines(frame: Frame) -> list[str]:
    """The frame as plain lines."""
    return [f"{frame.heading}: {frame.story}", *(f"  {line}" for line in team_lines(frame.rows, short=SHORT, long=LONG)), f"  {frame.account}"]


class Screen:
    """Shows frames: on a terminal in place, elsewhere every 5 s as lines."""

    def __init__(self, live: Live | None) -> None:
        self._live = live
        self._shown_at: int | None = None

    def show(self, frame: Frame) -> None:
        """Show the frame, or keep to the one before where it is too early for lines."""
        if self._live is not None:
            self._live.update(picture(frame, out().width), refresh=True)
        elif self._shown_at is None or steady_ms() - self._shown_at >= _LINES_EVERY:
            self._shown_at = steady_ms()
            write_lines(lines(frame))


@contextmanager
def screen() -> Iterator[Screen]:
    """A screen for the length of a block; the last frame stays."""
    if not out().is_terminal:
        yield Screen(None)
        return
    with Live(console=out(), auto_refresh=False) as live:
        yield Screen(live)


def _clock(ms: int) -> str:
    return human_time(ms / SECOND)
