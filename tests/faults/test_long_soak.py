"""Fault 6: half an hour of full load, in which tickets open and expire: how much memory, changelog, file handles and lag still grow.

`CSAT_SOAK=1` switches it on (`make soak`), `CSAT_SOAK_MINUTES` makes it shorter, `CSAT_SOAK_RATE` is the load in events/s, for so many workers
(`CSAT_SOAK_WORKERS`). Time runs faster, so that a ticket and every pane come and go within the first part of the run (the warm-up); topics are
compacted at once instead of after a day, and source topics keep five minutes, so that in the end totals are compared and not every score.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import aiohttp
import psutil
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from engine_case import Case
from engine_worker import until

from stream.clock import real_ms
from stream.devkit.fill import BATCH_BYTES, append
from stream.devkit.kafka import EmbeddedKafka
from stream.devkit.ports import free_ports
from stream.durations import HOUR, MINUTE, SECOND
from stream.engine import topics
from stream.kafka_client import client_options
from stream.outlets import metric_names as names
from tests.faults import held_memory
from tests.faults.arrivals import Arrivals
from tests.faults.results import Growth
from tests.faults.slope import slope
from tests.faults.stage import BROKER as SHORT_SESSIONS
from tests.faults.stage import NewStage, Stage

pytestmark = pytest.mark.skipif(os.environ.get("CSAT_SOAK") != "1", reason="half an hour of full load: make soak")

MINUTES = float(os.environ.get("CSAT_SOAK_MINUTES", "30"))
RATE = float(os.environ.get("CSAT_SOAK_RATE", "10000"))
WARM_UP = 0.45
SAMPLE_SECONDS = 5.0
SIMULATED_HOURS = 24
SPEED = SIMULATED_HOURS * 60 / MINUTES
PIECE_SECONDS = 0.2
BOUNDED_FROM = 20
"""Minutes of a run from which on the bounds must be within limits; in a shorter one, with few samples, the growth itself."""
BROKER = {**SHORT_SESSIONS, "log.cleaner.backoff.ms": "2000", "log.retention.check.interval.ms": "5000", "log.segment.delete.delay.ms": "1000"}
AT_ONCE = {"segment.ms": "20000", "min.compaction.lag.ms": "0", "delete.retention.ms": "1000", "min.cleanable.dirty.ratio": "0.2"}
SETTINGS = {"life_gap": "30m", "lateness": "15m", "max_open_age": "3h", "windows": ["15m", "1h", "4h", "all"]}
WORKERS = int(os.environ.get("CSAT_SOAK_WORKERS", "2"))

EXPIRED = 15
"""So many events come for every ticket that is held at a time: with 4.8 a ticket, two thirds have gone."""


class Sample(NamedTuple):
    """One moment, of all workers: memory and changelog in MB, file handles, records not durable yet, tickets and sums, and what is held of memory."""

    memory_mb: float
    changelog_mb: float
    handles: float
    lag: float
    tickets: float
    sums: float
    allocated_mb: float
    unused_mb: float
    blocks: float


GROWTH: dict[str, Callable[[float, float], float]] = {
    "memory_mb": lambda mean, _: 0.10 * mean,
    "changelog_mb": lambda mean, _: 0.20 * mean,
    "handles": lambda _, __: 4.0,
    "lag": lambda _, rate: 2 * rate,
}
"""The most that each figure may grow from the end of the warm-up to the end, by its mean and the rate (events/s)."""
SAW_TOOTH = {"changelog_mb": 15}
"""Figures that rise until something makes them small again, here the log cleaner: the least of so many parts of the run counts."""


def simulated(begun: int) -> dict[str, object]:
    """Simulated time that ends with the real one at the end of the run."""
    return {"simulated_from": begun - int((SPEED - 1) * MINUTES * MINUTE) - HOUR, "simulated_at": begun, "simulated_speed": SPEED}


async def compact_at_once(case: Case) -> None:
    """From here on topics are cleaned within seconds; a worker that starts would refuse them."""
    compacted = {"cleanup.policy": "compact", **AT_ONCE}
    wanted = {name: {**compacted, "max.message.bytes": str(topics.BATCH_LIMIT)} for name in (case.names.changelog, case.names.sums)}
    wanted[case.settings.topics.scores] = wanted[case.settings.topics.followups] = compacted
    for name in case.settings.topics.sources:
        wanted[name] = {"message.timestamp.type": "LogAppendTime", "retention.ms": "300000", "segment.ms": "20000"}
    async with topics.admin(case.settings) as client:
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs) for name, configs in wanted.items()])


async def scraped(ports: Sequence[int]) -> dict[str, float]:
    """The sum of all series of each metric, of all workers."""
    found: dict[str, float] = defaultdict(float)
    for port in ports:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as response:
            text = await response.text()
        for line in text.splitlines():
            if line and not line.startswith("#"):
                series, _, value = line.rpartition(" ")
                found[series.partition("{")[0]] += float(value)
    return found


def megabytes(folder: Path, topic: str) -> float:
    """What the logs of a topic take up."""
    sizes = []
    for file in folder.rglob(f"{topic}-*/*.log*"):
        with contextlib.suppress(FileNotFoundError):  # the cleaner replaces files
            sizes.append(file.stat().st_size)
    return sum(sizes) / 2**20


class Soak:
    """One run: its load, and what was seen of the workers every few seconds."""

    def __init__(self, stage: Stage, kafka: EmbeddedKafka, ports: Sequence[int], arrivals: Arrivals, told: list[Path]) -> None:
        self.samples: list[Sample] = []
        self._stage, self._kafka, self._ports = stage, kafka, ports
        self._arrivals, self._told = arrivals, told
        self._began = time.monotonic()

    @property
    def passed(self) -> float:
        """The part of the run that is over, 0 to 1."""
        return (time.monotonic() - self._began) / 60 / MINUTES

    async def sample(self) -> None:
        """Look every few seconds."""
        processes = [psutil.Process(worker._process.pid) for worker in self._stage.workers]
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            seen = await scraped(self._ports)
            size = await asyncio.to_thread(megabytes, self._kafka.folder, self._stage.case.names.changelog)
            held = seen[names.LAG], seen[names.STATE_TICKETS], seen[names.STATE_SUMS]
            memory = sum(process.memory_info().rss for process in processes) / 2**20
            found = Sample(memory, size, sum(process.num_fds() for process in processes), *held, *held_memory.read(self._told))
            print(f"{self.passed:6.1%}  " + "  ".join(f"{name} {value:,.0f}" for name, value in found._asdict().items()))  # noqa: T201
            if self.passed > WARM_UP:
                self.samples.append(found)

    async def load(self) -> None:
        """Produce until the time is over."""
        case = self._stage.case
        from_, at = case.settings.clock.simulated_from or 0, case.settings.clock.simulated_at or 0
        options = client_options(case.settings.kafka)
        async with AIOKafkaProducer(**options, acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES) as producer:
            while self.passed < 1:
                records = self._arrivals.upto(from_ + int((real_ms() - at) * SPEED))
                await append(producer, case.settings.topics.sources, records)
                await asyncio.sleep(PIECE_SECONDS)


@contextlib.asynccontextmanager
async def beside(work: asyncio.Task[None]) -> AsyncIterator[None]:
    """Something that runs as long as the block; its failure is the block's."""
    try:
        yield
        if work.done():
            work.result()
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


