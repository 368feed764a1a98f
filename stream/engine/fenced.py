"""A producer whose older namesakes the broker refuses.

Asking for the producer id of a transactional id raises its epoch. From then on the first batch that reaches a partition's leader makes it
refuse everything from the epochs before. No transactions are used: once the id is known, plain idempotent batches are written.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from asyncio import Future
from collections.abc import Iterable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    CorruptRecordException,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    UnknownError,
)
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

from stream.clock import steady_ms
from stream.engine import fault_points
from stream.engine.topics import BATCH_LIMIT
from stream.errors import FlushTooLarge
from stream.kafka_client import client_options
from stream.settings import Settings

Record = tuple[bytes, bytes | None]
Headers = list[tuple[str, bytes]]
_OVERHEAD = 64 * 1024
_SOFT_LIMIT = 512 * 1024
_REQUEST_TIMEOUT_MS = 30_000
_CLOSE_SECONDS = 5.0
_PATIENCE = 120_000
_AGAIN_SECONDS = 0.5
_DIGITS = 12
_MAY_PASS = (KafkaTimeoutError, UnknownError, CorruptRecordException)


class OwnershipLost(Exception):
    """The broker refused a batch, or acknowledged one in a way that can't be explained: somebody else owns this now."""


class FencedProducer:
    """Writes whole batches to given partitions, as the only one with its transactional id."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    @classmethod
    async def open(cls, settings: Settings, transactional_id: str) -> FencedProducer:
        """A producer with a new epoch. Waits for a broker that is away, two minutes at most; then KafkaError."""
        deadline = steady_ms() + _PATIENCE
        while True:
            try:
                return await cls._open(settings, transactional_id)
            except KafkaError as error:
                if not may_pass(error) or steady_ms() >= deadline:
                    raise
            await asyncio.sleep(_AGAIN_SECONDS)

    @classmethod
    async def _open(cls, settings: Settings, transactional_id: str) -> FencedProducer:
        producer = AIOKafkaProducer(
            **client_options(settings.kafka),
            transactional_id=transactional_id,
            max_batch_size=BATCH_LIMIT - _OVERHEAD,
            max_request_size=2 * BATCH_LIMIT,
            linger_ms=0,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
        )
        try:
            await producer.start()
        except BaseException:
            await cls(producer).close()
            raise
        manager = producer._txn_manager  # noqa: SLF001 (the one place where aiokafka's transactions are turned into plain fencing)
        while not manager.has_pid():  # noqa: ASYNC110 (aiokafka has no event for it)
            await asyncio.sleep(0.005)
        manager.transactional_id = None
        return cls(producer)

    async def append(self, topic: str, partition: int, records: Sequence[Record]) -> int:
        """Append all records as one batch, wholly or not at all; gives the offset of the first. FlushTooLarge where they do not fit."""
        batch = self._producer.create_batch()
        for key, value in records:
            if batch.append(key=key, value=value, timestamp=None) is None:
                raise FlushTooLarge(f"a flush of {len(records)} records does not fit one batch of {BATCH_LIMIT} bytes; {_largest(records)}")
        return await self._acknowledged(await self._send(batch, topic, partition), topic)

    async def append_all(self, topic: str, partition: int, records: Iterable[tuple[bytes, bytes | None, Headers]]) -> None:
        """Append records in order, in as many batches as it takes, and wait for all of them."""
        sent = []
        batch = self._producer.create_batch()
        for key, value, headers in records:
            if batch.size() > _SOFT_LIMIT:
                sent.append(await self._send(batch, topic, partition))
                fault_points.reach("between-batches")
                batch = self._producer.create_batch()
            if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
                raise FlushTooLarge(f"one record for {topic} does not fit a batch of {BATCH_LIMIT} bytes")
        if batch.record_count():
            sent.append(await self._send(batch, topic, partition))
        for acknowledgement in sent:
            await self._acknowledged(acknowledgement, topic)

    async def _send(self, batch: BatchBuilder, topic: str, partition: int) -> Future[RecordMetadata]:
        batch.close()
        try:
            sent: Future[RecordMetadata] = await self._producer.send_batch(batch, topic, partition=partition)
        except KafkaError as error:
            raise OwnershipLost(f"{topic}/{partition}: {type(error).__name__}") from error
        sent.add_done_callback(_seen)
        return sent

    async def _acknowledged(self, sent: Future[RecordMetadata], topic: str) -> int:
        try:
            offset: int = (await sent).offset
        except (MessageSizeTooLargeError, RecordListTooLargeError):
            raise FlushTooLarge(f"{topic} refuses a batch as too large; set its max.message.bytes to {BATCH_LIMIT} or more") from None
        except KafkaError as error:
            raise OwnershipLost(f"{topic}: {type(error).__name__}") from error
        return offset

    async def close(self) -> None:
        """Stop without waiting for long; what is unsent then is not sent any more."""
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._producer.stop()
        except (KafkaError, TimeoutError):
            await self._abandon()

    async def _abandon(self) -> None:
        """End what a stop that was cut short leaves at work: it would try to send, and keep its connections, for as long as the broker is away."""
        sender, unsent = self._producer._sender.sender_task, self._producer._message_accumulator  # noqa: SLF001 (aiokafka ends only when all is sent)
        if sender is not None:
            sender.cancel()
        unsent.fail_all(KafkaError("given up"))
        with contextlib.suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._producer.client.close()


def may_pass(error: KafkaError) -> bool:
    """Whether the same may succeed later.

    aiokafka says a plain KafkaError of a connection that ended while it looked for the coordinator, and calls some not retriable that are: its own
    timeout, and what a broker answers whose disk is full (UnknownError).
    """
    return bool(error.retriable) or isinstance(error, _MAY_PASS) or type(error) is KafkaError


def _largest(records: Sequence[Record]) -> str:
    key, value = max(records, key=lambda record: len(record[1] or b""))
    name = hashlib.sha256(key).hexdigest()[:_DIGITS]  # a key may hold a ticket's id, and that may hold anything
    return f"the largest has {len(value or b'')} bytes (SHA-256 of its key: {name}...)"


def _seen(sent: Future[RecordMetadata]) -> None:
    """Look at an error: asyncio would report one that nobody waits for any more, since the batch before was refused or the work cancelled."""
    if not sent.cancelled():
        sent.exception()
