"""Rows of a table to events, by a mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from schemas.times import iso
from stream.errors import ConfigError, Fault
from stream.intake.cells import cell_text, event_time, field_value
from stream.intake.drafts import Checker, Draft, FileDrafts
from stream.intake.load import nearest
from stream.intake.mapping import Condition, EventRule, Mapping
from stream.intake.rows import Row, Table, read_csv, read_objects
from stream.intake.times import UnreadableError

_OBJECT_ENDINGS = (".jsonl", ".ndjson")

T = TypeVar("T")


def mapped_drafts(file: Path, mapping: Mapping, checker: Checker) -> FileDrafts:
    """The events of a file. A row counts as a whole: with one fault it makes no event at all."""
    table = _read(file, mapping)
    _check_columns(table, mapping)
    found = FileDrafts(file, faults=table.faults, rows=len(table.rows) + len(table.faults))
    maker = _Maker(mapping, checker, file.stem)
    for row in table.rows:
        if fits(row, mapping.skip):
            found.skipped += 1
            continue
        drafts, faults = maker.make(row)
        if faults:
            found.refuse(row.line, "; ".join(faults))
        else:
            found.drafts.extend(drafts)
    return found


def fits(row: Row, conditions: Iterable[Condition]) -> bool:
    """Whether a row meets all of one of the conditions."""
    return any(all(row.cells.get(name, "") in texts for name, texts in condition.items()) for condition in conditions)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the events of the rows of one file."""

    mapping: Mapping
    checker: Checker
    stem: str

    def make(self, row: Row) -> tuple[list[Draft], list[str]]:
        """The events of a row, and everything that is wrong with it, each once."""
        rules = [rule for rule in self.mapping.events if (not rule.when or fits(row, rule.when)) and not fits(row, rule.unless)]
        if not rules:
            return [], ["no event of the mapping fits this row, and `skip` does not name it"]
        faults: dict[str, None] = {}
        drafts = [draft for rule in rules if (draft := self._draft(rule, row, faults))]
        return drafts, list(faults)

    def _draft(self, rule: EventRule, row: Row, faults: dict[str, None]) -> Draft | None:
        """One event of a row; None where its cells can't be read or the stream would refuse it."""
        own: list[str] = []
        ticket_id = _take(own, partial(cell_text, self.mapping.ticket_id, row)) or ""
        source = _take(own, partial(self._source, row))
        event_id = _take(own, partial(_event_id, rule, row))
        time = _take(own, partial(event_time, rule, self.mapping.time, row))
        fields = {name: _take(own, partial(field_value, rule, name, row)) for name in rule.fields}
        faults.update(dict.fromkeys(own))
        if own or time is None:
            return None
        envelope = {"specversion": "1.0", "type": rule.type, "source": source, "id": event_id, "time": iso(time)}
        data = {"ticket_id": ticket_id, **{name: value for name, value in fields.items() if value is not None}}
        try:
            return self.checker.check(row.line, ticket_id, msgspec.json.encode({**envelope, "data": data}), rule.name if rule.first else None)
        except UnreadableError as error:
            faults[f"{rule.name}: {error}"] = None
            return None

    def _source(self, row: Row) -> str:
        return cell_text(self.mapping.source, row) if self.mapping.source else self.stem


def _event_id(rule: EventRule, row: Row) -> str:
    return cell_text(rule.id, row) if rule.id else f"{row.line}-{rule.name}"


def _take(faults: list[str], read: Callable[[], T]) -> T | None:
    """What `read` gives; None, and the fault noted, where a cell can't be read."""
    try:
        return read()
    except UnreadableError as error:
        faults.append(str(error))
        return None


def _read(file: Path, mapping: Mapping) -> Table:
    as_objects = mapping.format == "jsonl" or (mapping.format is None and file.suffix.lower() in _OBJECT_ENDINGS)
    return read_objects(file) if as_objects else read_csv(file, mapping.delimiter, mapping.encoding)


def _check_columns(table: Table, mapping: Mapping) -> None:
    """ConfigError with every column that the mapping names and the file does not have, or has twice."""
    if not table.rows and not table.columns:
        return
    faults = [fault for path, column in mapping.columns() if (fault := _column_fault(path, column, table.columns))]
    if faults:
        raise ConfigError(f"the mapping does not fit {table.file}", tuple(faults))


def _column_fault(path: str, column: str, columns: tuple[str, ...]) -> Fault | None:
    if columns.count(column) == 1:
        return None
    if column in columns:
        return Fault(path, f"the column '{column}' stands twice in the header")
    return Fault(path, f"there is no column '{column}'{nearest(column, columns)}")
