"""Latency: from just before a rating is produced until a score that counts it can be read.

The ratings measured belong to teams that nobody else rates, and all within one hour, so that the k-th rating of a team is in
its 1h score as soon as that counts k cases or more. (Under load ratings of one team may pass each other on different
partitions; the k-th produced is then compared with the k-th counted.)
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

from bench.broker import ScoreWatch
from bench.processes import BenchFailed
from schemas.scores import score_key
from schemas.times import iso
from stream.devkit.load import RATINGS, LoadRecord, standard_load
from stream.settings import Settings

WINDOW = "1h"
LONE_TEAMS = 10
# Per team one rating in 4 s: longer than the shortest publishing interval (1 s), so that each finds its key quiet.
LONE_SPACING_SECONDS = 0.4
SHORTEST_WAIT_SECONDS = 0.002
_PATIENCE_SECONDS = 60.0


def latencies(produced: Sequence[float], seen: Sequence[tuple[float, int]]) -> list[float]:
    """Seconds from each production to the first score with so many cases; BenchFailed where one is not counted at all."""
    found: list[float] = []
    position = 0
    for count, begin in enumerate(produced, start=1):
        while position < len(seen) and seen[position][1] < count:
            position += 1
        if position == len(seen):
            raise BenchFailed(f"rating {count} of {len(produced)} is in no score")
        found.append(seen[position][0] - begin)
    return found


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p99 and max by the nearest rank, in whole tenths of a millisecond; `values` in seconds."""
    ordered = sorted(values)
    ranks = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {name: round(ordered[max(1, math.ceil(share * len(ordered))) - 1] * 1000, 1) for name, share in ranks.items()}


async def lone_ratings(producer: AIOKafkaProducer, settings: Settings, watch: ScoreWatch, count: int) -> dict[str, float]:
    """Latency (ms) of single ratings on an otherwise idle stream."""
    keys = [_key(f"lone{team}") for team in range(LONE_TEAMS)]
    watch.add(keys)
    produced: dict[bytes, list[float]] = {key: [] for key in keys}
    for number in range(count):
        record = lone_rating(number)
        produced[keys[number % LONE_TEAMS]].append(time.perf_counter())
        await producer.send_and_wait(settings.topics.ratings, record.value, key=record.partition_key)
        await asyncio.sleep(LONE_SPACING_SECONDS)
    return percentiles(await _all_latencies(watch, produced))


async def under_load(producer: AIOKafkaProducer, settings: Settings, watch: ScoreWatch, *, rate: int, seconds: int) -> dict[str, float]:
    """Latency (ms) of the ratings in `rate` events/s of standard load, and the rate that was really produced."""
    records = standard_load(rate * seconds, seed=2, start=_now_ms(), prefix="live-", team_prefix="live")
    teams = {record: _key(json.loads(record.value)["data"]["team"]) for record in records if record.topic_index == RATINGS}
    produced: dict[bytes, list[float]] = {key: [] for key in teams.values()}
    watch.add(produced)
    begin = time.perf_counter()
    for number, record in enumerate(records):
        wait = begin + number / rate - time.perf_counter()
        if wait > SHORTEST_WAIT_SECONDS:
            await asyncio.sleep(wait)
        present = at_present(record)
        if record in teams:
            produced[teams[record]].append(time.perf_counter())
        await producer.send(settings.topics.sources[record.topic_index], present.value, key=record.partition_key)
    await producer.flush()
    events_per_second = round(len(records) / (time.perf_counter() - begin))
    return {**percentiles(await _all_latencies(watch, produced)), "events_per_second": events_per_second}


async def _all_latencies(watch: ScoreWatch, produced: dict[bytes, list[float]]) -> list[float]:
    for key, times in produced.items():
        await watch.wait(key, len(times), _PATIENCE_SECONDS)
    return [latency for key, times in produced.items() for latency in latencies(times, watch.seen[key])]


def _key(team: str) -> bytes:
    return score_key("csat", {"team": team}, WINDOW)


def lone_rating(number: int) -> LoadRecord:
    """A rating of now, of one of ten teams that nobody else rates."""
    time_ms, ticket_id = _now_ms(), f"lone-{number}"
    data = {"ticket_id": ticket_id, "survey_id": f"s-{number}", "score": 5, "scale_max": 5, "team": f"lone{number % LONE_TEAMS}", "channel": "chat"}
    event = {"specversion": "1.0", "type": "rating.submitted", "source": "bench", "id": f"r-{number}", "time": iso(time_ms), "data": data}
    return LoadRecord(time_ms, time_ms, RATINGS, ticket_id.encode(), json.dumps(event).encode())


def at_present(record: LoadRecord) -> LoadRecord:
    """The same event at the present time: the load keeps its mix while its month passes in seconds."""
    now_ms = _now_ms()
    return record._replace(time_ms=now_ms, value=record.value.replace(iso(record.time_ms).encode(), iso(now_ms).encode(), 1))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
