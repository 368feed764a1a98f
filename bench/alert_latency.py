"""How soon an alert is there: `python -m bench.alert_latency`, teams that fall from 0.90 to 0.30 one after the other under the standard load.

The clock starts when the rating is produced with which the condition of csat_dip becomes true, worked out here from all ratings produced so far; it
stops when the alert (pending) can be read from its topic. (Ratings on several partitions may pass each other by a flush.)
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from rich.console import Console

from bench.backlog import caught_up_worker, prepare
from bench.broker import consumer_of, prompt_producer
from bench.latency import SHORTEST_WAIT_SECONDS, at_present, percentiles
from bench.machine import machine, versions
from bench.processes import BenchFailed
from stream.alerts.rules import TwoWindows
from stream.alerts.shipped import shipped_rules
from stream.devkit.kafka import EmbeddedKafka
from stream.devkit.load import RATINGS, LoadRecord, standard_load
from stream.durations import MINUTE
from stream.errors import CsatStreamError
from stream.settings import Settings
from stream.stats.intervals import wilson

RESULT = Path(__file__).parent / "results" / "alert_latency.json"
RULE = "csat_dip"
RATE, SECONDS = 2_000, 80
FALLS = {f"live{number}": 25 + 5 * number for number in range(8)}
"""Teams that fall, and after how many seconds."""
SATISFIED, FALLEN = 0.90, 0.30
TARGET = 0.80
BACKLOG = 30_000
_PATIENCE_SECONDS = 10.0


@dataclass
class Team:
    """Ratings of one team so far, and when the condition became true (`time.perf_counter()`)."""

    satisfied: int = 0
    rated: int = 0
    true_at: float | None = None

    def rate(self, now: float, *, satisfied: bool, rule: TwoWindows) -> None:
        """Take in one rating as it is produced. All of them lie within the last hour."""
        self.satisfied += satisfied
        self.rated += 1
        upper = wilson(self.satisfied, self.rated, rule.long.z)[1]
        holds = self.rated >= rule.long.min_n and upper < TARGET and self.satisfied / self.rated < TARGET
        if not holds:
            self.true_at = None
        elif self.true_at is None:
            self.true_at = now


@dataclass
class Watch:
    """When the first alert of each team could be read."""

    seen: dict[str, float] = field(default_factory=dict)

    async def read(self, consumer: AIOKafkaConsumer) -> None:
        """Read for ever."""
        while True:
            for records in (await consumer.getmany(timeout_ms=1_000)).values():
                now = time.perf_counter()
                for record in records:
                    self._take(record.key, record.value, now)

    def _take(self, key: bytes | None, value: bytes | None, now: float) -> None:
        about = json.loads(key or b"{}")
        if value is None or about.get("rule") != RULE or list(about["segment"]) != ["team"]:
            return
        if json.loads(value)["state"] in {"pending", "firing"}:
            self.seen.setdefault(about["segment"]["team"], now)


@asynccontextmanager
async def watched(settings: Settings) -> AsyncIterator[Watch]:
    """A watch over the alert topic while the block runs."""
    watch = Watch()
    async with consumer_of(settings, settings.topics.alerts) as consumer:
        task = asyncio.create_task(watch.read(consumer))
        try:
            yield watch
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def measure(console: Console) -> dict[str, object]:
    """Run it once; the result file's content."""
    start = time.time_ns() // 1_000_000 - 2 * MINUTE
    with EmbeddedKafka() as kafka, tempfile.TemporaryDirectory(prefix="csat-stream-bench-") as name:
        backlog = standard_load(BACKLOG, start=start - 60 * MINUTE, span=60 * MINUTE)
        settings = await prepare(kafka, Path(name), backlog)
        async with caught_up_worker(kafka, Path(name), settings, backlog), watched(settings) as watch, prompt_producer(settings) as producer:
            console.print(f"{RATE:,} events/s for {SECONDS} s, {len(FALLS)} teams fall to {FALLEN} ...")
            teams = await _produce(producer, settings)
            await asyncio.sleep(_PATIENCE_SECONDS)
    found = []
    for team in FALLS:
        true_at = teams[team].true_at
        if true_at is None or team not in watch.seen:
            raise BenchFailed(
                f"{team}: the condition came {'true' if true_at else 'never true'}, the alert {'came' if team in watch.seen else 'never'}"
            )
        found.append(watch.seen[team] - true_at)
    return {
        "alert_latency_ms": percentiles(found),
        "teams_ms": [round(latency * 1_000) for latency in found],
        "events_per_second": RATE,
        "machine": machine(),
        "versions": versions(),
    }


async def _produce(producer: AIOKafkaProducer, settings: Settings) -> dict[str, Team]:
    """Produce the load at its rate; each team's condition as it was produced."""
    rng = random.Random(5)
    rule = shipped_rules()[RULE]
    assert isinstance(rule, TwoWindows)
    teams: dict[str, Team] = {}
    begin = time.perf_counter()
    for number, record in enumerate(standard_load(RATE * SECONDS, seed=2, satisfied=SATISFIED, start=0, prefix="live-", team_prefix="live")):
        wait = begin + number / RATE - time.perf_counter()
        if wait > SHORTEST_WAIT_SECONDS:
            await asyncio.sleep(wait)
        present = at_present(record)
        if record.topic_index == RATINGS:
            now = time.perf_counter()
            present, team, satisfied = _rating(present, rng, now - begin)
            teams.setdefault(team, Team()).rate(now, satisfied=satisfied, rule=rule)
        await producer.send(settings.topics.sources[record.topic_index], present.value, key=record.partition_key)
    await producer.flush()
    return teams


def _rating(record: LoadRecord, rng: random.Random, second: float) -> tuple[LoadRecord, str, bool]:
    """The rating with the score that its team gives now."""
    event = json.loads(record.value)
    data = event["data"]
    if second >= FALLS.get(data["team"], SECONDS):
        data["score"] = 5 if rng.random() < FALLEN else 1
    return record._replace(value=json.dumps(event).encode()), data["team"], data["score"] >= 4  # noqa: PLR2004


def main() -> int:
    """Measure, write the result file, print the figures; the exit code."""
    console = Console()
    try:
        result = asyncio.run(measure(console))
    except CsatStreamError as error:
        Console(stderr=True).print(f"error: {error}", markup=False)
        return error.exit_code
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    console.print(f"rating to alert, ms: {result['alert_latency_ms']} (asked for: within 1,000); by team {result['teams_ms']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
