"""Sends dead letters, and tells when all of them are acknowledged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

from schemas.deadletters import dead_letter
from schemas.read import Refused
from stream.kafka_client import LogRecord, client_options
from stream.settings import Settings

_MAX_BATCH = 1024 * 1024
_REQUEST_TIMEOUT_MS = 30_000


class Letters:
    """Writes dead letters by partition of their origin, counting them by class. The same record refused twice has the same key."""

    def __init__(self, settings: Settings, counts: Counter[str]) -> None:
        self._settings = settings
        self._counts = counts
        self._producer: AIOKafkaProducer | None = None
        self._partitions = 1

    async def start(self) -> None:
        """Connect."""
        self._producer = AIOKafkaProducer(
            **client_options(self._settings.kafka),
            acks="all",  # not idempotent: a batch that is given up would make it refuse all that come after
            max_batch_size=_MAX_BATCH,
            max_request_size=4 * _MAX_BATCH,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
        )
        await self._producer.start()
        self._partitions = len(await self._producer.partitions_for(self._settings.topics.dead_letters))

    async def stop(self) -> None:
        """Disconnect."""
        if self._producer is not None:
            await self._producer.stop()

    async def send(self, refused: Sequence[tuple[LogRecord, Refused]]) -> None:
        """Send these and wait until all are acknowledged. KafkaError where they are not within half a minute."""
        if self._producer is None:
            raise RuntimeError("not started")
        topic = self._settings.topics.dead_letters
        sent = []
        batch = self._producer.create_batch()
        partition = refused[0][0].partition % self._partitions
        for record, reason in refused:
            self._counts[reason.kind] += 1
            letter = dead_letter(record, reason)
            if batch.append(key=letter.key, value=letter.value, headers=list(letter.headers), timestamp=None) is None:
                batch.close()
                sent.append(await self._producer.send_batch(batch, topic, partition=partition))
                batch = self._producer.create_batch()
                if batch.append(key=letter.key, value=letter.value, headers=list(letter.headers), timestamp=None) is None:
                    sent.append(
                        await self._producer.send(topic, key=letter.key, value=letter.value, headers=list(letter.headers), partition=partition)
                    )
        if batch.record_count():
            batch.close()
            sent.append(await self._producer.send_batch(batch, topic, partition=partition))
        for acknowledgement in sent:
            await acknowledgement
