"""Alert records: every field, and any input within the contract."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas.alert_parts import RatingOut
from schemas.alerts import Alert
from schemas.generate import FOLDER
from stream.alerts.book import Change
from stream.alerts.content import alert_record, rating_record
from stream.alerts.facts import Facts, Hourly, Parts
from stream.alerts.machine import Event
from stream.alerts.memory import Memory, State, idempotency_key
from stream.alerts.message import message
from stream.alerts.silences import Silence
from stream.alerts.verdict import Key, Verdict
from stream.alerts.why import Counts, NoWhy
from stream.durations import HOUR, MINUTE
from stream.kpis.definition import Reading
from stream.segments import segment_key
from tests.unit.alerts.alert_examples import NAN, RULES, TEN, alert, change, facts, firing, resolved, verdict

SCHEMA = Draft202012Validator(json.loads((FOLDER / "alert.schema.json").read_text()))
RATING = RatingOut(ticket_id="T-9", survey_id=None, score=1, scale_min=1, scale_max=5, rated_at="2025-11-22T10:00:00.000Z")


def test_every_field_of_an_alert() -> None:
    """What the state machine and the scorer know, as a record."""
    known = {
        "hourly": Hourly(TEN // HOUR - 5, (9, 9, 9, 3, 3, 3), (10,) * 6),
        "lately": Reading(55.0, 20, {}),
        "before_lately": Reading(70.0, 20, {}),
        "backlog": 120,
        "oldest_waiting": TEN - HOUR,
        "first_response": Reading(2100.123456, 88, {}),
        "evidence": ["T-1", "T-2"],
        "inhibits": ["{}"],
        "silence": Silence("s", "", {}, TEN + HOUR, "ann", "deploy"),
        "panel_url": "https://g.example/{team}",
        "runbook_url": "https://r.example/{rule}",
    }
    found = alert("csat_dip", known).model_dump(mode="json")
    assert found == {
        "id": idempotency_key("csat_dip", '{"team":"billing"}', TEN, "firing"),
        "rule": "csat_dip",
        "kind": "two_windows",
        "severity": "page",
        "segment": {"team": "billing"},
        "state": "firing",
        "event": "fired",
        "reason": None,
        "since": "2025-11-22T10:00:00.000Z",
        "fired_at": "2025-11-22T10:05:00.000Z",
        "ended_at": None,
        "as_of": "2025-11-22T10:05:00.000Z",
        "metric": "csat",
        "window": "4h",
        "value": 61.2245,
        "unit": "percent",
        "n": 49,
        "low": 47.2,
        "high": 73.6,
        "bound": 78.94,
        "target": 80.0,
        "counts": {"satisfied": 30, "rated": 49},
        "lost": {"bad": 19, "of": 49, "expected": 9.8},
        "shift_began": "2025-11-22T08:00:00.000Z",
        "now_value": 55.0,
        "now_n": 20,
        "direction": "worse",
        "why": {
            "dimension": "channel",
            "compared_with": "previous_window",
            "before": {"part": 90, "whole": 100},
            "after": {"part": 30, "whole": 49},
            "points": -28.8,
            "children": [
                {"name": "chat", "rate": -25.3, "mix": -0.1, "before": {"part": 45, "whole": 50}, "after": {"part": 10, "whole": 25}},
                {"name": "email", "rate": -3.3, "mix": -0.1, "before": {"part": 45, "whole": 50}, "after": {"part": 20, "whole": 24}},
            ],
            "others": None,
            "simpson": False,
        },
        "why_not": None,
        "evidence": ["T-1", "T-2"],
        "rating": None,
        "context": {"backlog": 120, "oldest_waiting": "2025-11-22T09:00:00.000Z", "first_response": 2100.1235, "first_response_n": 88},
        "inhibits": [{}],
        "inhibited_by": None,
        "silenced": {"until": "2025-11-22T11:00:00.000Z", "who": "ann", "why": "deploy"},
        "links": {"panel": "https://g.example/billing", "runbook": "https://r.example/csat_dip"},
        "silence_command": 'csat-stream silence --rule csat_dip --segment team=billing --for 4h --who YOU --why "..."',
        "summary": "CSAT of team billing fell to 61.2 % (4h, n=49, upper bound 78.9 %, target 80 %): 19 unhappy of 49, expected 10; "
        "mostly channel chat (-25.4 points)",
        "all_clear": None,
        "notify": True,
        "revision": 2,
    }


def test_an_ended_alert_has_its_totals() -> None:
    """Duration from the start of the episode, bad ratings of all in it, and why it ended."""
    found = alert("csat_dip", {"episode": Counts(99, 160)}, event="resolved", memory=resolved("no_data"), notify=False)
    assert found.all_clear is not None
    assert found.all_clear.model_dump() == {"duration_ms": 3 * HOUR + 20 * MINUTE, "bad": 61, "n": 160}
    assert (found.state, found.reason, found.ended_at, found.notify) == ("resolved", "no_data", "2025-11-22T13:20:00.000Z", False)
    assert found.id == idempotency_key("csat_dip", '{"team":"billing"}', TEN, "resolved")


def test_a_cancelled_alert_keeps_its_start() -> None:
    """The memory is at rest, the record still says when it had begun."""
    found = alert(event="cancelled", memory=Memory(), notify=False)
    assert (found.state, found.since, found.fired_at) == ("ok", "2025-11-22T10:00:00.000Z", None)


def test_who_speaks_for_it() -> None:
    """An inhibited alert names the segment that speaks for it, also where that is everything."""
    assert alert(event="inhibited", memory=firing(inhibited_by="{}")).inhibited_by == {}
    assert alert(event="inhibited", memory=firing(inhibited_by='{"channel":"chat"}')).inhibited_by == {"channel": "chat"}


@pytest.mark.parametrize("rule", ["signal_lost", "signal_low", "oldest_waiting"])
def test_rules_that_judge_something_else_than_the_metric(rule: str) -> None:
    """The metric's interval, last hour, loss and parts are in another unit than the value: they are left out."""
    found = alert(rule, {"lately": Reading(55.0, 20, {}), "before_lately": Reading(70.0, 20, {})})
    assert (found.low, found.high, found.now_value, found.now_n, found.direction) == (None, None, None, 0, None)
    assert (found.lost, found.why, found.why_not) == (None, None, "not a proportion of cases")


