"""A report as tables for people, and as plain lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stream.backtest.notes import Note
from stream.backtest.proposals import CURRENT, NEW
from stream.backtest.report import Row
from stream.segment_text import segment_text

MANY = 8
"""More segments than this under one rule nobody reads through: the busiest are shown."""
_INDENT = 2
_NOTHING = "-"
_SAME = "as new"


@dataclass(frozen=True, slots=True)
class Report:
    """All rows and notes of a replay. `totals`: a row a rule, over all its segments; `rows`: by rule and segment."""

    totals: Sequence[Row]
    rows: Sequence[Row]
    notes: Sequence[Note] = ()

    def own(self, total: Row) -> list[Row]:
        """The rows of one rule."""
        return [row for row in self.rows if (row.rules, row.rule) == (total.rules, total.rule)]

    def as_new(self, total: Row) -> bool:
        """Whether a current rule did exactly what the new one of its name did."""
        other = next((row for row in self.totals if (row.rules, row.rule) == (NEW, total.rule)), None)
        if total.rules != CURRENT or other is None:
            return False
        return [_unnamed(row) for row in (total, *self.own(total))] == [_unnamed(row) for row in (other, *self.own(other))]


def report_table(report: Report) -> RenderableType:
    """A section for every set of rules: each rule over all segments, under it those in which it did something. Then what was not judged, and why."""
    judged = any(row.missed is not None for row in report.totals)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("rules, rule and segment", overflow="fold", vertical="bottom")
    for name in ("alerts\na month", "hours\nfiring", "flaps", *(("found\nafter", "missed", "false") if judged else ())):
        table.add_column(name, justify="right", no_wrap=True)
    for rules, group in groupby(report.totals, key=lambda row: row.rules):
        table.add_section()
        table.add_row(Text(rules, style="bold"))
        for total in group:
            _add_rule(table, report, total, judged=judged)
    return Group(table, *_untold(report), *_notes_table(report.notes))


def plain_report(report: Report) -> list[str]:
    """One line for each rule, for each segment in which it did something, and for what was not judged."""
    lines = []
    for total in report.totals:
        if report.as_new(total):
            lines.append(f"{total.rules} {total.rule}: as the new one")
        else:
            lines += [_line(row, len(report.own(total))) for row in (total, *busiest(report, total))]
    return lines + [_note_line(note, sets) for note, sets in _merged(report.notes).items()]


def busiest(report: Report, total: Row) -> list[Row]:
    """The segments of one rule in which it fired, those with most alerts first; none if there is but one segment."""
    own = report.own(total)
    some = [row for row in own if row.hours_firing or row.alerts]
    return sorted(some, key=lambda row: (-row.alerts, -row.hours_firing))[:MANY] if len(own) > 1 else []


def _unnamed(row: Row) -> Row:
    return replace(row, rules="")


def _add_rule(table: Table, report: Report, total: Row, *, judged: bool) -> None:
    if report.as_new(total):
        table.add_row(Padding(Text(total.rule), (0, 0, 0, _INDENT)), _SAME, style="dim")
        return
    _add(table, total.rule, total, judged=judged, indent=_INDENT)
    for row in busiest(report, total):
        _add(table, segment_text(row.segment or {}), row, judged=judged, indent=2 * _INDENT)


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


def _line(row: Row, segments: int) -> str:
    where = _count(segments) if row.segment is None else segment_text(row.segment)
    month, hours, flaps = _figures(row)
    line = f"{row.rules} {row.rule}, {where}: {month} alerts a month, {hours} h firing, {flaps} flaps"
    untold = "".join(f", {text}" for text in _quiet(row))
    if row.missed is None:
        return line + untold
    delay, missed, false = _judged(row)
    return f"{line}, found after {delay}, {missed} missed, {false} false{untold}"


def _quiet(row: Row) -> Iterator[str]:
    """How often a rule fired and nobody was told, and why."""
    if row.elsewhere:
        yield f"{row.elsewhere:,} spoken for by another segment"
    if row.cooling:
        yield f"{row.cooling:,} within the cooldown"


def _untold(report: Report) -> Iterator[RenderableType]:
    """Why hours are longer than alerts are many."""
    shown = [total for total in report.totals if not report.as_new(total)]
    for name, group in groupby(shown, key=lambda total: total.rules):
        own = list(group)
        reasons = ", ".join(_quiet(Row(name, "", None, elsewhere=sum(row.elsewhere for row in own), cooling=sum(row.cooling for row in own))))
        if reasons:
            yield Text(f"{name}: fired without an alert: {reasons}")


def _notes_table(notes: Sequence[Note]) -> Iterator[RenderableType]:
    merged = _merged(notes)
    if not merged:
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("not judged, or hardly", no_wrap=True)
    table.add_column("segments", justify="right", no_wrap=True)
    table.add_column("why")
    every = {note.rules for note in notes}
    for note, sets in merged.items():
        name = note.rule if set(sets) == every else f"{note.rule} ({', '.join(sets)})"
        table.add_row(Text(name), _share(note) if note.of else _NOTHING, Text(note.text))
    yield table


def _note_line(note: Note, sets: Sequence[str]) -> str:
    where = f", {_share(note)} segment{'' if note.of == 1 else 's'}" if note.of else ""
    return f"{' and '.join(sets)} {note.rule}{where}: {'' if note.judged else 'not judged: '}{note.text}"


def _merged(notes: Iterable[Note]) -> Mapping[Note, Sequence[str]]:
    """Notes that say the same of several sets of rules, once, with the names of these sets; those of one rule stand together."""
    found: dict[Note, list[str]] = {}
    for note in notes:
        found.setdefault(note._replace(rules=""), []).append(note.rules)
    rules = list(dict.fromkeys(note.rule for note in found))
    return {note: found[note] for note in sorted(found, key=lambda note: rules.index(note.rule))}


def _share(note: Note) -> str:
    """How many of the segments that a rule covers: `3 of 16`, or `16` for all."""
    return f"{note.of:,}" if len(note.segments) == note.of else f"{len(note.segments):,} of {note.of:,}"


def _count(segments: int) -> str:
    return f"{segments:,} segment{'' if segments == 1 else 's'}"
