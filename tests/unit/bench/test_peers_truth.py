"""The right answer of the peer bench's jobs, and how outputs are compared with it."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.peers.load import SPAN, load_of
from bench.peers.truth import Answer, Verdict, expected, verdict
from schemas.times import iso
from stream.devkit.load import RATINGS
from stream.durations import HOUR, MINUTE

START = 1_792_454_400_000  # a full hour


def event(kind: str, time_ms: int, **data: object) -> bytes:
    """One event of ticket T-1, unless the data say otherwise."""
    return json.dumps({"type": kind, "time": iso(time_ms), "data": {"ticket_id": "T-1", "team": "team1"} | data}).encode()


def reply(time_ms: int, author: str = "agent", *, public: bool = True) -> bytes:
    """A reply to ticket T-1."""
    return event("ticket.replied", time_ms, author=author, public=public)


def row(team: str, window: int, n: int, satisfied: int) -> bytes:
    """A result as a contestant of W1 writes it."""
    return json.dumps({"team": team, "window": window, "n": n, "satisfied": satisfied}).encode()


def test_ratings_count_in_their_own_hour() -> None:
    """Four and five are satisfied; the first moment of an hour belongs to it, the last before it does not."""
    times = (START - 1, START, START + HOUR - 1)
    values = [event("rating.submitted", time, score=score) for time, score in zip(times, (5, 4, 3), strict=True)]
    assert expected(values) == {("team1", START - HOUR): (1, 1, 0, 0), ("team1", START): (2, 1, 0, 0)}


def test_the_first_public_answer_counts_where_the_ticket_was_opened() -> None:
    """Bots, customers and internal notes answer nothing; of two answers the earlier counts, in whatever order they come."""
    opened = START + HOUR - MINUTE
    ignored = [reply(opened + 1, "bot"), reply(opened + 2, "customer"), reply(opened + 3, public=False)]
    values = [reply(opened + 9_000), *ignored, event("ticket.opened", opened), reply(opened + 5_000), reply(opened + 7_000)]
    assert expected(values) == {("team1", START): (0, 0, 1, 5_000)}


def test_an_answer_without_an_opening_counts_nowhere() -> None:
    """Nobody knows how long that took."""
    assert expected([reply(START)]) == {}


RIGHT: Answer = {("team1", START): (3, 2, 0, 0), ("team2", START): (1, 1, 0, 0)}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([row("team1", START, 1, 1), row("team2", START, 1, 1), row("team1", START, 3, 2)], Verdict(2, 0, 0)),
        ([row("team1", START, 3, 2), row("team2", START, 1, 1), row("team1", START, 2, 2)], Verdict(2, 1, 1)),
        ([row("team1", START, 3, 2)], Verdict(2, 1, 1)),
        ([row("team1", START, 3, 2), row("team2", START, 1, 0)], Verdict(2, 1, 0)),
        ([row("team1", START, 3, 2), row("team2", START, 1, 1), row("team3", START, 1, 1)], Verdict(2, 1, 0)),
        ([], Verdict(2, 2, 4)),
    ],
    ids=["last value counts", "last value wrong", "a window missing", "a sum wrong", "one too many", "nothing"],
)
def test_verdict(rows: list[bytes], found: Verdict) -> None:
    """The last value of each window is compared; a window too many is wrong, too."""
    assert verdict(rows, RIGHT) == found
    assert found.correct == (found.wrong == 0)


def test_a_result_of_another_form_is_an_error() -> None:
    """A text where a number belongs is no result."""
    with pytest.raises(msgspec.DecodeError):
        verdict([b'{"team":"team1","window":"now","n":1,"satisfied":1}'], RIGHT)


@given(st.integers(1, 400))
def test_both_loads_have_as_many_events_as_asked_for(events: int) -> None:
    """All lie in the 30 days from the start; they come in the order of production; every rating is in the right answer."""
    for job in ("w1", "w2"):
        records = load_of(job, events, START)
        assert len(records) == events
        assert all(START <= record.time_ms < START + SPAN for record in records)
        assert [record.order_ms for record in records] == sorted(record.order_ms for record in records)
        ratings = sum(job == "w1" or record.topic_index == RATINGS for record in records)
        assert sum(figures[0] for figures in expected(record.value for record in records).values()) == ratings


def test_ratings_of_both_loads_look_alike() -> None:
    """The same fields in the same envelope, so that one job can read both."""
    (first, *_) = load_of("w1", 1, START)
    other = next(record for record in load_of("w2", 1_000, START) if record.topic_index == RATINGS)
    one, two = json.loads(first.value), json.loads(other.value)
    assert (list(one), set(one["data"])) == (list(two), set(two["data"]))
    assert {type(value) for value in one["data"].values()} == {type(value) for value in two["data"].values()}


def test_the_load_is_reproducible() -> None:
    """The same arguments give the same bytes."""
    assert load_of("w1", 500, START) == load_of("w1", 500, START)
