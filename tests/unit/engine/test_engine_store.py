"""Chunks of a changelog on their way from Faust into a standby's copy: a hole in it is fetched again, once, and whatever Faust takes for read."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord
from faust.types import TP

from stream.engine.chunk import Chunk
from stream.engine.control import FIRST
from stream.engine.names import Names
from stream.engine.slots import Slots
from stream.engine.store import Store
from stream.kpis.registry import layout
from stream.outlets.health import Health
from stream.rules import rules_of
from stream.settings import Settings

SETTINGS, NAMES = Settings(), Names("csat", 1)
TOPIC_IDS = dict.fromkeys((*SETTINGS.topics.sources, NAMES.changelog), "id")
COPY = TP(NAMES.changelog, 0)
SIZE = 10
Standby = tuple[Store, "Seeks", Counter[TP]]


class Seeks:
    """A consumer that notes where it is sought."""

    def __init__(self) -> None:
        self.sought: list[int] = []

    def seek_number(self, _tp: TP) -> int:
        """How often it was."""
        return len(self.sought)

    async def go_to(self, _tp: TP, offset: int) -> None:
        """It takes a moment."""
        self.sought.append(offset)
        await asyncio.sleep(0)


@pytest.fixture
def standby() -> Standby:
    """A store with its consumer, and what Faust takes for read: partition 0 is kept as a copy."""
    slots = Slots(SETTINGS, NAMES, rules_of(SETTINGS, layout=layout()), TOPIC_IDS, FIRST, Health())
    slots._new_slot(COPY.partition)
    consumer, read, tasks = Seeks(), Counter[TP](), set[asyncio.Task[None]]()

    def add_future(work: Coroutine[Any, Any, None]) -> None:
        tasks.add(asyncio.ensure_future(work))

    recovery = SimpleNamespace(standby_offsets=read)
    app: Any = SimpleNamespace(slots=slots, consumer=consumer, add_future=add_future, tables=SimpleNamespace(recovery=recovery))
    return Store("csat://", app, SimpleNamespace(name="tickets")), consumer, read


def take(standby: Standby, number: int, seek: int, partition: int = COPY.partition) -> None:
    """A chunk of ten claims, as Faust passes it on: taken for read before the store sees it."""
    store, _, read = standby
    begins = number * SIZE
    read[COPY] = begins + SIZE - 1
    records: list[Any] = [ConsumerRecord(COPY.topic, partition, begins + n, 0, 0, b"C", b"x", None, 1, 1, ()) for n in range(SIZE)]
    event: Any = SimpleNamespace(message=SimpleNamespace(value=Chunk(COPY.topic, partition, begins, seek, records)))
    store.apply_changelog_batch([event], lambda key: key, lambda value: value)


async def test_a_hole_is_fetched_again_once(standby: Standby) -> None:
    """However many chunks are on their way behind it, there is one seek, and Faust keeps nothing back of what it brings."""
    store, consumer, read = standby
    take(standby, 0, seek=0)
    take(standby, 2, seek=0)
    take(standby, 3, seek=0)
    await asyncio.sleep(0.01)
    assert consumer.sought == [SIZE]
    assert read[COPY] == SIZE - 1
    for number in (1, 2, 3):
        take(standby, number, seek=1)
    assert store.persisted_offset(COPY) == 4 * SIZE - 1
    assert consumer.sought == [SIZE]


async def test_a_chunk_from_before_the_seek(standby: Standby) -> None:
    """It is void and seeks nothing, but Faust must not take for read what it would have brought."""
    _, consumer, read = standby
    take(standby, 0, seek=0)
    take(standby, 2, seek=0)
    await asyncio.sleep(0.01)
    take(standby, 3, seek=0)
    assert read[COPY] == SIZE - 1
    assert consumer.sought == [SIZE]


async def test_a_second_hole_is_fetched_again_too(standby: Standby) -> None:
    """What the seek brought may be lost as well."""
    _, consumer, _ = standby
    take(standby, 1, seek=0)
    await asyncio.sleep(0.01)
    take(standby, 1, seek=1)
    await asyncio.sleep(0.01)
    assert consumer.sought == [0, 0]


async def test_what_was_let_go_of_is_left_alone(standby: Standby) -> None:
    """At the end of a worker, and after a rebalance, chunks are still on their way; nothing is fetched for them."""
    store, consumer, _ = standby
    take(standby, 5, seek=0, partition=1)
    await asyncio.sleep(0.01)
    assert consumer.sought == []
    assert store.persisted_offset(TP(COPY.topic, 1)) is None
