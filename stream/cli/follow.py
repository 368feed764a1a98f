"""Following the output topics as they grow: the latest scores, and dead letters counted by class."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer

from schemas.scores import Score
from schemas.times import from_iso
from stream.kafka_client import LogRecord, client_options
from stream.settings import Settings

_POLL_MS = 200


class Outputs:
    """What the output topics have said so far."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.scores: dict[bytes, Score] = {}
        self.letters: Counter[str] = Counter()
        self.now: int | None = None
        """The greatest `as_of` so far, in ms."""

    async def follow(self) -> None:
        """Read until cancelled."""
        topics = self._settings.topics
        consumer = AIOKafkaConsumer(
            topics.scores, topics.dead_letters, **client_options(self._settings.kafka), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            while True:
                for place, records in (await consumer.getmany(timeout_ms=_POLL_MS)).items():
                    self.take(place.topic, records)
                    await asyncio.sleep(0)
        finally:
            await consumer.stop()

    def take(self, topic: str, records: Iterable[LogRecord]) -> None:
        """Take in records of one of the two topics."""
        for record in records:
            if topic == self._settings.topics.dead_letters:
                self.letters[str(json.loads(record.value or b"{}").get("class", "unknown"))] += 1
            else:
                self._take_score(record)

    def _take_score(self, record: LogRecord) -> None:
        key = record.key or b""
        if record.value is None:
            self.scores.pop(key, None)
            return
        score = Score.model_validate_json(record.value)
        self.scores[key] = score
        self.now = max(self.now or 0, from_iso(score.as_of))
