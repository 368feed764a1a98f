"""Alerts in one line: the texts, written out."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.alert_parts import RatingOut
from stream.alerts import words
from stream.alerts.content import alert_record, rating_record
from stream.alerts.facts import Hourly, Parts
from stream.alerts.memory import Memory, State
from stream.alerts.rules import Custom
from stream.alerts.why import Counts, NoWhy
from stream.durations import HOUR
from tests.unit.alerts.alert_examples import NAN, TEN, alert, change, facts, firing, resolved, verdict

FIGURES = "61.2 % (4h, n=49, upper bound 78.9 %, target 80 %): 19 unhappy of 49, expected 10; mostly channel chat (-25.4 points)"
ALONE: dict[str, Any] = {"parts": NoWhy("no dimension")}
HOURS = Hourly(TEN // HOUR - 5, (9, 9, 9, 3, 3, 3), (10,) * 6)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"event": "fired"}, f"CSAT of team billing fell to {FIGURES}"),
        ({"event": "pending"}, f"Pending: CSAT of team billing is at {FIGURES}"),
        ({"event": "worse"}, f"Worse: CSAT of team billing is at {FIGURES}"),
        ({"event": "still"}, f"Still: CSAT of team billing is at {FIGURES}"),
        ({"event": "back"}, f"Data again: CSAT of team billing is at {FIGURES}"),
        ({"event": "released"}, f"CSAT of team billing is at {FIGURES}"),
        (
            {"event": "inhibited", "memory": firing(inhibited_by='{"channel":"chat","team":"billing"}')},
            f"CSAT of team billing is at {FIGURES}; told by the alert of team billing, channel chat",
        ),
        ({"event": "cancelled", "memory": Memory()}, "Over before it fired: CSAT of team billing: 61.2 % (4h, n=49, target 80 %)"),
        (
            {"event": "stale", "memory": firing(state=State.STALE), "verdict": verdict(NAN, 0, NAN)},
            "No data any more: CSAT of team billing, alert of 2025-11-22 10:05 UTC",
        ),
    ],
)
def test_one_line_by_what_happened(changed: dict[str, Any], line: str) -> None:
    """The same figures, with what happened before them."""
    assert alert(**changed).summary == line


@pytest.mark.parametrize(
    ("rule", "segment", "judged", "known", "line"),
    [
        (
            "csat_low",
            {},
            verdict(),
            ALONE,
            "CSAT of everything fell to 61.2 % (24h, n=49, upper bound 78.9 %, target 80 %): 19 unhappy of 49, expected 10",
        ),
        (
            "csat_drift",
            {},
            verdict(84.1, 118, NAN, 90.2),
            {"ratio": Counts(99, 118), "hourly": HOURS, **ALONE},
            "CSAT of everything has shifted since 2025-11-22 08:00 UTC to 84.1 % (24h, n=118, usually 90.2 %): 19 unhappy of 118, expected 12",
        ),
        (
            "csat_drift",
            {},
            verdict(84.1, 118, NAN, 90.2),
            {"ratio": None},
            "CSAT of everything has shifted to 84.1 % (24h, n=118, usually 90.2 %)",
        ),
        (
            "frt_breach",
            {"team": "it desk"},
            verdict(),
            ALONE,
            'First response within target of team "it desk" fell to 61.2 % (4h, n=49, upper bound 78.9 %, target 80 %): 19 late of 49, expected 10',
        ),
        (
            "oldest_waiting",
            {"channel": "chat"},
            verdict(7500, 1, NAN, 3600),
            {"evidence": ["T-7"]},
            "Oldest waiting ticket of channel chat has waited 2 h 5 min (target 1 h): ticket T-7",
        ),
        (
            "budget",
            {"team": "a"},
            verdict(60, 50, NAN, 80),
            {"ratio": Counts(30, 50), **ALONE},
            "CSAT of team a has 2.0 times the bad cases that its target allows, at 60.0 % (24h, n=50, target 80 %): 20 unhappy of 50, expected 10",
        ),
        ("signal_lost", {"channel": "chat"}, verdict(0, 0, NAN, 15.3), {"window": "4h"}, "CSAT ratings of channel chat: 0 in 4h, expected 15"),
        ("signal_low", {}, verdict(9, 9, 18.7, 40.2), {}, "CSAT ratings of everything: 9 in 4h, expected 40"),
        (
            "intake_broken",
            {},
            verdict(8.2, 1200, 6.5, 5),
            {"ratio": Counts(98, 1200)},
            "Share of dead letters rose to 8.2 % (15m, n=1200, lower bound 6.5 %, limit 5 %)",
        ),
        ("nps", {}, verdict(12, 40, 30, 40), {}, "NPS of everything fell to 12.0 (7d, n=40, upper bound 30.0, target 40)"),
        ("csat_dip", {}, verdict(NAN, 0, NAN, NAN), {"ratio": None}, "CSAT of everything without a value"),
    ],
)
def test_one_line_by_kind_of_rule(rule: str, segment: dict[str, str], judged: Any, known: dict[str, Any], line: str) -> None:
    """Every kind says what it has found in its own words."""
    assert alert(rule, known, segment=segment, verdict=judged).summary == line


def test_a_rule_of_ones_own_on_a_time() -> None:
    """A time that is too long has risen."""
    rule = Custom(kind="custom", severity="info", source="own", metric="first_response", window="1h", above=3600.0, confidence=0.99)
    record = alert_record(change("slow", segment={}, verdict=verdict(7500, 30, 6600, 3600)), facts(rule))
    assert record.summary == "First response of everything rose to 2 h 5 min (1h, n=30, lower bound 1 h 50 min, target 1 h)"


@pytest.mark.parametrize(
    ("changed", "known", "line"),
    [
        (
            {"memory": resolved(), "verdict": verdict(86, 50, 92)},
            {"episode": Counts(99, 160)},
            "All clear: CSAT of team billing: 86.0 % (4h, n=50, target 80 %), after 3 h 20 min with 61 unhappy of 160",
        ),
        (
            {"memory": resolved(), "verdict": verdict(86, 50, 92)},
            {},
            "All clear: CSAT of team billing: 86.0 % (4h, n=50, target 80 %), after 3 h 20 min",
        ),
        (
            {"memory": resolved("no_data"), "verdict": verdict(NAN, 0, NAN)},
            {"episode": Counts(99, 160)},
            "Ended for lack of data: CSAT of team billing, after 3 h 20 min with 61 unhappy of 160",
        ),
    ],
)
def test_the_all_clear(changed: dict[str, Any], known: dict[str, Any], line: str) -> None:
    """It says how it stands now, how long it lasted, and what it cost."""
    assert alert("csat_dip", known, event="resolved", **changed).summary == line


def test_no_all_clear_before_the_end() -> None:
    """What goes on has no all-clear."""
    with pytest.raises(ValueError, match="has not ended"):
        words.all_clear(alert())


def test_the_all_clear_of_a_signal() -> None:
    """Ratings come in again."""
    record = alert("signal_lost", segment={"channel": "chat"}, event="resolved", memory=resolved(), verdict=verdict(3, 3, NAN, 15.3))
    assert record.summary == "All clear: CSAT ratings of channel chat: 3 in 1h, expected 15, after 3 h 20 min"


@pytest.mark.parametrize(
    ("before", "after", "tail"),
    [
        ({"a": (90, 100)}, {"a": (30, 49)}, "; mostly channel a (-28.8 points)"),
        ({"a": (30, 33), "b": (30, 33), "c": (30, 34)}, {"a": (10, 16), "b": (10, 16), "c": (10, 17)}, ""),
        ({"a": (10, 100)}, {"a": (30, 49)}, ""),
        (
            {"chat": (10, 20), "email": (72, 80)},
            {"chat": (22, 40), "email": (8, 9)},
            "; mostly channel email (-11.5 points)",
        ),
        (
            {"chat": (10, 20), "email": (72, 80)},
            {"chat": (22, 41), "email": (8, 8)},
            "; every channel by itself went the other way, their mix has changed",
        ),
    ],
)
def test_who_is_named_as_the_main_cause(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]], tail: str) -> None:
    """A child that explains half of a change for the worse; the mix in a paradox; nobody where it got better, or where many share the fall."""
    line = alert("csat_dip", {"parts": Parts("channel", "previous_window", before, after)}).summary
    assert line.partition("expected 10")[2] == tail


def test_a_single_rating() -> None:
    """Score, scale and ticket; the ticket's id is made fit for a line."""
    rating = RatingOut(ticket_id="T 9\n", survey_id=None, score=1, scale_min=1, scale_max=5, rated_at="2025-11-22T10:00:00.000Z")
    record = rating_record("rating_lowest", rating, facts("rating_lowest"), notify=True)
    assert record.summary == 'Rating 1 on the scale 1 to 5: ticket "T 9?"'
