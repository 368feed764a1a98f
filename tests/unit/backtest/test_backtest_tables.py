"""How a report is shown: a table that fits 80 and 120 columns, and plain lines."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from stream.backtest.notes import Note
from stream.backtest.report import Row
from stream.backtest.tables import MANY, Report, plain_report, report_table
from stream.segments import segment_key

BOTH = {"team": "technical", "channel": "email"}
TOTAL = Row("new", "dip", None, 2, 1.0, 5.0, 0, elsewhere=1)
ROWS = [Row("new", "dip", {}, 2, 1.0, 4.0, 0), Row("new", "dip", BOTH, 0, 0.0, 1.0, 0, elsewhere=1), Row("new", "dip", {"team": "quiet"})]


def of(rules: str, *rows: Row) -> list[Row]:
    """The same rows of another set of rules."""
    return [replace(row, rules=rules) for row in rows]


def shown(report: Report, width: int) -> list[str]:
    """The table as a terminal of some width shows it."""
    console = Console(width=width, record=True, file=StringIO(), markup=False)
    console.print(report_table(report))
    return console.export_text().splitlines()


def test_lines_tell_the_whole_from_all_segments_together() -> None:
    """By how many there are, and everything; what nobody was told of says why."""
    assert plain_report(Report([TOTAL], ROWS)) == [
        "new dip, 3 segments: 1.0 alerts a month, 5.0 h firing, 0 flaps, 1 spoken for by another segment",
        "new dip, everything: 1.0 alerts a month, 4.0 h firing, 0 flaps",
        "new dip, team=technical, channel=email: 0.0 alerts a month, 1.0 h firing, 0 flaps, 1 spoken for by another segment",
    ]
    cooling = replace(TOTAL, elsewhere=0, cooling=2, median_delay_hours=2.04, missed=1, false=3)
    (line,) = plain_report(Report([cooling], ROWS[2:]))
    assert line == "new dip, 1 segment: 1.0 alerts a month, 5.0 h firing, 0 flaps, found after 2.0 h, 1 missed, 3 false, 2 within the cooldown"


def test_current_rules_that_do_the_same_are_not_said_twice() -> None:
    """Only where all figures of all segments are equal; without new rules each stands by itself."""
    (current,) = of("current", TOTAL)
    equal = Report([TOTAL, current], [*ROWS, *of("current", *ROWS)])
    assert plain_report(equal)[3:] == ["current dip: as the new one"]
    (line,) = [line for line in shown(equal, 80) if "as new" in line]
    assert line.split() == ["dip", "as", "new"]
    other = Report([TOTAL, current], [*ROWS, *of("current", *ROWS[:2], replace(ROWS[2], flaps=1))])
    assert len(plain_report(other)) == 6
    assert len(plain_report(Report([current], of("current", *ROWS)))) == 3


NOTES = [
    Note("new", "drift", "no usual value yet", segments=("{}", segment_key(BOTH)), of=16),
    Note("current", "drift", "no usual value yet", segments=("{}", segment_key(BOTH)), of=16),
    Note("new", "dip", "dormant: 20 cases within 4h on fewer than 1 day in 7", judged=True, segments=("{}",), of=1),
    Note("current", "drift", "no target", segments=(segment_key({"team": "quiet"}),), of=16),
    Note("new", "rating", "single ratings are events, not a state"),
    Note("current", "rating", "single ratings are events, not a state"),
]


def test_what_was_not_judged_is_listed_with_its_reason() -> None:
    """Once for several sets of rules that say the same, those of one rule together."""
    assert plain_report(Report([], [], NOTES)) == [
        "new and current drift, 2 of 16 segments: not judged: no usual value yet",
        "current drift, 1 of 16 segments: not judged: no target",
        "new dip, 1 segment: dormant: 20 cases within 4h on fewer than 1 day in 7",
        "new and current rating: not judged: single ratings are events, not a state",
    ]
    lines = [" ".join(line.split()) for line in shown(Report([TOTAL], ROWS, NOTES), 120)]
    assert "drift 2 of 16 no usual value yet" in lines
    assert "drift (current) 1 of 16 no target" in lines
    assert "rating - single ratings are events, not a state" in lines


def test_notes_for_programs() -> None:
    """An object a segment, and one in `all` for a rule as a whole; no figure is made up."""
    figures = dict.fromkeys(("alerts_per_month", "hours_firing", "flaps", "median_delay_hours", "missed", "false"))
    assert list(NOTES[1].as_json()) == [
        {"rules": "current", "rule": "drift", "segment": segment, **figures, "note": "no usual value yet"}
        for segment in ("all", "channel=email,team=technical")
    ]
    assert [found["segment"] for found in NOTES[4].as_json()] == ["all"]


@pytest.mark.parametrize("width", [80, 120])
def test_no_name_is_broken(width: int) -> None:
    """A segment that is too long breaks between its parts; the figures stand beside it; hours without alerts are explained."""
    judged = [replace(row, missed=1, false=0) for row in (TOTAL, *ROWS)]
    lines = shown(Report(judged[:1], judged[1:], NOTES), width)
    text = "\n".join(lines)
    assert max(map(len, lines)) <= width
    assert "team=technical," in text
    assert "channel=email" in text
    assert ("team=technical, channel=email" in text) == (width == 120)
    assert "fired without an alert: 1 spoken for by another segment" in text
    assert "team=quiet" not in text


def test_the_busiest_segments_are_shown() -> None:
    """No more than anybody reads, those with most alerts first."""
    rows = [Row("new", "dip", {"team": f"t{number}"}, number % 3, 0.0, 1.0 + number) for number in range(MANY + 4)]
    lines = plain_report(Report([TOTAL], rows))[1:]
    assert len(lines) == MANY
    assert lines[0].startswith("new dip, team=t11:")
