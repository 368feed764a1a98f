"""Reading whole topics: the raw events of the sources, and the latest score of every key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from schemas.scores import Score, parse_key
from schemas.times import from_iso
from stream.errors import BrokerUnavailable, ConfigError, Fault, UsageError
from stream.kafka_client import LogRecord, client_options
from stream.settings import Settings

POLL_MS = 500
SILENT_POLLS = 60
"""After this many polls without progress (30 s) the broker counts as unavailable."""
FETCH_BYTES = 8 << 20


@dataclass(slots=True)
class SourceLog:
    """All records of the source topics, in offset order within a topic partition.

    `start` names each topic partition that has lost its beginning, with the broker time (ms) of its earliest record, None where nothing is left.
    """

    records: list[LogRecord] = field(default_factory=list)
    start: dict[tuple[str, int], int | None] = field(default_factory=dict)


@dataclass(slots=True)
class ScoreLog:
    """The latest score of every key that has one, the number of records that are no scores, and the newest broker time (ms), tombstones included."""

    scores: dict[bytes, Score] = field(default_factory=dict)
    unreadable: int = 0
    newest: int | None = None


async def read_sources(settings: Settings) -> SourceLog:
    """Every record that the source topics hold now."""
    log = SourceLog()
    async with _consumer(settings, *settings.topics.sources) as consumer:
        beginnings = await consumer.beginning_offsets(consumer.assignment())
        log.start = {(partition.topic, partition.partition): None for partition, offset in beginnings.items() if offset > 0}
        async for records in _chunks(consumer):
            first = records[0]
            place = first.topic, first.partition
            if log.start.get(place, first.timestamp) is None:
                log.start[place] = first.timestamp
            log.records += records
    return log


async def read_scores(settings: Settings) -> ScoreLog:
    """The scores that the score topic holds now."""
    log = ScoreLog()
    async with _consumer(settings, settings.topics.scores) as consumer:
        async for records in _chunks(consumer):
            for record in records:
                _take(log, record)
    return log


def read_agent_key(settings: Settings) -> bytes | None:
    """The key of pseudonyms, None unless agents are pseudonymous; ConfigError if the file can't serve."""
    if settings.agents != "pseudonymous" or settings.agent_key_file is None:
        return None
    try:
        key = settings.agent_key_file.read_bytes()
    except OSError as error:
        raise ConfigError("agent_key_file", (Fault("agent_key_file", error.strerror or "can't be read"),)) from None
    if not 16 <= len(key) <= 64:  # noqa: PLR2004 - what the keyed hash takes
        raise ConfigError("agent_key_file", (Fault("agent_key_file", "must hold 16 to 64 bytes"),))
    return key


def _take(log: ScoreLog, record: LogRecord) -> None:
    log.newest = max(record.timestamp, log.newest or record.timestamp)
    key = record.key or b""
    if record.value is None:
        log.scores.pop(key, None)
        return
    try:
        score = Score.model_validate_json(record.value)
        from_iso(score.as_of)
        parse_key(key)
    except ValueError:
        log.unreadable += 1
    else:
        log.scores[key] = score


@asynccontextmanager
async def _consumer(settings: Settings, *topics: str) -> AsyncIterator[Any]:
    """A started consumer of all partitions of the topics, in no group."""
    consumer = AIOKafkaConsumer(
        *topics,
        **client_options(settings.kafka),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    try:
        await consumer.start()
        yield consumer
    except UnknownTopicOrPartitionError:
        raise UsageError(f"a topic is missing, one of {', '.join(topics)}; create it with: csat-stream topics create") from None
    except KafkaError as error:
        raise BrokerUnavailable(f"{settings.kafka.bootstrap_servers}: {type(error).__name__}") from None
    finally:
        await consumer.stop()


async def _chunks(consumer: Any) -> AsyncIterator[list[LogRecord]]:
    """Records up to the ends that the topic partitions have at the start, in lists of one topic partition."""
    ends = await consumer.end_offsets(consumer.assignment())
    await consumer.seek_to_beginning()
    open_partitions = set(ends)
    silent = 0
    while open_partitions := await _unread(consumer, open_partitions, ends):
        chunks = await consumer.getmany(*open_partitions, timeout_ms=POLL_MS)
        silent = 0 if chunks else silent + 1
        if silent > SILENT_POLLS:
            raise BrokerUnavailable("the broker sends no more records, though some are left")
        for partition, records in chunks.items():
            wanted = [record for record in records if record.offset < ends[partition]]
            if wanted:
                yield wanted


async def _unread(consumer: Any, partitions: set[TopicPartition], ends: dict[TopicPartition, int]) -> set[TopicPartition]:
    positions = await asyncio.gather(*(consumer.position(partition) for partition in partitions))
    return {partition for partition, position in zip(partitions, positions, strict=True) if position < ends[partition]}
