"""The standard load has the size, the shape and the share of satisfied ratings that it says."""

from __future__ import annotations

import json
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from schemas.read import Reader
from stream.devkit.load import CLOSED, OPENED, RATINGS, REPLIED, LoadRecord, standard_load
from stream.durations import DAY
from stream.settings import Settings

START = 1_792_454_400_000


def scores(records: list[LoadRecord]) -> list[int]:
    """The scores of all ratings."""
    return [json.loads(record.value)["data"]["score"] for record in records if record.topic_index == RATINGS]


@given(events=st.integers(1, 300), seed=st.integers(0, 1_000), span=st.integers(1_000, 30 * DAY))
def test_size_order_and_span(events: int, seed: int, span: int) -> None:
    """Exactly as many events as asked for, in order, none before the start or past the end."""
    records = standard_load(events, seed=seed, start=START, span=span)
    assert len(records) == events
    assert [record.order_ms for record in records] == sorted(record.order_ms for record in records)
    assert all(START <= record.time_ms < START + span for record in records)
    assert all(0 <= record.order_ms - record.time_ms < 4_000 for record in records)


def test_the_reader_accepts_every_event() -> None:
    """No event of the load is a dead letter, and none loses its ticket or time."""
    reader = Reader(Settings().scale_rules)
    for record in standard_load(2_000, start=START):
        ticket_id, essence = reader.read(record.partition_key, record.value, [])
        assert (ticket_id.encode(), essence.time) == (record.partition_key, record.time_ms)


def test_shape() -> None:
    """Per ticket 2.5 replies, 0.95 closes and 0.35 ratings; 15 % by bots, 15 % internal, 20 % by customers; about 230 bytes."""
    records = standard_load(48_000, start=START)
    count = Counter(record.topic_index for record in records)
    replies = [json.loads(record.value)["data"] for record in records if record.topic_index == REPLIED]
    assert 2.4 < count[REPLIED] / count[OPENED] < 2.6
    assert 0.92 < count[CLOSED] / count[OPENED] < 0.97
    assert 0.33 < count[RATINGS] / count[OPENED] < 0.37
    assert 0.14 < sum(reply["author"] == "bot" for reply in replies) / len(replies) < 0.16
    assert 0.14 < sum(not reply["public"] for reply in replies) / len(replies) < 0.16
    assert 0.19 < sum(reply["author"] == "customer" for reply in replies) / len(replies) < 0.21
    assert 190 < sum(len(record.value) for record in records) / len(records) < 250


def test_share_of_satisfied_ratings() -> None:
    """The share of fours and fives is the one asked for."""
    for share in (0.0, 0.6, 1.0):
        given_scores = scores(standard_load(20_000, satisfied=share, start=START))
        assert abs(sum(score >= 4 for score in given_scores) / len(given_scores) - share) < 0.04


def test_same_seed_same_bytes() -> None:
    """A seed is a load: the same again, another for another seed."""
    assert standard_load(500, seed=3, start=START) == standard_load(500, seed=3, start=START)
    assert standard_load(500, seed=3, start=START) != standard_load(500, seed=4, start=START)


def test_prefixes_keep_loads_apart() -> None:
    """Two loads with different prefixes share neither tickets nor teams."""
    one = standard_load(500, start=START)
    other = standard_load(500, start=START, prefix="x-", team_prefix="live")
    assert not {record.partition_key for record in one} & {record.partition_key for record in other}
    assert all(json.loads(record.value)["data"]["team"].startswith("live") for record in other if record.topic_index == OPENED)


def test_events_of_a_ticket_are_told_apart() -> None:
    """No two events share an id within their ticket."""
    identities = Counter((record.partition_key, json.loads(record.value)["id"]) for record in standard_load(5_000, start=START))
    assert set(identities.values()) == {1}
