"""What the demo simulates and shows."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from schemas.scores import Score
from schemas.times import from_iso, iso
from stream.board.units import human_time
from stream.cli.common import out
from stream.cli.screen import Frame, Past, Screen, lines, picture, rows_of
from stream.cli.simulation import TEAM, Plan, plan_of
from stream.durations import HOUR, MINUTE, SECOND
from tests.unit.alerts.alert_examples import alert

NOON = from_iso("2026-11-22T12:00:00Z")


def csat(value: float, team: str = TEAM, window: str = "1h") -> Score:
    """A CSAT score of a team."""
    return Score(
        metric="csat", segment={"team": team}, window=window, value=value, unit="percent", n=50, counts={}, low=value - 5, high=value + 5,
        state="ok", as_of=iso(NOON), revision=1, definition="csat/4-5-of-5",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("real", "start"),
    [
        ("2026-11-22T16:59:59Z", "2026-11-21T09:00:00Z"),
        ("2026-11-22T17:00:00Z", "2026-11-22T09:00:00Z"),
        ("2026-11-22T02:00:00Z", "2026-11-21T09:00:00Z"),
    ],
)
def test_simulated_time_begins_in_the_morning(real: str, start: str) -> None:
    """The last 9 o'clock that is at least 8 hours ago."""
    assert plan_of(from_iso(real), 60, 480).start == from_iso(start)


def test_at_the_clocks_own_speed_it_begins_now() -> None:
    """There is nothing to catch up with."""
    plan = plan_of(NOON, 1, 480)
    assert plan.start == NOON
    assert plan.pace(NOON, NOON + HOUR) == "in real time"


def test_the_pace_drops_to_real_time() -> None:
    """Once simulated time has caught up."""
    plan = Plan(NOON, 60, 480)
    assert plan.pace(NOON, NOON + HOUR) == "60 times faster than the clock"
    assert plan.pace(NOON, NOON + SECOND) == "in real time"


def test_the_story_tells_the_dip() -> None:
    """Before, during and after."""
    plan = Plan(NOON, 60, 480)
    begin, end = plan.dip.start_ms, plan.dip.end_ms
    assert end is not None
    assert plan.story(begin - 1).startswith("Traffic as usual")
    assert plan.story(begin) == f"Since {human_time(begin / SECOND)[-5:]} {TEAM} has a bad hour: unhappy customers, slow replies."
    assert "back to normal" in plan.story(end)


def test_the_change_is_against_an_hour_ago() -> None:
    """Or against the earliest moment while that is less."""
    past = Past()
    for minute in range(90):
        past.note(NOON + minute * MINUTE, [csat(minute), csat(0, window="24h")])
    since, before = past.before(NOON + 89 * MINUTE)
    assert since == NOON + 29 * MINUTE
    assert [score.value for score in before] == [29]


def test_one_moment_a_minute_is_kept() -> None:
    """And the present is nothing to compare with."""
    past = Past()
    past.note(NOON, [csat(1)])
    past.note(NOON + MINUTE - 1, [csat(2)])
    assert len(past.moments) == 1
    assert past.before(NOON) == (None, [])


def test_plain_lines_hold_what_the_table_holds() -> None:
    """Time, story, teams, events and dead letters."""
    rows = rows_of([csat(80)], [csat(95)])
    told = lines(Frame(NOON, "in real time", "All is well.", rows, NOON - HOUR, 1_234, {"schema": 2, "future": 1}, "host:1"))
    assert told[0] == "Simulated helpdesk, 2026-11-22 12:00 UTC, in real time: All is well."
    assert f"  {TEAM}: csat 1h 80.0 % (75.0 to 85.0, n 50, change ▼ -15.0 beyond chance)" in told[1]
    assert told[-1] == "  1,234 events, 3 dead letters (future 1, schema 2)"


def test_plain_alerts_are_said_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The table comes every few seconds, an alert with the next frame."""
    frame = Frame(NOON, "in real time", "All is well.", rows_of([csat(80)], []), None, 1, {}, "host:1")
    out.cache_clear()
    shown = Screen(None)
    shown.show(replace(frame, news=[alert()]))
    shown.show(frame)
    shown.show(replace(frame, news=[alert()]))
    out.cache_clear()
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("Simulated helpdesk, ")
    assert [line.startswith("ALERT firing: csat_dip of team billing ") for line in told] == [*[False] * len(lines(frame)), True, True]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40)])
def test_the_picture_fits_the_terminal(width: int, height: int) -> None:
    """With more alerts than there is room for, and one line for those left out."""
    rows = rows_of([csat(80, team) for team in ("a", "b", "c", "d", "e")], [])
    alerts = [alert(segment={"team": f"team {number}"}) for number in range(20)]
    frame = Frame(NOON, "in real time", "All is well.", rows, None, 1, {"schema": 2}, "host:1", alerts=alerts, metrics="http://host:1/metrics")
    console = Console(file=StringIO(), width=width, height=height)
    drawn = console.render_lines(picture(frame, width, height))
    assert len(drawn) < height
    text = "\n".join("".join(part.text for part in line) for line in drawn)
    assert "firing csat_dip" in text
    assert " more: csat_dip of " in text
