"""`recompute`: where the log begins after a reset, and how findings are told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from stream.audit.diff import Comparison, Difference, Place, Unjudged
from stream.audit.topics import SourceLog
from stream.cli.recompute import Findings, from_start
from stream.engine.control import FIRST, Generation

PLACE = Place("csat", {"team": "billing"}, "1h", 0)


def log_of(*offsets: int, start: dict[tuple[str, int], int | None] | None = None) -> SourceLog:
    """Records of partition 0 of one topic."""
    records: list[Any] = [SimpleNamespace(topic="opened", partition=0, offset=offset) for offset in offsets]
    return SourceLog(records, start or {})


def test_the_first_generation_reads_all() -> None:
    """Nothing is left out."""
    log = log_of(0, 1, 2)
    assert from_start(log, FIRST) is log


def test_after_a_reset_the_log_begins_later() -> None:
    """What lies before is not audited either; nothing of the rest is missing."""
    log = from_start(log_of(5, 6, 7, 8, start={("opened", 0): 1_000}), Generation(2, {"opened/0": 7}))
    assert [record.offset for record in log.records] == [7, 8]
    assert log.start == {}


def test_what_retention_took_after_the_reset_stays_named() -> None:
    """The generation began at 3, the log now begins at 5."""
    log = from_start(log_of(5, 6, start={("opened", 0): 1_000}), Generation(2, {"opened/0": 3}))
    assert log.start == {("opened", 0): 1_000}


def test_no_difference_is_one_line() -> None:
    """With the numbers of what was judged."""
    found = Findings(Comparison(judged=12), {"late": 2, "future": 1}, 1_234, 0, 0)
    assert list(found.lines()) == ["no differences: 12 scores judged, 1,234 records read, dead letters: future 1, late 2"]
    assert found.exit_code == 0


def test_differences_are_listed_and_end_with_1() -> None:
    """Windows that can't be judged are named, but are no difference."""
    difference = Difference(PLACE, "value", "81.0", "80.0", 10, 10)
    found = Findings(Comparison([difference], [Unjudged(PLACE, "too old")], judged=1), {}, 5, 0, 0)
    assert list(found.lines())[1:] == [
        "  csat team=billing 1h at 1970-01-01T00:00:00.000Z: value 81.0 in the topic, 80.0 recomputed (n 10, 10)",
        "window 1h: 1 scores not judged, too old",
    ]
    assert found.exit_code == 1
    assert found.as_json()["differences"][0]["expected"] == "80.0"
    assert Findings(Comparison(unjudged=[Unjudged(PLACE, "too old")]), {}, 5, 0, 0).exit_code == 0


def test_records_that_are_no_scores_are_a_difference() -> None:
    """Nobody but the scorer should write there."""
    assert Findings(Comparison(), {}, 0, 1, 0).exit_code == 1
