"""Fault 4: a flush that failed or was broken off is the last one of its state; nothing is written behind the hole that it leaves."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from engine_case import Case, Input, event, this_minute

from schemas.read import Reader
from stream.clock import WallClock
from stream.devkit.kafka import EmbeddedKafka
from stream.durations import HOUR
from stream.engine import topics
from stream.engine.fenced import FencedProducer
from stream.engine.letters import Letters
from stream.engine.slot import Slot
from stream.errors import FlushTooLarge
from stream.kpis.registry import layout
from stream.rules import rules_of
from stream.state.partition import MARKER_KEY, Partition
from tests.faults.stage import NewStage

RATINGS = 200


class Owner:
    """A partition in this process, its changelog, and the ratings that wait for it."""

    def __init__(self, case: Case, slot: Slot) -> None:
        self.case = case
        self.slot = slot
        self._letters = Letters(case.settings, Counter())
        self._reader = Reader(case.settings.scale_rules, case.settings.follow_up.tags)

    async def take(self, first: int, count: int) -> None:
        """Take in some ratings of the topic."""
        topic = self.case.settings.topics.ratings
        self.slot.apply(topic, (await self.case.read(topic))[first : first + count], self._reader)

    async def flush(self) -> None:
        """Make them durable."""
        await self.slot.flush(self._letters, WallClock(self.case.settings.clock))

    async def flushes(self) -> int:
        """How many are in the changelog."""
        return sum(record.key == MARKER_KEY for record in await self.case.read(self.case.names.changelog))


@asynccontextmanager
async def owner(case: Case) -> AsyncIterator[Owner]:
    """The owner of the one partition; its state is empty, and ratings wait."""
    await case.create_topics()
    async with topics.admin(case.settings) as client:
        await topics.create(client, case.settings, topics.internal_topics(case.names, 1))
    now = case.settings.clock.fixed or 0
    names = [f"t{number}" for number in range(RATINGS)]
    await case.produce(Input(3, name.encode(), event("rating.submitted", name, now - HOUR, f"r-{name}", score=5)) for name in names)
    slot = Slot(0, case.names, Partition(rules_of(case.settings, layout=layout())))
    slot.recovered = True
    assert await slot.claim(await FencedProducer.open(case.settings, case.names.owner_id(0)), "test")
    try:
        yield Owner(case, slot)
    finally:
        await slot.close()


def new_case(new_stage: NewStage, kafka: EmbeddedKafka) -> Case:
    """An installation of one partition, whose clock stands still."""
    return new_stage(kafka.bootstrap_servers, partitions=1, clock={"fixed": this_minute()}).case


async def test_a_refused_flush_is_the_last(kafka: EmbeddedKafka, new_stage: NewStage) -> None:
    """The broker finds a flush too large: it is said so, and the smaller one after it, which would leave out the first, is not written."""
    case = new_case(new_stage, kafka)
    async with owner(case) as owning:
        async with topics.admin(case.settings) as client:
            limit = {"max.message.bytes": "2000", "cleanup.policy": "compact"}
            await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, case.names.changelog, limit)])
        await owning.take(0, RATINGS - 1)
        with pytest.raises(FlushTooLarge, match=f"{case.names.changelog} refuses a batch as too large"):
            await owning.flush()
        async with topics.admin(case.settings) as client:
            await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, case.names.changelog, {"cleanup.policy": "compact"})])
        await owning.take(RATINGS - 1, 1)
        await owning.flush()
        assert await owning.flushes() == 0


async def test_a_cancelled_flush_is_the_last(kafka: EmbeddedKafka, new_stage: NewStage) -> None:
    """A flush is cancelled while the broker stands still: whether it arrives or not, none comes behind it."""
    case = new_case(new_stage, kafka)
    async with owner(case) as owning:
        await owning.take(0, RATINGS - 1)
        kafka.pause()
        try:
            flushing = asyncio.create_task(owning.flush())
            await asyncio.sleep(0.3)
            flushing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await flushing
        finally:
            kafka.resume()
        await owning.take(RATINGS - 1, 1)
        await owning.flush()
        assert await owning.flushes() <= 1
