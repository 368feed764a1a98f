"""One row's cells to the values of an event."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from stream.intake.fields import FIELDS, Value, convert
from stream.intake.mapping import Cell, EventRule, Plus, TimeRule
from stream.intake.rows import Row
from stream.intake.times import UnreadableError, in_range, parse_duration, parse_time


def cell_text(cell: Cell, row: Row) -> str:
    """The text that a cell rule gives for a row; empty where there is none."""
    if cell.column is None:
        return cell.value or ""
    text = row.cells.get(cell.column, "")
    if not text:
        return cell.default or ""
    if cell.values is None:
        return text
    if text not in cell.values:
        raise UnreadableError(f"column '{cell.column}': not one of the texts under `values`")
    return cell.values[text]


def field_value(rule: EventRule, name: str, row: Row) -> Value | None:
    """The value of a field; None where the row has none."""
    cell = rule.fields[name]
    text = cell_text(cell, row)
    if not text:
        return None
    try:
        return convert(text, FIELDS[rule.type][name])
    except UnreadableError as error:
        raise UnreadableError(f"column '{cell.column}': {error}") from None


def event_time(rule: EventRule, common: TimeRule | None, row: Row) -> int:
    """The time of an event in ms: that of its columns, and every duration added."""
    time = rule.time or common
    if time is None:
        raise UnreadableError("the rule has no time")
    return in_range(_base_time(time, row) + sum(_duration(plus, row) for plus in rule.plus))


def _base_time(time: TimeRule, row: Row) -> int:
    names = "', '".join(time.column)
    text = " ".join(row.cells.get(name, "") for name in time.column).strip()
    if not text:
        raise UnreadableError(f"column '{names}': empty")
    try:
        return parse_time(text, time.format, ZoneInfo(time.zone) if time.zone else None)
    except UnreadableError as error:
        raise UnreadableError(f"column '{names}': {error}") from None


def _duration(plus: Plus, row: Row) -> int:
    if plus.column is None or plus.unit is None:
        return plus.value or 0
    text = row.cells.get(plus.column, "")
    if not text:
        raise UnreadableError(f"column '{plus.column}': empty")
    try:
        return parse_duration(text, plus.unit)
    except UnreadableError as error:
        raise UnreadableError(f"column '{plus.column}': {error}") from None