def test_why_there_is_no_why() -> None:
    """Every reason is in the record."""
    reasons = [
        alert("csat_dip", {"parts": NoWhy("no dimension")}).why_not,
        alert("csat_dip", {"parts": Parts("team", "last_week", {}, {"a": (30, 49)})}).why_not,
        alert("csat_dip", {"ratio": None}).why_not,
        alert("nps").why_not,
    ]
    assert reasons == ["no dimension", "no cases in the window compared with", "not a proportion of cases", "not a proportion of cases"]


def test_many_children_are_added_up() -> None:
    """Ten are listed; with the others they add up to the change."""
    before = {f"c{index}": (index, 20) for index in range(14)}
    after = {f"c{index}": (13 - index, 20 + index) for index in range(14)}
    why = alert("csat_dip", {"parts": Parts("channel", "last_week", before, after)}).why
    assert why is not None
    assert why.others is not None
    assert (len(why.children), why.others.children) == (10, 4)
    shown = [why.others.rate, why.others.mix, *(points for child in why.children for points in (child.rate, child.mix))]
    assert sum(round(10 * points) for points in shown) == round(10 * why.points)


def test_evidence_has_an_end_and_none_at_agent_level() -> None:
    """Ten tickets at most; a single agent's are not shown."""
    many = {"evidence": [f"T-{number}" for number in range(12)]}
    assert alert("csat_dip", many).evidence == [f"T-{number}" for number in range(10)]
    assert alert("csat_dip", many, segment={"agent": "ann"}).evidence == []


def test_a_single_rating() -> None:
    """An event of its own, named by ticket and survey, in the segment of everything."""
    found = rating_record("rating_lowest", RATING, facts("rating_lowest"), notify=True)
    assert (found.state, found.event, found.severity, found.segment) == ("event", "fired", "info", {})
    assert (found.rating, found.evidence, found.n, found.value, found.notify) == (RATING, ["T-9"], 1, None, True)
    others = [RATING.model_copy(update=changed) for changed in ({"ticket_id": "T-8"}, {"survey_id": "s"}, {"score": 2})]
    ids = [rating_record("rating_lowest", other, facts("rating_lowest"), notify=True).id for other in others]
    assert len({found.id, *ids}) == 3
    assert ids[2] == found.id


