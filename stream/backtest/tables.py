"""A report as a table for people, and as plain lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stream.backtest.incidents import segment_text
from stream.backtest.report import Row

MANY = 8
"""More segments than this under one rule nobody reads through: the busiest are shown."""
_INDENT = 2
_NOTHING = "-"


def report_table(totals: Sequence[Row], rows: Sequence[Row]) -> Table:
    """A section for every set of rules: each rule over all segments, under it the segments in which it did something."""
    judged = any(row.missed is not None for row in totals)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("rules, rule and segment", overflow="fold")
    for name in ("a month", "h firing", "flaps", *(("found after", "missed", "false") if judged else ())):
        table.add_column(name, justify="right", no_wrap=True)
    for rules, group in groupby(totals, key=lambda row: row.rules):
        table.add_section()
        table.add_row(Text(rules, style="bold"))
        for total in group:
            _add(table, total.rule, total, judged=judged, indent=_INDENT)
            for row in busiest(rows, total):
                _add(table, segment_text(row.segment or {}), row, judged=judged, indent=2 * _INDENT)
    return table


def plain_report(totals: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    """One line for each rule, and for each segment in which it did something."""
    return [_line(row) for total in totals for row in (total, *busiest(rows, total))]


def busiest(rows: Sequence[Row], total: Row) -> list[Row]:
    """The segments of one rule in which it fired, those with most alerts first; none if there is but one segment."""
    own = [row for row in rows if (row.rules, row.rule) == (total.rules, total.rule)]
    some = [row for row in own if row.hours_firing or row.alerts]
    return sorted(some, key=lambda row: (-row.alerts, -row.hours_firing))[:MANY] if len(own) > 1 else []


def _add(table: Table, name: str, row: Row, *, judged: bool, indent: int) -> None:
    cells = [*_figures(row), *(_judged(row) if judged else ())]
    table.add_row(Padding(Text(name), (0, 0, 0, indent)), *cells, style="" if row.alerts or row.missed else "dim")


def _figures(row: Row) -> Iterator[str]:
    yield f"{row.alerts_per_month:,.1f}"
    yield f"{row.hours_firing:,.1f}"
    yield f"{row.flaps:,}"


def _judged(row: Row) -> Iterator[str]:
    yield _NOTHING if row.median_delay_hours is None else f"{row.median_delay_hours:.1f} h"
    yield _NOTHING if row.missed is None else f"{row.missed:,}"
    yield _NOTHING if row.false is None else f"{row.false:,}"


def _line(row: Row) -> str:
    where = "in all" if row.segment is None else segment_text(row.segment)
    month, hours, flaps = _figures(row)
    line = f"{row.rules} {row.rule} {where}: {month} alerts a month, {hours} h firing, {flaps} flaps"
    if row.missed is None:
        return line
    delay, missed, false = _judged(row)
    return f"{line}, found after {delay}, {missed} missed, {false} false"
