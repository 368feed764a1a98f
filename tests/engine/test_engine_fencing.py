"""Fencing by the broker: whoever has taken over makes it refuse whoever was there before."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest
from engine_case import Case, Input, event, this_minute
from engine_worker import WorkerProcess

from stream.durations import HOUR
from stream.engine import topics
from stream.engine.fenced import FencedProducer, OwnershipLost
from stream.engine.scorer import Scorer
from stream.engine.source_log import BrokerLog
from stream.errors import FlushTooLarge, StartRefused
from stream.kpis.registry import layout
from stream.outlets.health import Health
from stream.rules import rules_of

RECORD = [(b"key", b"value")]


@contextlib.asynccontextmanager
async def owner(case: Case, transactional_id: str = "owner") -> AsyncIterator[FencedProducer]:
    """A producer that has just taken over."""
    producer = await FencedProducer.open(case.settings, f"{case.settings.app}-{transactional_id}")
    try:
        yield producer
    finally:
        await producer.close()


async def prepared(case: Case) -> Case:
    """All topics of the installation, the internal ones included."""
    await case.create_topics()
    async with topics.admin(case.settings) as client:
        await topics.create(client, case.settings, topics.internal_topics(case.names, case.partitions))
    return case


async def test_newer_owner_fences_the_older(new: Callable[..., Case]) -> None:
    """The older owner is accepted up to the newer one's claim in the same topic partition, and refused from then on."""
    case = await prepared(new())
    topic = case.names.changelog
    async with owner(case) as older, owner(case) as newer:
        assert await older.append(topic, 0, RECORD) == 0
        assert await newer.append(topic, 0, RECORD) == 1
        with pytest.raises(OwnershipLost):
            await older.append(topic, 0, RECORD)
        assert await newer.append(topic, 0, RECORD) == 2
    assert [record.offset for record in await case.read(topic)] == [0, 1, 2]


async def test_another_id_fences_nobody(new: Callable[..., Case]) -> None:
    """Owners with other transactional ids do not disturb each other."""
    case = await prepared(new())
    topic = case.names.changelog
    async with owner(case, "one") as one, owner(case, "two") as two:
        assert [await one.append(topic, 0, RECORD), await two.append(topic, 0, RECORD), await one.append(topic, 0, RECORD)] == [0, 1, 2]


async def test_batches_of_sums_are_refused_too(new: Callable[..., Case]) -> None:
    """Many batches on the way to a partition that somebody else has claimed: OwnershipLost, and none of them is there."""
    case = await prepared(new())
    topic = case.names.sums
    async with owner(case) as older, owner(case) as newer:
        await older.append(topic, 0, RECORD)
        await newer.append(topic, 0, RECORD)
        with pytest.raises(OwnershipLost):
            await older.append_all(topic, 0, ((b"k%d" % number, bytes(100_000), []) for number in range(20)))
    assert len(await case.read(topic)) == 2


async def test_a_batch_is_whole_or_absent(new: Callable[..., Case]) -> None:
    """What does not fit one batch is refused before anything is sent."""
    case = await prepared(new())
    async with owner(case) as only:
        with pytest.raises(FlushTooLarge, match="the largest has 1000000 bytes"):
            await only.append(case.names.changelog, 0, [(b"k%d" % number, bytes(1_000_000)) for number in range(17)])
        assert await only.append(case.names.changelog, 0, [(b"k%d" % number, bytes(1_000_000)) for number in range(15)]) == 0
    assert len(await case.read(case.names.changelog)) == 15


@contextlib.asynccontextmanager
async def scoring(case: Case) -> AsyncIterator[Scorer]:
    """A scorer at work."""
    log = BrokerLog(case.settings, case.partitions)
    await log.start()
    scorer = Scorer(case.settings, case.names, rules_of(case.settings, layout=layout()).fingerprint, log, Health())
    task = asyncio.create_task(scorer.run())
    try:
        yield scorer
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, OwnershipLost):
            await task
        await log.stop()


async def test_a_scorer_of_other_settings_publishes_nothing(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """Sums that were made under other segments are not read as one's own."""
    case = new(clock={"fixed": this_minute()})
    await case.create_topics()
    await case.produce([Input(3, b"one", event("rating.submitted", "one", this_minute() - HOUR, "r-one", score=5))])
    worker = start(case, "a")
    await worker.until_ready()
    assert await worker.stop() == 0
    before = await case.scores()
    other = case.settings.model_copy(update={"segments": (("product",),)})
    log = BrokerLog(other, case.partitions)
    await log.start()
    with pytest.raises(StartRefused, match="other settings"):
        await asyncio.wait_for(Scorer(other, case.names, rules_of(other, layout=layout()).fingerprint, log, Health()).run(), 20)
    await log.stop()
    assert await case.scores() == before


async def test_second_scorer_fences_the_first(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """A worker's scorer is refused at its next publication once another has taken over; the figures stay right."""
    now = this_minute()
    case = new(clock={"fixed": now}, publish={"min": "1s", "max": "1s"})
    await case.create_topics()
    rating = event("rating.submitted", "one", now - HOUR, "r-one", score=5)
    await case.produce([Input(3, b"one", rating)])
    worker = start(case, "a")
    await worker.until_ready()
    async with scoring(case) as scorer:
        await asyncio.wait_for(scorer.complete.wait(), 20)
        await case.produce([Input(3, b"two", event("rating.submitted", "two", now - HOUR, "r-two", score=1))])
        assert await worker.until_logged("scorer: refused"), worker.log
    await case.until_read()
    await case.audit()
    assert worker.is_running
