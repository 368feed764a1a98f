"""Rows of CSV and JSON-lines files as columns of text, with the line each begins at; what can't be read is a fault, never lost."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stream.errors import UsageError

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it begins at, and its cells by column, stripped of blanks around them."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that can't be read, and why; never what it holds."""

    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.message}"


@dataclass(slots=True)
class Table:
    """All rows of one file."""

    file: Path
    columns: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)

    def refuse(self, line: int, message: str) -> None:
        """Note a row that can't be read."""
        self.faults.append(RowFault(self.file, line, message))


def read_csv(path: Path, delimiter: str = ",", encoding: str = "utf-8") -> Table:
    """The rows of a CSV file with a header line."""
    table = Table(path)
    try:
        # surrogateescape: a byte that is no text spoils its own row only, which is refused below.
        with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, errors="surrogateescape", newline="") as file:
            records = _records(csv.reader(file, delimiter=delimiter, strict=True), table)
            _, header = next(records, (0, []))
            table.columns = tuple(name.strip() for name in header)
            for line, cells in records:
                _add(table, line, cells)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or 'can not be read'}") from None
    if not table.columns or not is_text(table.columns):
        raise UsageError(f"{path}: no header line that can be read as CSV")
    return table


def read_objects(path: Path) -> Table:
    """The rows of a JSON-lines file of objects; nested ones get dotted column names, lists of texts are joined with commas."""
    table = Table(path)
    columns: dict[str, None] = {}
    for line, text in read_lines(path):
        try:
            content = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
            cells = dict(_flat("", content)) if isinstance(content, dict) else None
        except (ValueError, RecursionError):
            table.refuse(line, "not JSON")
            continue
        if cells is None:
            table.refuse(line, "not a JSON object")
        elif not is_text((*cells, *cells.values())):
            table.refuse(line, "not text that can be written as UTF-8")
        else:
            columns.update(dict.fromkeys(cells))
            table.rows.append(Row(line, cells))
    table.columns = tuple(columns)
    return table


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that are not blank, with their numbers from 1."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                text = line.removeprefix(_BOM).strip() if number == 1 else line.strip()
                if text:
                    yield number, text
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or 'can not be read'}") from None


def is_text(texts: Iterable[str]) -> bool:
    """Whether all texts can be written as UTF-8 (undecodable bytes and lone surrogates can't)."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True


def _records(reader: Any, table: Table) -> Iterator[tuple[int, list[str]]]:
    """Records with the line they begin at, blank lines left out."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # The texts of csv.Error are fixed ones, without anything from the file.
            table.refuse(line, f"not CSV from here to line {reader.line_num}: {error}")
            continue
        if cells:
            yield line, cells


def _add(table: Table, line: int, cells: list[str]) -> None:
    if len(cells) != len(table.columns):
        table.refuse(line, f"{len(cells)} cells where the header has {len(table.columns)}")
    elif not is_text(cells):
        table.refuse(line, "not text in the file's encoding")
    else:
        table.rows.append(Row(line, dict(zip(table.columns, (cell.strip() for cell in cells), strict=True))))


def _flat(prefix: str, content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{key}.", value)
        elif isinstance(value, list):
            if not any(isinstance(part, dict | list) for part in value):
                yield f"{prefix}{key}", ",".join(_plain(part) for part in value)
        else:
            yield f"{prefix}{key}", _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()
