"""The load of both jobs, in memory and in topics: W1 is ratings alone, W2 the tickets of the standard load."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

from bench.peers.job import INPUTS
from bench.peers.topics import create_topics
from schemas.times import iso
from stream.devkit.fill import BATCH_BYTES, append
from stream.devkit.load import AGENTS, CHANNELS, TEAMS, LoadRecord, standard_load
from stream.durations import DAY, HOUR

SPAN = 30 * DAY
_DISORDER_MS = 4_000


def recent_start() -> int:
    """A full hour 30 days and an hour ago, in ms: the whole load then lies in the past."""
    return time.time_ns() // 1_000_000 // HOUR * HOUR - SPAN - HOUR


def load_of(job: str, events: int, start: int) -> list[LoadRecord]:
    """The records of a job, in the order in which to produce them; the same arguments give the same bytes."""
    return ratings(events, start) if job == "w1" else standard_load(events, start=start, span=SPAN)


def ratings(events: int, start: int, *, seed: int = 2) -> list[LoadRecord]:
    """One rating for each of `events` tickets, evenly over 30 days, produced up to 4 s out of order."""
    rng = random.Random(seed)
    records = [_rating(rng, number, start + number * SPAN // events) for number in range(events)]
    records.sort(key=lambda record: record.order_ms)
    return records


async def produce(servers: str, prefix: str, job: str, records: Sequence[LoadRecord]) -> None:
    """Create a job's input topics and fill them."""
    topics = [prefix + topic for topic in INPUTS[job]]
    # The load is a month old: without this the broker would drop it at its first look.
    await create_topics(servers, topics, {"retention.ms": "-1"})
    async with AIOKafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES) as producer:
        await append(producer, topics, records)


def _rating(rng: random.Random, number: int, time_ms: int) -> LoadRecord:
    ticket = f"T-{number}"
    score = min(5, 1 + int(rng.random() ** 0.5 * 5))
    value = (
        f'{{"specversion":"1.0","type":"rating.submitted","source":"bench","id":"r-{number}","time":"{iso(time_ms)}","data":{{"ticket_id":"{ticket}",'
        f'"survey_id":"s-{number}","kind":"csat","score":{score},"scale_max":5,"team":"team{rng.randrange(TEAMS)}",'
        f'"channel":"{rng.choice(CHANNELS)}","agent":"a{rng.randrange(AGENTS)}"}}}}'
    )
    return LoadRecord(time_ms + rng.randrange(_DISORDER_MS), time_ms, 0, ticket.encode(), value.encode())
