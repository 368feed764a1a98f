"""Scores as a table, one row a score, and as plain lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from schemas.scores import Score
from stream import durations
from stream.board.details import details
from stream.board.units import human_interval, human_value
from stream.segment_text import segment_text

WIDE = 118
"""Columns of a terminal from which on the details of a score fit beside it."""
_METRICS = (
    "csat", "csat_first", "first_response", "first_response_within", "waiting", "overdue", "oldest_waiting", "backlog",
    "resolution_first", "resolution_last", "fcr_one_touch", "fcr_one_touch_provisional", "fcr_never_reopened",
    "fcr_never_reopened_provisional", "reopen_rate", "bot_only",
    "follow_ups", "follow_ups_overdue", "oldest_follow_up",
)  # fmt: skip


def scores_table(scores: Iterable[Score], *, width: int = WIDE, title: str | None = None) -> Table:
    """Scores in reading order, under the name of their metric; from `width` of `WIDE` columns on with details."""
    detailed = width >= WIDE
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("metric and segment", overflow="fold")
    table.add_column("window", no_wrap=True)
    for name in ("value", "95 % interval", "n"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    if detailed:
        table.add_column("details", overflow="fold")
    for metric, group in groupby(in_order(scores), key=lambda score: score.metric):
        table.add_section()
        table.add_row(Text(metric, style="bold"))
        _add_segments(table, list(group), detailed=detailed)
    return table


def plain_lines(scores: Iterable[Score]) -> list[str]:
    """One line a score, in reading order, for output that is no terminal."""
    return [_line(score) for score in in_order(scores)]


def in_order(scores: Iterable[Score]) -> list[Score]:
    """Reading order: metrics as the definitions list them, the whole before its parts, short windows before long ones."""
    return sorted(scores, key=_rank)


def state_text(score: Score) -> str:
    """`ok`, or that the cases are too few to go by."""
    return "ok" if score.state == "ok" else "few"


def _add_segments(table: Table, scores: Sequence[Score], *, detailed: bool) -> None:
    """Rows of one metric; the name of a segment stands once."""
    for segment, group in groupby(scores, key=lambda score: _place(score.segment)):
        for position, score in enumerate(group):
            name = Text(segment if position == 0 else "")
            table.add_row(Padding(name, (0, 0, 0, 2)), *_cells(score, detailed=detailed), style="" if score.state == "ok" else "dim")


def _place(segment: Mapping[str, str]) -> str:
    """As segments are written everywhere, but that the whole is `all tickets`."""
    return segment_text(segment) if segment else "all tickets"


def _rank(score: Score) -> tuple[int, str, int, list[tuple[str, str]], int]:
    known = _METRICS.index(score.metric) if score.metric in _METRICS else len(_METRICS)
    return known, score.metric, len(score.segment), sorted(score.segment.items()), _window_length(score.window)


def _window_length(window: str) -> int:
    if window == "now":
        return 0
    return 1 << 62 if window == "all" else durations.parse(window)


def _cells(score: Score, *, detailed: bool) -> list[str]:
    cells = [score.window, human_value(score), human_interval(score), f"{score.n:,}", state_text(score)]
    return [*cells, details(score)] if detailed else cells


def _line(score: Score) -> str:
    value, interval = human_value(score), human_interval(score)
    about = f"{interval}, n {score.n:,}" if score.low is not None else f"n {score.n:,}"
    note = "" if score.state == "ok" else ", too few to go by"
    return f"{score.metric} {_place(score.segment)} {score.window}: {value} ({about}{note})"
