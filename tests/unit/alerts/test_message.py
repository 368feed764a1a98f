"""Alerts as some lines of text, written out."""

from __future__ import annotations

from schemas.alert_parts import RatingOut
from stream.alerts.content import rating_record
from stream.alerts.facts import Hourly, Parts
from stream.alerts.message import message
from stream.alerts.silences import Silence
from stream.alerts.why import Counts, NoWhy
from stream.durations import HOUR, MINUTE
from stream.kpis.definition import Reading
from tests.unit.alerts.alert_examples import TEN, alert, facts, resolved, verdict

SUMMARY = (
    "CSAT of team billing fell to 61.2 % (4h, n=49, upper bound 78.9 %, target 80 %): 19 unhappy of 49, expected 10; "
    "mostly channel chat (-25.4 points)"
)
WHY = (
    "Why, by channel: -28.8 points against the window before, of which chat -25.4 points (45 of 50, now 10 of 25); "
    "email -3.4 points (45 of 50, now 20 of 24)"
)


def test_everything_that_is_known_is_told() -> None:
    """Title, summary, and a line for each thing that helps."""
    shown = message(
        alert(
            "csat_dip",
            {
                "hourly": Hourly(TEN // HOUR - 5, (9, 9, 9, 3, 3, 3), (10,) * 6),
                "lately": Reading(55.0, 20, {}),
                "before_lately": Reading(70.0, 20, {}),
                "backlog": 120,
                "oldest_waiting": TEN - HOUR,
                "first_response": Reading(2100.0, 88, {}),
                "evidence": ["T-1", "T 2"],
                "inhibits": ["{}"],
                "silence": Silence("s", "", {}, TEN + HOUR, "ann", "deploy <!here>"),
                "panel_url": "https://g.example/{team}",
                "runbook_url": "https://r.example/{rule}",
            },
        )
    )
    assert shown.title == "[page] csat_dip: team billing"
    assert shown.body.splitlines() == [
        SUMMARY,
        "Since 2025-11-22 10:00 UTC; the shift began 2025-11-22 08:00 UTC",
        "95 % interval: 47.2 % to 73.6 %",
        "Last hour: 55.0 % (n=20), getting worse",
        WHY,
        'Worst ratings: T-1, "T 2"',
        "Tickets: 120 open, oldest waiting since 2025-11-22 09:00 UTC, first response 35 min (n=88)",
        "Speaks also for: everything",
        'Silenced until 2025-11-22 11:00 UTC by ann: "deploy ?!here?"',
        "Panel: https://g.example/billing",
        "Runbook: https://r.example/csat_dip",
        'Silence: csat-stream silence --rule csat_dip --segment team=billing --for 4h --who YOU --why "..."',
    ]


def test_what_is_not_known_is_left_out() -> None:
    """An alert without facts is three lines."""
    shown = message(alert("csat_dip", {"reading": None, "ratio": None, "parts": NoWhy("no dimension")}))
    assert shown.body.splitlines() == [
        "CSAT of team billing fell to 61.2 % (4h, n=49, upper bound 78.9 %, target 80 %)",
        "Since 2025-11-22 10:00 UTC",
        'Silence: csat-stream silence --rule csat_dip --segment team=billing --for 4h --who YOU --why "..."',
    ]


def test_the_all_clear_offers_no_silence() -> None:
    """What is over is told from when to when."""
    shown = message(alert("csat_dip", {"reading": None, "ratio": None}, event="resolved", memory=resolved(), verdict=verdict(86, 50, 92)))
    assert shown.body.splitlines() == [
        "All clear: CSAT of team billing: 86.0 % (4h, n=50, target 80 %), after 3 h 20 min",
        "From 2025-11-22 10:00 UTC to 2025-11-22 13:20 UTC",
    ]


def test_the_rest_of_many_children_is_one_line() -> None:
    """Three children are named; the others, also those beyond the record's list, are counted and added up."""
    before = {f"c{index:02}": (9, 10) for index in range(14)}
    after = {**before, "c05": (1, 10)} | {f"c{index:02}": (8, 10) for index in range(6, 14)}
    shown = message(alert("csat_dip", {"parts": Parts("channel", "last_week", before, after), "ratio": Counts(100, 140)}))
    lines = shown.body.splitlines()
    assert lines[3] == (
        "Why, by channel: -11.4 points against the same hours last week, of which c05 -5.7 points (9 of 10, now 1 of 10); "
        "c06 -0.7 points (9 of 10, now 8 of 10); c07 -0.7 points (9 of 10, now 8 of 10)"
    )
    assert lines[4] == "  11 more: -4.3 points"


def test_a_single_rating_is_told_with_its_ticket() -> None:
    """Its own ticket is not repeated as evidence."""
    rating = RatingOut(ticket_id="T-9", survey_id="s", score=0, scale_min=0, scale_max=10, rated_at="2025-11-22T10:00:00.000Z")
    record = rating_record("rating_lowest", rating, facts("rating_lowest", as_of=TEN + MINUTE), notify=True)
    assert message(record).title == "[info] rating_lowest: everything"
    assert message(record).body.splitlines()[:2] == ["Rating 0 on the scale 0 to 10: ticket T-9", "Since 2025-11-22 10:00 UTC"]
