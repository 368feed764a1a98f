"""Rows of CSV and JSON-lines files: each is read or reported at its line, none is lost."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.errors import UsageError
from stream.intake.rows import Table, read_csv, read_lines, read_objects


def written(folder: Path, content: bytes, name: str = "table.csv") -> Path:
    """A file with this content."""
    file = folder / name
    file.write_bytes(content)
    return file


def account(table: Table) -> tuple[list[tuple[int, list[str]]], list[tuple[int, str]]]:
    """Rows and faults of a table with their lines."""
    return [(row.line, list(row.cells.values())) for row in table.rows], [(fault.line, fault.message) for fault in table.faults]


def test_csv_lines_are_counted_where_rows_begin(tmp_path: Path) -> None:
    """A quoted line end and a blank line move the lines that follow; the byte-order mark and blanks around cells go."""
    table = read_csv(written(tmp_path, b'\xef\xbb\xbfa, b\r\n1,"x\r\ny"\r\n\r\n 2 ,z\r\n'))
    assert table.columns == ("a", "b")
    assert account(table) == ([(2, ["1", "x\r\ny"]), (5, ["2", "z"])], [])


def test_csv_faults_spoil_their_own_row_only(tmp_path: Path) -> None:
    """Too few cells, too many, bytes that are no text, a stray quote."""
    table = read_csv(written(tmp_path, b'a,b\n1\n1,2,3\n\xff,2\n"x"y,2\n8,9\n'))
    rows, faults = account(table)
    assert rows == [(6, ["8", "9"])]
    assert [line for line, _ in faults] == [2, 3, 4, 5]
    assert [message for _, message in faults[:3]] == [
        "1 cells where the header has 2",
        "3 cells where the header has 2",
        "not text in the file's encoding",
    ]


def test_csv_quote_that_is_never_closed(tmp_path: Path) -> None:
    """What it swallows is reported with the lines."""
    rows, faults = account(read_csv(written(tmp_path, b'a,b\n1,2\n3,"4\n5,6\n')))
    assert rows == [(2, ["1", "2"])]
    assert [line for line, _ in faults] == [3]
    assert faults[0][1].startswith("not CSV from here to line 4")


def test_csv_delimiter_and_encoding(tmp_path: Path) -> None:
    """A semicolon and Latin 1."""
    assert account(read_csv(written(tmp_path, "a;b\né;2\n".encode("latin-1")), ";", "latin-1"))[0] == [(2, ["é", "2"])]


@pytest.mark.parametrize("content", [b"", b"\n\n", b'"never closed'])
def test_csv_without_header(tmp_path: Path, content: bytes) -> None:
    """A file without a header line can't be read at all."""
    with pytest.raises(UsageError, match="no header line"):
        read_csv(written(tmp_path, content))


@pytest.mark.parametrize("read", [read_csv, read_objects])
def test_missing_file(tmp_path: Path, read: object) -> None:
    """One clear line, no traceback."""
    assert callable(read)
    with pytest.raises(UsageError, match="No such file"):
        read(tmp_path / "none.csv")


@given(
    rows=st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).map(str.strip), min_size=2, max_size=2)
    )
)
def test_any_table_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    """Whatever Python's own writer writes is read again, row by row."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *rows])
    file = written(tmp_path_factory.mktemp("csv"), text.getvalue().encode())
    table = read_csv(file)
    assert [list(row.cells.values()) for row in table.rows] == rows
    assert not table.faults


def test_objects_become_columns(tmp_path: Path) -> None:
    """Nested objects get dots, numbers stay as written, lists of texts are joined, lists of objects are left out."""
    line = b'{"id": 7, "score": 3.0, "open": true, "note": null, "who": {"name": " Kim "}, "tags": ["a", 1], "parts": [{"x": 1}]}'
    table = read_objects(written(tmp_path, line + b"\n"))
    assert table.columns == ("id", "score", "open", "note", "who.name", "tags")
    assert account(table)[0] == [(1, ["7", "3.0", "true", "", "Kim", "a,1"])]


def test_object_faults(tmp_path: Path) -> None:
    """What is no object is reported at its line, also beyond the decoder's depth; blank lines count as lines only."""
    deep = b'{"a":' * 100_000
    table = read_objects(written(tmp_path, b'{"a": 1}\n\nnope\n[1]\n{"a": "\\ud800"}\n{"a": "\xff"}\n' + deep + b'\n{"a": 2}\n'))
    rows, faults = account(table)
    assert [line for line, _ in rows] == [1, 8]
    assert faults == [(3, "not JSON"), (4, "not a JSON object"), (5, "not text that can be written as UTF-8"), (6, "not JSON"), (7, "not JSON")]


def test_lines(tmp_path: Path) -> None:
    """Numbers from 1, the byte-order mark and blank lines left out."""
    assert list(read_lines(written(tmp_path, b"\xef\xbb\xbfa\r\n\n b"))) == [(1, b"a"), (3, b"b")]
