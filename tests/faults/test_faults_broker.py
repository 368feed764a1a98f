"""Fault 4: the broker dies, stands still or is away while workers run under load."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from engine_worker import until

from stream.devkit.fill import fill
from stream.devkit.kafka import EmbeddedKafka
from stream.durations import DAY
from stream.engine import fenced
from stream.engine.fenced import FencedProducer, OwnershipLost
from tests.faults.feed import Feed, feeding, standard_load
from tests.faults.stage import PATIENCE, NewStage, Stage
from tests.faults.test_faults_input import flood

pytestmark = pytest.mark.kafka


@asynccontextmanager
async def under_load(stage: Stage, seed: int, *, is_long: bool) -> AsyncIterator[Feed]:
    """Two workers that have joined, and events that arrive as long as the block lasts."""
    await stage.case.create_topics()
    events, per_second, span = (400_000, 1_500, 30 * DAY) if is_long else (60_000, 500, 2 * DAY)
    await asyncio.gather(*(stage.joined() for _ in range(2)))
    async with feeding(stage.case, standard_load(events, seed, span), per_second) as feed:
        await asyncio.sleep(1)
        yield feed


async def killed(stage: Stage, broker: EmbeddedKafka) -> None:
    """Kill the broker at a random moment and start it again at once."""
    await asyncio.sleep(stage.rng.uniform(0.5, 3))
    broker.kill()
    await asyncio.to_thread(broker.start)


async def away(broker: EmbeddedKafka, seconds: int) -> None:
    """Kill the broker and start it again later."""
    broker.kill()
    await asyncio.sleep(seconds)
    await asyncio.to_thread(broker.start)


async def stood_still(broker: EmbeddedKafka, seconds: int) -> None:
    """Let the broker stand still for so long."""
    broker.pause()
    await asyncio.sleep(seconds)
    broker.resume()


@pytest.mark.timeout(900)
async def test_broker_dies_stands_still_and_is_away(
    own_kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int, *, is_long: bool
) -> None:
    """Workers wait for the broker and go on by themselves: no figure differs, every dead letter is there."""
    kills, still, gone = (10, 20, 90) if is_long else (1, 8, 20)
    stage = new_stage(own_kafka.bootstrap_servers)
    async with under_load(stage, seed, is_long=is_long):
        for _ in range(kills):
            await killed(stage, own_kafka)
            await asyncio.sleep(1)
        await stood_still(own_kafka, still)
        await asyncio.sleep(1)
        await away(own_kafka, gone)
        await asyncio.sleep(1)
    found = await stage.verdict(PATIENCE if is_long else 60)
    assert [worker.exit_code for worker in stage.workers] == [None, None]
    await stage.stop_all()
    note("broker: kill -9 and restart under load", kills, found.differences)
    note(f"broker: SIGSTOP for {still} s", 1, found.differences)
    note(f"broker: away for {gone} s", 1, found.differences)


@pytest.mark.timeout(600)
async def test_dead_letters_that_nobody_takes(
    own_kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int, *, is_long: bool
) -> None:
    """In a flood of bad records the broker stands still for longer than a batch is waited for: the worker goes on, every letter is there."""
    size, still = (60_000, 45) if is_long else (6_000, 4)
    stage = new_stage(own_kafka.bootstrap_servers)
    await stage.case.create_topics()
    bad, classes = flood(size, random.Random(seed))
    await fill(stage.case.settings, [*standard_load(100, seed), *bad])
    worker = stage.launch()
    assert await worker.until_logged("tickets recovered", 40), worker.log
    await asyncio.sleep(0.3)
    own_kafka.pause()
    await asyncio.sleep(still)
    own_kafka.resume()
    found = await stage.verdict(120)
    assert worker.is_running
    assert not is_long or "(dead letters: " in worker.log, worker.log
    await stage.stop_all()
    note(f"broker: SIGSTOP for {still} s in a flood of bad records", sum(classes.values()), found.differences)


async def test_who_opens_a_producer_waits_for_the_broker(own_kafka: EmbeddedKafka, new_stage: NewStage) -> None:
    """A claim may fall into the moment in which the broker is gone: it is made when it is back."""
    settings = new_stage(own_kafka.bootstrap_servers).case.settings
    own_kafka.kill()
    opening = asyncio.create_task(FencedProducer.open(settings, "an-owner"))
    await asyncio.sleep(2)
    assert not opening.done()
    await asyncio.to_thread(own_kafka.start)
    producer = await asyncio.wait_for(opening, 40)
    await producer.close()


async def test_a_producer_that_is_closed_meanwhile_leaves_nothing_at_work(
    own_kafka: EmbeddedKafka, new_stage: NewStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was to be acknowledged is given up, and neither tasks nor connections go on for it."""
    monkeypatch.setattr(fenced, "_CLOSE_SECONDS", 0.5)
    stage = new_stage(own_kafka.bootstrap_servers)
    await stage.case.create_topics()
    topic = stage.case.settings.topics.scores
    before = asyncio.all_tasks()
    producer = await FencedProducer.open(stage.case.settings, "someone")
    await producer.append(topic, 0, [(b"key", b"before")])
    own_kafka.pause()
    appending = asyncio.create_task(producer.append(topic, 0, [(b"key", b"meanwhile")]))
    await asyncio.sleep(0.2)
    await producer.close()
    with pytest.raises(OwnershipLost):
        await asyncio.wait_for(appending, 5)
    own_kafka.resume()
    assert await until(lambda: asyncio.all_tasks() == before, 5), asyncio.all_tasks() - before