_floats = st.one_of(st.floats(), st.floats(0, 100))
_times = st.integers(0, TEN)
_segments = st.dictionaries(st.sampled_from(("team", "channel", "product", "campaign")), st.text(max_size=60), max_size=3)
_verdicts = st.builds(Verdict, st.booleans(), st.booleans(), st.booleans(), _floats, st.integers(0, 10**6), _floats, _floats)
_pair = st.integers(0, 60).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))
_windows = st.dictionaries(st.text(max_size=4), _pair, max_size=14)
_readings = st.none() | st.builds(Reading, st.floats(-100, 100), st.integers(1, 99), st.dictionaries(st.text(), st.integers()), _floats, _floats)
_hours = st.lists(_pair, max_size=30).map(lambda pairs: Hourly(480_000, [part for part, _ in pairs], [whole for _, whole in pairs]))


@st.composite
def _memories(draw: st.DrawFn) -> Memory:
    """Any state, with the times it must have."""
    state, since = draw(st.sampled_from(State)), draw(_times)
    inhibited = draw(st.just("") | _segments.map(segment_key))
    if state is State.RESOLVED:
        return Memory(state, since, since, since + draw(st.integers(0, HOUR)), draw(st.sampled_from(("cleared", "no_data"))))
    return Memory(state, since, draw(st.just(0) | _times), inhibited_by=inhibited)


@st.composite
def _changes(draw: st.DrawFn) -> tuple[Change, Facts]:
    """Any change of any shipped rule, and any facts."""
    name, memory = draw(st.sampled_from(sorted(set(RULES) - {"rating_lowest"}))), draw(_memories())
    event = draw(st.sampled_from([each for each in get_args(Event) if each]))
    found = Change(Key(name, segment_key(draw(_segments))), memory, event, draw(st.booleans()), draw(_verdicts), memory.since)
    known: dict[str, Any] = {
        "window": draw(st.none() | st.just("4h")),
        "reading": draw(_readings),
        "ratio": draw(st.none() | _pair.map(lambda pair: Counts(*pair))),
        "parts": draw(st.just(NoWhy("no dimension")) | st.builds(Parts, st.just("team"), st.just("last_week"), _windows, _windows)),
        "hourly": draw(st.none() | _hours),
        "usual": draw(st.none() | _floats),
        "lately": draw(_readings),
        "before_lately": draw(_readings),
        "backlog": draw(st.none() | st.integers(0, 99)),
        "oldest_waiting": draw(st.none() | _times),
        "evidence": draw(st.lists(st.text(), max_size=12)),
        "inhibits": [segment_key(each) for each in draw(st.lists(_segments, max_size=2))],
        "silence": draw(st.none() | st.builds(Silence, st.text(), st.text(), _segments, _times, st.text(), st.text())),
        "episode": draw(st.none() | _pair.map(lambda pair: Counts(*pair))),
        "panel_url": draw(st.none() | st.text()),
    }
    return found, Facts(rule=RULES[name], as_of=draw(_times), revision=draw(st.integers(1, 9)), **known)


@given(_changes())
def test_whatever_is_built_is_within_the_contract(given_change: tuple[Change, Facts]) -> None:
    """The committed JSON Schema accepts it, no number in it is infinite or none, it comes back, and it can be told in words."""
    found = alert_record(*given_change)
    text = found.model_dump_json()
    content = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in the JSON of an alert"))
    assert [error.message for error in SCHEMA.iter_errors(content)] == []
    assert Alert.model_validate_json(text) == found
    assert all(line.isprintable() for line in (found.summary, found.silence_command, message(found).title))
    assert found.summary


def test_numbers_that_are_none_are_left_out() -> None:
    """NaN and infinity become null."""
    found = alert(verdict=verdict(NAN, 0, float("inf"), NAN), known={"reading": Reading(1.0, 1, {}, NAN, float("inf"))})
    assert (found.value, found.bound, found.target, found.low, found.high, found.lost) == (None, None, None, None, None, None)


def test_the_window_that_decides() -> None:
    """The rule's first, unless the scorer says which; `now` for levels."""
    assert [alert(rule).window for rule in ("csat_low", "csat_drift", "oldest_waiting", "intake_broken")] == ["24h", "24h", "now", "15m"]
    assert alert("signal_lost", {"window": "4h"}).window == "4h"


def test_a_notification_is_as_the_change_says() -> None:
    """Nobody is notified of what the book keeps quiet."""
    assert [alert_record(change(notify=notify), facts()).notify for notify in (True, False)] == [True, False]