@pytest.fixture
def broker() -> Iterator[EmbeddedKafka]:
    """A broker that cleans its logs at once."""
    with EmbeddedKafka(config=BROKER, heap_mb=1024) as kafka:
        yield kafka


def least(values: list[float], parts: int) -> list[float]:
    """The least of each of about so many parts."""
    size = len(values) // parts
    return [min(values[begin : begin + size]) for begin in range(0, len(values) - size + 1, size)]


def grown(samples: list[Sample]) -> list[Growth]:
    """How every figure grew; printed, too."""
    lines = []
    for name in Sample._fields:
        found = slope(least([getattr(sample, name) for sample in samples], SAW_TOOTH.get(name, len(samples))))
        allowed = GROWTH[name](found.mean, RATE) if name in GROWTH else None
        lines.append(Growth(figure=name, mean=found.mean, growth=found.growth, at_most=found.at_most, allowed=allowed))
        print(lines[-1])  # noqa: T201
    return lines


def too_much(lines: list[Growth]) -> list[str]:
    """Figures that grow by more than they may."""
    key: Literal["at_most", "growth"] = "at_most" if MINUTES >= BOUNDED_FROM else "growth"
    return [
        f"{line['figure']} {line[key]:+,.1f}, allowed {line['allowed']:,.1f}"
        for line in lines
        if line["allowed"] is not None and line[key] > line["allowed"]
    ]


async def wrong_totals(stage: Stage, arrivals: Arrivals) -> list[str]:
    """Where the overall figures do not count every rating produced, or a record was refused; what is published seldom may take a minute."""

    async def counted() -> tuple[int, int]:
        scores = [score for score in (await stage.case.scores()).values() if score.metric == "csat" and score.window == "all"]
        of_all, of_teams = (sum(score.n for score in scores if set(score.segment) == wanted) for wanted in (set(), {"team"}))
        return of_all, of_teams

    async def is_counted() -> bool:
        return await counted() == (arrivals.ratings, arrivals.ratings)

    wrong = [] if await until(is_counted, 120, poll=2) else [f"everything and the teams count {await counted()} of {arrivals.ratings:,} ratings"]
    return wrong + [f"{len(letters):,} dead letters" for letters in [await stage.case.letters()] if letters]


@pytest.mark.timeout(int(60 * MINUTES + 600))
async def test_soak(broker: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int) -> None:
    """After the warm-up nothing grows by more than is allowed, and in the end every rating is counted."""
    ports = free_ports(WORKERS)
    clock = simulated(real_ms() + 5 * SECOND)
    stage = new_stage(broker.bootstrap_servers, metrics={"windows": ["1h"]}, clock=clock, publish={}, **SETTINGS)
    await stage.case.create_topics()
    told = [stage.case.folder / f"held-{port}.json" for port in ports]
    for port, file in zip(ports, told, strict=True):
        await stage.joined(module="tests.faults.fast_ageing", CSAT_METRICS__PORT=str(port), **{held_memory.VARIABLE: str(file)})
    await compact_at_once(stage.case)
    arrivals = Arrivals(seed, int(stage.case.settings.clock.simulated_from or 0), RATE, SPEED)
    soak = Soak(stage, broker, ports, arrivals, told)
    async with beside(asyncio.create_task(soak.sample())):
        await soak.load()
    assert len(stage.running) == WORKERS, [worker.log for worker in stage.workers]
    await stage.case.until_read(60)
    lines = grown(soak.samples)
    wrong = too_much(lines) + await wrong_totals(stage, arrivals)
    assert max(sample.tickets for sample in soak.samples) < arrivals.events / EXPIRED, "tickets do not expire"
    await stage.stop_all()
    assert not wrong, wrong
    note(
        f"soak: {MINUTES:g} minutes at {RATE:,.0f} events/s, {WORKERS} worker{'s' * (WORKERS > 1)}",
        arrivals.events,
        len(wrong),
        growth=lines,
    )
