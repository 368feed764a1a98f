"""Properties: the order of arrival, duplicates and the way of asking change no answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from audit_cases import DAY, HOUR, MINUTE, NOON, Record, body
from hypothesis import given
from hypothesis import strategies as st

from stream.audit.auditor import Auditor
from stream.audit.log import judge
from stream.settings import Settings

SETTINGS = Settings(segments=((), ("team",), ("agent", "channel")), agents="on", min_group=2, lateness=400 * DAY)
TEXT = st.sampled_from(["x", "y"])
DATA: Mapping[str, dict[str, st.SearchStrategy[Any]]] = {
    "ticket.opened": {"team": TEXT, "channel": st.sampled_from(["chat", "phone"]), "initiated_by": st.sampled_from(["customer", "agent"])},
    "ticket.replied": {"author": st.sampled_from(["agent", "agent", "bot"]), "public": st.booleans(), "agent": TEXT, "team": TEXT},
    "ticket.closed": {"closed_by": st.sampled_from(["agent", "bot"]), "agent": TEXT, "spam": st.sampled_from([False, False, True])},
    "ticket.reopened": {},
    "rating.submitted": {"score": st.integers(1, 5), "survey_id": TEXT, "agent": TEXT},
    "survey.offered": {"survey_id": TEXT},
}


@st.composite
def event(draw: st.DrawFn) -> tuple[str, bytes]:
    """Ticket and body of an event; few ids, so that bodies collide."""
    ticket = draw(st.sampled_from(["T", "U"]))
    kind = draw(st.sampled_from(sorted(DATA)))
    time = NOON + draw(st.sampled_from([0, 1, MINUTE, HOUR, 2 * HOUR, 9 * DAY, 15 * DAY, 40 * DAY])) + draw(st.integers(0, 3))
    data = draw(st.fixed_dictionaries(DATA[kind]))
    return ticket, body(kind, str(draw(st.integers(0, 12))), time, ticket_id=ticket, **data)


def logged(events: list[tuple[str, bytes]], topics: list[int]) -> list[Record]:
    """The events as records, each on one of the topics, in the order given."""
    names = SETTINGS.topics.sources
    return [
        Record(names[topic], 0, offset, NOON + 90 * DAY, ticket.encode(), value)
        for offset, ((ticket, value), topic) in enumerate(zip(events, topics, strict=True))
    ]


def figures(records: list[Record]) -> dict[str, object]:
    """Every answer at some moments."""
    found = Auditor(judge(records, SETTINGS), SETTINGS)
    moments = (NOON + HOUR, NOON + 2 * DAY, NOON + 16 * DAY, NOON + 50 * DAY)
    return {repr((key, moment)): found.answer(*key, moment) for moment in moments for key in found.keys(moment)}


@given(data=st.data(), events=st.lists(event(), max_size=14))
def test_order_topics_and_duplicates_change_nothing(data: st.DataObject, events: list[tuple[str, bytes]]) -> None:
    """Any order, any topic for each event, any event twice."""
    again = data.draw(st.lists(st.sampled_from(events), max_size=4)) if events else []
    shuffled = data.draw(st.permutations(events + again))
    topics = data.draw(st.lists(st.integers(0, 3), min_size=len(shuffled), max_size=len(shuffled)))
    assert figures(logged(shuffled, topics)) == figures(logged(events, [0] * len(events)))


@given(events=st.lists(event(), max_size=14))
def test_every_key_has_an_answer_with_consistent_numbers(events: list[tuple[str, bytes]]) -> None:
    """`keys` names what `answer` answers; n is at least 1; shares lie in their interval."""
    for answer in figures(logged(events, [0] * len(events))).values():
        assert answer is not None
        assert answer.n >= 1  # type: ignore[attr-defined]
        if answer.unit == "percent":  # type: ignore[attr-defined]
            assert 0 <= answer.low <= answer.value <= answer.high + 1e-9  # type: ignore[attr-defined]


@given(events=st.lists(event(), min_size=1, max_size=10))
def test_disjoint_segments_add_up(events: list[tuple[str, bytes]]) -> None:
    """The counts of all teams are those of everything."""
    settings = SETTINGS.model_copy(update={"segments": ((), ("team",))})
    found = Auditor(judge(logged(events, [0] * len(events)), settings), settings)
    as_of = NOON + 50 * DAY
    keys = list(found.keys(as_of))
    for metric, _, window in [key for key in keys if not key[1]]:
        whole = found.answer(metric, {}, window, as_of)
        parts = [found.answer(*key, as_of) for key in keys if key[0] == metric and key[2] == window and key[1]]
        assert whole is not None
        assert whole.n == sum(part.n for part in parts if part)


def test_partitions_are_apart() -> None:
    """A ticket belongs to the partition its records are in."""
    one = logged([("T", body("ticket.opened", "a", NOON))], [0])
    assert len(judge([*one, replace(one[0], partition=1)], SETTINGS).tickets) == 2
