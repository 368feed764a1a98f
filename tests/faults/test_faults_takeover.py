"""Fault 7: a worker is killed, and another that keeps a second copy of everything publishes in its place within seconds."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from statistics import median

import psutil
import pytest
from engine_case import Input, event
from engine_worker import WorkerProcess, until

from bench.broker import watched
from bench.loads import recent_tickets
from schemas.scores import score_key
from stream.clock import real_ms
from stream.devkit.fill import fill
from stream.devkit.kafka import EmbeddedKafka
from stream.devkit.load import CLOSED, OPENED, RATINGS
from stream.durations import DAY
from tests.faults.feed import feeding
from tests.faults.feed import standard_load as load_in_disorder
from tests.faults.stage import NewStage, Stage
from tests.faults.test_faults_rebalances import STEP_SECONDS, step

TICKETS = 1_000_000
SHORT_TICKETS = 1_500
PROBES = 40
MOST_SECONDS = 10
SESSION = "6s"
TEAM = {"team": "probe"}


async def fill_tickets(stage: Stage, tickets: int) -> None:
    """So many tickets with their openings, closes and ratings; replies are left out, so that a million tickets are two million events."""
    for piece in recent_tickets(tickets, {OPENED, CLOSED, RATINGS}):
        await fill(stage.case.settings, piece)


async def until_idle(worker: WorkerProcess, seconds: float) -> None:
    """Wait until a worker uses hardly any processor time: its copy is complete."""
    process = psutil.Process(worker._process.pid)
    process.cpu_percent()
    assert await until(lambda: process.cpu_percent(interval=2) < 25, seconds, poll=0.5), worker.log


async def takeover(stage: Stage, owner: WorkerProcess, n: int) -> float:
    """Seconds from kill -9 until ratings that were produced then to all partitions are in a score, which counted `n` ratings before."""
    key = score_key("csat", TEAM, "1h")
    async with watched(stage.case.settings, [key]) as watch:
        owner.kill()
        begun, now = time.perf_counter(), real_ms()
        names = [f"probe-{number}" for number in range(n, n + PROBES)]
        await stage.case.produce(
            Input(RATINGS, name.encode(), event("rating.submitted", name, now, name, score=5, survey_id=name, **TEAM)) for name in names
        )
        await watch.wait(key, n + PROBES, 300)
        return next(at for at, counted in watch.seen[key] if counted == n + PROBES) - begun


async def two_workers(stage: Stage, seconds: float) -> tuple[WorkerProcess, WorkerProcess]:
    """A worker that owns the scorer, and another beside it that has nothing more to do."""
    owner = stage.launch()
    await owner.until_ready(seconds)
    return owner, await another(stage, seconds)


async def another(stage: Stage, seconds: float) -> WorkerProcess:
    """One more worker, which has nothing more to do."""
    worker = await stage.joined()
    await until_idle(worker, seconds)
    return worker


def taken_over(log: str) -> list[tuple[int, int]]:
    """Of the partitions that were taken over: the end of the changelog, and where their recovery began."""
    found = re.findall(r"claimed at offset (\d+), state to be recovered from offset (\d+)", log)
    return [(int(end), int(begin)) for end, begin in found]


@pytest.mark.timeout(3600)
async def test_takeover(own_kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], *, is_long: bool) -> None:
    """With a standby hardly anything has to be read after a crash, neither of the tickets nor of the sums; figures are right."""
    tickets, seconds, rounds = (TICKETS, 900, 3) if is_long else (SHORT_TICKETS, 60, 1)
    servers = own_kafka.bootstrap_servers
    stage = new_stage(servers, standbys=1, kafka={"bootstrap_servers": servers, "session_timeout": SESSION})
    await stage.case.create_topics()
    await fill_tickets(stage, tickets)
    warm = await _with_standbys(stage, rounds, seconds)
    assert not is_long or median(warm) < MOST_SECONDS, warm
    await stage.stop_all()
    cold = await _without(stage, rounds * PROBES, seconds) if is_long else 0.0
    await stage.joined()
    found = await stage.verdict(900 if is_long else 60)
    await stage.stop_all()
    seconds_of = {"with a standby": median(warm), "fastest": min(warm), "slowest": max(warm), "without": cold}
    seconds_of = {name: round(took, 1) for name, took in seconds_of.items()}
    note(f"takeover of {tickets:,} tickets after kill -9", rounds + is_long, found.differences, seconds=seconds_of)


async def _with_standbys(stage: Stage, rounds: int, seconds: float) -> list[float]:
    """How long each takeover took; whoever has taken over is the next to be killed."""
    owner, other = await two_workers(stage, seconds)
    took = []
    for number in range(rounds):
        assert await other.until_logged("standing by", seconds), other.log
        before = len(other.log)
        took.append(await takeover(stage, owner, number * PROBES))
        assert "scorer: took over" in other.log[before:], other.log
        places = taken_over(other.log[before:])
        assert places, other.log
        assert all(0 < end - PROBES < begin <= end for end, begin in places), places
        if number + 1 < rounds:
            owner, other = other, await another(stage, seconds)
    return took


async def _without(stage: Stage, n: int, seconds: float) -> float:
    """The same without standbys, where `n` ratings are counted already."""
    stage.case.change(standbys=0)
    owner, other = await two_workers(stage, seconds)
    before = len(other.log)
    took = await takeover(stage, owner, n)
    assert {begin for _, begin in taken_over(other.log[before:])} == {0}
    await stage.stop_all()
    return took


@pytest.mark.timeout(900)
async def test_standbys_while_workers_come_and_go(
    kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int, *, is_long: bool
) -> None:
    """Copies become states and states copies every few seconds, by kill -9 among others: no figure differs, every dead letter is there."""
    steps, events, per_second, span = (36, 400_000, 1_500, 30 * DAY) if is_long else (4, 60_000, 1_000, 2 * DAY)
    stage = new_stage(kafka.bootstrap_servers, standbys=1)
    await stage.case.create_topics()
    async with feeding(stage.case, load_in_disorder(events, seed, span), per_second) as feed:
        await stage.joined()
        for _ in range(steps):
            ends = asyncio.get_running_loop().time() + STEP_SECONDS
            await step(stage)
            await asyncio.sleep(max(0.0, ends - asyncio.get_running_loop().time()))
    assert feed.produced < events, "the load ended before the faults did"
    before = _copies_taken_over(stage)
    await _promote(stage)
    found = await stage.verdict()
    await stage.stop_all()
    assert _copies_taken_over(stage) > before, "no copy was taken over in peace"
    assert before or not is_long, "no copy was taken over under load"
    note("rebalance with standbys: 1 -> 3 -> 1 workers, every 5 s", steps, found.differences)


def _copies_taken_over(stage: Stage) -> int:
    """How many recoveries began with a copy."""
    return sum(begin > 0 for worker in stage.workers for _, begin in taken_over(worker.log))


async def _promote(stage: Stage) -> None:
    """Once more in peace: on a slow machine no copy may have been complete before it was needed."""
    await stage.case.until_read(60)
    owners = stage.running
    other = await stage.joined()
    await until_idle(other, 60)
    for owner in owners:
        owner.kill()
