"""What explains an alert is gathered from the board: here the tickets to look at."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.alerts import Alert
from stream.alerts.book import Book
from stream.alerts.content import alert_record
from stream.alerts.gather import Gatherer
from stream.alerts.low_ratings import LowRatings
from stream.alerts.memory import State
from stream.alerts.message import message
from stream.alerts.needs import needs_of
from stream.alerts.rules import Custom, Rule
from stream.durations import HOUR, MINUTE
from stream.settings import Settings
from tests.helpdesk import NOON, Event, log, of_ticket, opened, replied
from tests.pipeline import Pipeline
from tests.unit.alerts.alert_examples import NAN, RULES, change, firing, resolved, verdict

SETTINGS = Settings(segments=((), ("team",)), windows=("24h",))
WAITED = verdict(3 * 3600, 1, NAN, 3600)
NIGHT = Custom(kind="custom", severity="ticket", source="test", metric="oldest_waiting", window="now", below=1.0)
DESK = [
    *of_ticket("T-1", opened(NOON - 4 * HOUR, team="red"), replied(NOON - 3 * HOUR)),
    *of_ticket("T-2", opened(NOON - 3 * HOUR, team="red")),
    *of_ticket("T-3", opened(NOON - 2 * HOUR, team="blue")),
    *of_ticket("T-4", opened(NOON - MINUTE, team="red")),
]
"""T-1 was answered; T-2 waits longest of all, T-3 longest of its team."""


def told(events: list[Event], rule: str | Rule = "oldest_waiting", **changed: Any) -> Alert:
    """The record of a change of this rule, as the scorer makes it at noon."""
    chosen = RULES[rule] if isinstance(rule, str) else rule
    pipeline = Pipeline(SETTINGS, 2, needs_of([chosen]))
    pipeline.feed(log(events, 2))
    pipeline.flush()
    pipeline.board.move(NOON)
    gatherer = Gatherer(SETTINGS, pipeline.board.figures(), LowRatings(), Book({"oldest_waiting": chosen}), ())
    found = change("oldest_waiting", **{"segment": {}, "verdict": WAITED, **changed})
    return alert_record(found, gatherer.facts(chosen, found, 1))


@pytest.mark.parametrize(("segment", "ticket"), [({}, "T-2"), ({"team": "red"}, "T-2"), ({"team": "blue"}, "T-3")])
@pytest.mark.parametrize(("event", "state"), [("pending", State.PENDING), ("fired", State.FIRING), ("worse", State.FIRING)])
def test_the_ticket_that_waits_longest_is_the_evidence(segment: dict[str, str], ticket: str, event: str, state: State) -> None:
    """That of the segment itself, whatever is said of it."""
    assert told(DESK, segment=segment, event=event, memory=firing(state=state)).evidence == [ticket]


def test_a_page_names_it_once() -> None:
    """In its first line."""
    shown = message(told(DESK))
    assert shown.body.splitlines()[0] == "Oldest waiting ticket of everything has waited 3 h (target 1 h): ticket T-2"
    assert shown.body.count("T-2") == 1


def test_an_all_clear_names_none() -> None:
    """What waits longest now has not waited too long."""
    over = told(DESK, event="resolved", memory=resolved(), verdict=verdict(60, 1, NAN, 3600))
    assert over.evidence == []
    assert "ticket T-" not in message(over).body


def test_nobody_waits() -> None:
    """Then there is none to name."""
    assert told(DESK[:2]).evidence == []


def test_a_rule_of_ones_own_on_the_oldest_names_it_too() -> None:
    """In a line of its own."""
    found = told(DESK, NIGHT)
    assert found.evidence == ["T-2"]
    assert "Waits longest: T-2" in message(found).body.splitlines()
