"""Marked incidents: the CSV file, and how a segment is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.times import from_iso
from stream.backtest.history import History, Span, nothing
from stream.backtest.incidents import Incident, incidents_of, read_lines, segment_of, segment_text
from stream.durations import HOUR, MINUTE
from stream.errors import ConfigError

DAY = from_iso("2026-11-01T00:00:00Z")
SPAN = Span(DAY + 6 * HOUR, DAY + 96 * HOUR)
ATOMS = ({"team": "a", "channel": "chat"}, {"team": "billing", "channel": "email"})
HISTORY = History(ATOMS, ((), ("team",), ("channel",)), {}, nothing(), (), SPAN.begin // MINUTE, SPAN.end // MINUTE - 1)


def file_of(folder: Path, text: str) -> Path:
    """A file with this text."""
    path = folder / "incidents.csv"
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path) -> list[Incident]:
    """The incidents of a file, in a history of two teams that begins on the first of November at six, and lasts until the fifth."""
    return incidents_of(path, read_lines(path), HISTORY)


def faults(path: Path) -> list[tuple[str, str]]:
    """What is wrong with a file."""
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert (caught.value.source, caught.value.exit_code) == (str(path), 2)
    return [(fault.path, fault.message) for fault in caught.value.faults]


def test_incidents_are_read(tmp_path: Path) -> None:
    """Times with or without a clock, segments of any depth, further columns ignored."""
    path = file_of(
        tmp_path,
        'from,to,segment,note\n2026-11-01T10:00:00Z,2026-11-01T16:00:00+01:00,team=billing,x\n2026-11-02,2026-11-03,"team=a,channel=chat",\n2026-11-04,2026-11-05,all,\n',
    )
    assert read(path) == [
        Incident({"team": "billing"}, DAY + 10 * HOUR, DAY + 15 * HOUR),
        Incident({"team": "a", "channel": "chat"}, DAY + 24 * HOUR, DAY + 48 * HOUR),
        Incident({}, DAY + 72 * HOUR, DAY + 96 * HOUR),
    ]


def test_what_lies_outside_history_does_not_count(tmp_path: Path) -> None:
    """Nobody can find anything there: an incident begins and ends with it."""
    path = file_of(tmp_path, "from,to,segment\n2026-11-01,2026-12-01,all\n")
    assert read(path) == [Incident({}, SPAN.begin, SPAN.end)]


def test_every_fault_at_once_by_line(tmp_path: Path) -> None:
    """What can't be read beside what history does not hold; none of the values is repeated."""
    lines = ("yesterday,2026-11-02,secret", "2026-11-03,2026-11-02,team=a", "2026-11-03,,colour=red", "2030-05-11,2030-05-12,team=nobody")
    path = file_of(tmp_path, "\n".join(("from,to,segment", *lines)))
    found = faults(path)
    assert [place for place, _ in found] == [
        "line 2, from",
        "line 2, segment",
        "line 3",
        "line 4, to",
        "line 4, segment",
        "line 5",
        "line 5, segment",
    ]
    assert not any(word in message for _, message in found for word in ("yesterday", "secret", "colour", "nobody"))


@pytest.mark.parametrize(("begin", "end"), [("2026-10-30", "2026-11-01T06:00:00Z"), ("2026-11-05", "2026-11-06"), ("2030-05-11", "2030-05-12")])
def test_outside_history(tmp_path: Path, begin: str, end: str) -> None:
    """Before it, right after it, years later; the error says what it reaches over."""
    message = "lies outside the history that is replayed (2026-11-01 06:00 UTC to 2026-11-05 00:00 UTC)"
    assert faults(file_of(tmp_path, f"from,to,segment\n{begin},{end},all\n")) == [("line 2", message)]


@pytest.mark.parametrize(
    ("segment", "message"),
    [
        ("team=nobody", "nothing in the history belongs to it"),
        ('"team=a,channel=email"', "nothing in the history belongs to it"),
        ('"product=x,team=a"', "no segment list of the settings has product"),
    ],
)
def test_segments_that_nobody_has_seen(tmp_path: Path, segment: str, message: str) -> None:
    """Another value, values that never came together, a dimension that is in no list."""
    assert faults(file_of(tmp_path, f"from,to,segment\n2026-11-02,2026-11-03,{segment}\n")) == [("line 2, segment", message)]


@pytest.mark.parametrize("text", ["", "begin,end\n1,2\n", "from,to\n2026-11-01,2026-11-02\n"])
def test_the_columns_are_needed(tmp_path: Path, text: str) -> None:
    """They are named in the error."""
    with pytest.raises(ConfigError, match="from, to, segment"):
        read_lines(file_of(tmp_path, text))


def test_what_is_no_file_of_ours(tmp_path: Path) -> None:
    """A plain word, no traceback."""
    with pytest.raises(ConfigError, match="No such file"):
        read_lines(tmp_path / "absent.csv")
    path = tmp_path / "binary.csv"
    path.write_bytes(b"from,to,segment\n\xff\xfe,,\n")
    with pytest.raises(ConfigError, match="no CSV"):
        read_lines(path)


@pytest.mark.parametrize("text", ["all", "team=billing", "team=a b,channel=chat", "team=a, b & c,channel=chat"])
def test_segments_are_written_as_they_are_read(text: str) -> None:
    """There and back."""
    assert segment_text(segment_of(text)) == text


@pytest.mark.parametrize("text", ["", "billing", "team=", "agent=ann", "colour=red", "team=a,team=b"])
def test_what_is_no_segment(text: str) -> None:
    """Agents have no segments here."""
    with pytest.raises(ValueError, match="dimension"):
        segment_of(text)
