"""Standard load in disorder, produced beside the faults for as long as they last."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, UnknownError
from engine_case import Case

from stream.clock import real_ms
from stream.devkit.disorder import disordered
from stream.devkit.load import LoadRecord
from stream.devkit.load import standard_load as sound_load
from stream.durations import DAY, HOUR
from stream.kafka_client import client_options

_PIECE = 250


def standard_load(events: int, seed: int, span: int = 30 * DAY) -> list[LoadRecord]:
    """Standard load up to an hour ago, that of a month or of another `span` (ms): shuffled within an hour, 3 % twice, 1 % malformed."""
    sound = sound_load(events, seed=seed, start=real_ms() - span - HOUR, span=span)
    return disordered(sound, seed=seed, shuffle=HOUR, duplicates=0.03, malformed=0.01).records


class Feed:
    """How much has been produced."""

    def __init__(self) -> None:
        self.produced = 0


@contextlib.asynccontextmanager
async def feeding(case: Case, records: Sequence[LoadRecord], per_second: int) -> AsyncIterator[Feed]:
    """Produce at this rate, in order, until the block ends or the records do; what is under way then is acknowledged first.

    A broker that is away is waited for: an idempotent producer neither gives up nor repeats. It does give up where the broker's disk is full; what
    was under way then is produced again, and some of it is there twice.
    """
    feed, over = Feed(), asyncio.Event()
    producer = await _connected(case)

    async def run() -> None:
        nonlocal producer
        while feed.produced < len(records) and not over.is_set():
            piece = records[feed.produced : feed.produced + _PIECE]
            try:
                await _produce(producer, case.settings.topics.sources, piece)
            except UnknownError:
                await producer.stop()
                producer = await _connected(case)
                continue
            feed.produced += len(piece)
            await asyncio.sleep(_PIECE / per_second)

    task = asyncio.create_task(run())
    try:
        yield feed
    finally:
        over.set()
        await task
        await producer.stop()


async def _connected(case: Case) -> AIOKafkaProducer:
    """A producer, as soon as there is a broker."""
    while True:
        producer = AIOKafkaProducer(**client_options(case.settings.kafka), acks="all", enable_idempotence=True)
        with contextlib.suppress(KafkaConnectionError):
            await producer.start()
            return producer
        await producer.stop()
        await asyncio.sleep(1)


async def _produce(producer: AIOKafkaProducer, topics: Sequence[str], records: Sequence[LoadRecord]) -> None:
    sent = [
        await producer.send(topics[record.topic_index], record.value, key=record.partition_key, timestamp_ms=record.time_ms) for record in records
    ]
    for error in await asyncio.gather(*sent, return_exceptions=True):
        if isinstance(error, BaseException):
            raise error
