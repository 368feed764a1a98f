"""The state of csat-stream's job of the peer bench: right whatever the order of the topics, and after any restart."""

from __future__ import annotations

from random import Random

import pytest

from bench.peers.hourly import SUM_KEY, Hourly, place_of, sums_of
from bench.peers.load import load_of
from bench.peers.truth import Answer, expected
from schemas.read import Reader, Refused
from stream.devkit.load import LoadRecord
from stream.kafka_client import LogRecord
from stream.kpis.registry import layout
from stream.rules import rules_of
from stream.settings import Settings
from stream.state.partition import Record
from tests.helpdesk import Record as Kept

START = 1_790_000_000_000 // 3_600_000 * 3_600_000
RULES = rules_of(Settings(), layout=layout())
READER = Reader({})


def topics_of(load: list[LoadRecord]) -> dict[str, list[Kept]]:
    """The records by topic, with offsets."""
    found: dict[str, list[Kept]] = {}
    for record in load:
        topic = found.setdefault(f"topic-{record.topic_index}", [])
        topic.append(Kept(f"topic-{record.topic_index}", 0, len(topic), record.order_ms, record.partition_key, record.value))
    return found


def refuse(_: LogRecord, why: Refused) -> None:
    """The load has no bad record."""
    raise AssertionError(why)


def restarted(changelog: dict[bytes, bytes | None]) -> Hourly:
    """A partition that begins with what the changelog holds."""
    again = Hourly(RULES, {})
    again.load(changelog.items())
    again.finish_loading()
    return again


def answer_of(sums: dict[bytes, bytes | None]) -> Answer:
    """What the sums topic says."""
    found: Answer = {}
    for key, value in sums.items():
        n, satisfied, answered, waited = sums_of(value or b"")
        found[place_of(key)] = n, satisfied, answered, waited
    return found


@pytest.mark.parametrize("job", ["w1", "w2"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_sums_are_the_right_answer(job: str, seed: int) -> None:
    """Topics one after the other or mixed, flushes and restarts anywhere, and records that are read twice."""
    rng, load = Random(seed), load_of(job, 3_000, START)
    topics = topics_of(load)
    state, changelog, sums = Hourly(RULES, {}), dict[bytes, bytes | None](), dict[bytes, bytes | None]()
    positions = dict.fromkeys(topics, 0)
    while any(positions[topic] < len(records) for topic, records in topics.items()):
        topic = rng.choice([topic for topic, records in topics.items() if positions[topic] < len(records)])
        begin = max(0, positions[topic] - rng.randrange(20))
        piece = topics[topic][begin : positions[topic] + rng.randrange(1, 400)]
        state.apply(topic, piece, READER, refuse)
        positions[topic] = piece[-1].offset + 1
        if rng.random() < 0.3:
            flush = state.flush(0, 0)
            changelog.update(flush.state)
            sums.update(flush.sums)
            if rng.random() < 0.5:
                state = restarted(changelog)
                assert {key for key, _ in state.sum_records()} == {key for key in changelog if key[:1] == SUM_KEY}
    last: list[Record] = state.flush(0, 0).sums
    sums.update(last)
    assert answer_of(sums) == expected(record.value for record in load)
