"""One row a team: satisfaction with its uncertainty and change, speed of response, and what waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from schemas.scores import Score
from stream.board.units import NOTHING, human_change, human_interval, human_seconds, human_value

WHOLE = "all teams"
NOW = "now"
WIDE = 110
"""Columns of a terminal from which on the longer window's n, the share within target and the overdue fit."""


@dataclass(frozen=True)
class TeamRow:
    """The scores of one team; what has no data is None. `before` is its CSAT of an earlier moment, to compare with."""

    team: str
    csat: Score | None
    csat_long: Score | None
    before: Score | None
    first_response: Score | None
    within: Score | None
    waiting: Score | None
    overdue: Score | None
    backlog: Score | None


def team_rows(
    current: Iterable[Score], previous: Iterable[Score] = (), *, short: str = "1h", long: str = "24h", dimension: str = "team"
) -> list[TeamRow]:
    """The whole first, then every value of the dimension by name. `previous` are scores of an earlier moment."""
    now = _by_team(current, dimension)
    before = _by_team(previous, dimension)
    teams = sorted({team for _, _, team in now}, key=lambda team: (team != WHOLE, team))
    return [
        TeamRow(
            team,
            csat=now.get(("csat", short, team)),
            csat_long=now.get(("csat", long, team)),
            before=before.get(("csat", short, team)),
            first_response=now.get(("first_response", short, team)),
            within=now.get(("first_response_within", short, team)),
            waiting=now.get(("waiting", NOW, team)),
            overdue=now.get(("overdue", NOW, team)),
            backlog=now.get(("backlog", NOW, team)),
        )
        for team in teams
    ]


def team_table(rows: Sequence[TeamRow], *, short: str = "1h", long: str = "24h", width: int = WIDE, title: str | None = None) -> Table:
    """The rows as a table that fits 80 columns, from `WIDE` on with more columns."""
    wide = width >= WIDE
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("team", min_width=9, max_width=20, overflow="ellipsis")
    for name in _headings(short, long, wide=wide):
        table.add_column(name, justify="right", no_wrap=True)
    longest = _longest_median(rows)
    for row in rows:
        table.add_row(
            Text(row.team),
            *_cells(row, longest, wide=wide),
            style="bold" if row.team == WHOLE else "",
            end_section=row.team == WHOLE and len(rows) > 1,
        )
    return table


def team_lines(rows: Sequence[TeamRow], *, short: str = "1h", long: str = "24h") -> list[str]:
    """One line a team, for output that is no terminal."""
    longest = _longest_median(rows)
    return [_line(row, short, long, longest) for row in rows]


def change(row: TeamRow) -> float | None:
    """How many points the CSAT has moved since the earlier moment; None where one of both is missing."""
    return None if row.csat is None or row.before is None else row.csat.value - row.before.value


def significant(row: TeamRow) -> bool:
    """Whether the earlier value lies outside the interval of the present one: more than chance at work, most likely."""
    if row.csat is None or row.before is None or row.csat.low is None or row.csat.high is None:
        return False
    return not row.csat.low <= row.before.value <= row.csat.high


def _by_team(scores: Iterable[Score], dimension: str) -> dict[tuple[str, str, str], Score]:
    return {(score.metric, score.window, score.segment.get(dimension, WHOLE)): score for score in scores if set(score.segment) <= {dimension}}


def _headings(short: str, long: str, *, wide: bool) -> list[str]:
    names = [f"CSAT\n{short}, %", "95 %\ninterval", "\nn", "\nchange", f"CSAT\n{long}, %"]
    reply = "reply\np50"
    if not wide:
        return [*names, reply, "\nwaiting", "\nbacklog"]
    return [*names, "\nn", reply, "in target\n%", "\nwaiting", "\noverdue", "\nbacklog"]


def _cells(row: TeamRow, longest: float | None, *, wide: bool) -> list[Text]:
    first = [Text(_number(row.csat), style=_style(row)), Text(_range(row.csat)), Text(_n(row.csat)), _change_text(row), Text(_number(row.csat_long))]
    if not wide:
        return [*first, Text(_median(row, longest)), Text(_value(row.waiting)), Text(_value(row.backlog))]
    more = (_n(row.csat_long), _median(row, longest), _number(row.within), _value(row.waiting), _value(row.overdue), _value(row.backlog))
    return [*first, *(Text(cell) for cell in more)]


def _line(row: TeamRow, short: str, long: str, longest: float | None) -> str:
    difference = change(row)
    moved = "" if difference is None else f", change {human_change(difference)}{' beyond chance' if significant(row) else ''}"
    parts = (
        f"csat {short} {_with_n(row.csat, moved)}",
        f"{long} {_with_n(row.csat_long)}",
        f"first reply p50 {_median(row, longest)}",
        f"waiting {_value(row.waiting)}",
        f"backlog {_value(row.backlog)}",
    )
    return f"{row.team}: {'; '.join(parts)}"


def _with_n(score: Score | None, more: str = "") -> str:
    if score is None:
        return NOTHING
    return f"{human_value(score)} ({human_interval(score)}, n {score.n:,}{more})"


def _number(score: Score | None) -> str:
    """A percentage without its sign, which stands in the heading."""
    return NOTHING if score is None else f"{score.value:.1f}"


def _range(score: Score | None) -> str:
    return NOTHING if score is None or score.low is None or score.high is None else f"{score.low:.1f}-{score.high:.1f}"


def _value(score: Score | None) -> str:
    return NOTHING if score is None else human_value(score)


def _n(score: Score | None) -> str:
    return NOTHING if score is None else f"{score.n:,}"


def _median(row: TeamRow, longest: float | None) -> str:
    """Median first response, in the unit of the longest of all teams: one column, one unit."""
    median = _p50(row)
    return NOTHING if median is None else human_seconds(median, longest)


def _p50(row: TeamRow) -> float | None:
    return row.first_response.stats.get("p50") if row.first_response else None


def _longest_median(rows: Iterable[TeamRow]) -> float | None:
    return max((median for row in rows if (median := _p50(row)) is not None), default=None)


def _style(row: TeamRow) -> str:
    return "dim" if row.csat is not None and row.csat.state != "ok" else ""


def _change_text(row: TeamRow) -> Text:
    """Red or green only where it is more than chance; otherwise the eye would follow noise."""
    difference = change(row)
    if difference is None:
        return Text(NOTHING)
    colour = "red" if difference < 0 else "green"
    return Text(human_change(difference), style=f"bold {colour}" if significant(row) else "dim")
