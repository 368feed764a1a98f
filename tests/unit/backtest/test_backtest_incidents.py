"""Marked incidents: the CSV file, and how a segment is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.times import from_iso
from stream.backtest.incidents import Incident, read_incidents, segment_of, segment_text
from stream.errors import ConfigError


def file_of(folder: Path, text: str) -> Path:
    """A file with this text."""
    path = folder / "incidents.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_incidents_are_read(tmp_path: Path) -> None:
    """Times with or without a clock, segments of any depth, further columns ignored."""
    path = file_of(
        tmp_path,
        'from,to,segment,note\n2026-11-01T10:00:00Z,2026-11-01T16:00:00+01:00,team=billing,x\n2026-11-02,2026-11-03,"team=a,channel=chat",\n2026-11-04,2026-11-05,all,\n',
    )
    day = from_iso("2026-11-01T00:00:00Z")
    hour = 3_600_000
    assert read_incidents(path) == [
        Incident({"team": "billing"}, day + 10 * hour, day + 15 * hour),
        Incident({"team": "a", "channel": "chat"}, day + 24 * hour, day + 48 * hour),
        Incident({}, day + 72 * hour, day + 96 * hour),
    ]


def test_every_fault_at_once_by_line(tmp_path: Path) -> None:
    """None of the values is repeated."""
    path = file_of(tmp_path, "from,to,segment\nyesterday,2026-11-02,secret\n2026-11-03,2026-11-02,team=a\n2026-11-03,,colour=red\n")
    with pytest.raises(ConfigError) as caught:
        read_incidents(path)
    assert [fault.path for fault in caught.value.faults] == ["line 2, from", "line 2, segment", "line 3", "line 4, to", "line 4, segment"]
    assert "yesterday" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "begin,end\n1,2\n", "from,to\n2026-11-01,2026-11-02\n"])
def test_the_columns_are_needed(tmp_path: Path, text: str) -> None:
    """They are named in the error."""
    with pytest.raises(ConfigError, match="from, to, segment"):
        read_incidents(file_of(tmp_path, text))


def test_what_is_no_file_of_ours(tmp_path: Path) -> None:
    """A plain word, no traceback."""
    with pytest.raises(ConfigError, match="No such file"):
        read_incidents(tmp_path / "absent.csv")
    path = tmp_path / "binary.csv"
    path.write_bytes(b"from,to,segment\n\xff\xfe,,\n")
    with pytest.raises(ConfigError, match="no CSV"):
        read_incidents(path)


@pytest.mark.parametrize("text", ["all", "team=billing", "team=a b,channel=chat"])
def test_segments_are_written_as_they_are_read(text: str) -> None:
    """There and back."""
    assert segment_text(segment_of(text)) == text


@pytest.mark.parametrize("text", ["", "billing", "team=", "agent=ann", "team=a,"])
def test_what_is_no_segment(text: str) -> None:
    """Agents have no segments here."""
    with pytest.raises(ValueError, match="dimension"):
        segment_of(text)
