"""Following the output topics as they grow: the latest scores, alerts, and dead letters counted by class."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer

from schemas.alerts import Alert, parse_key
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
        self.alerts: dict[bytes, Alert] = {}
        """What is known of each rule and segment; single ratings are left out."""
        self.news: deque[Alert] = deque()
        """What people were notified of, oldest first; whoever shows it takes it away."""
        self.now: int | None = None
        """The greatest `as_of` so far, in ms."""

    async def follow(self) -> None:
        """Read until cancelled."""
        topics = self._settings.topics
        consumer = AIOKafkaConsumer(
            topics.scores,
            topics.dead_letters,
            topics.alerts,
            **client_options(self._settings.kafka),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
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
        """Take in records of one of the topics."""
        for record in records:
            if topic == self._settings.topics.dead_letters:
                self.letters[str(json.loads(record.value or b"{}").get("class", "unknown"))] += 1
            elif topic == self._settings.topics.alerts:
                self._take_alert(record)
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

    def _take_alert(self, record: LogRecord) -> None:
        key = record.key or b""
        if not _is_of_a_rule(key):
            return
        if record.value is None:
            self.alerts.pop(key, None)
            return
        alert = Alert.model_validate_json(record.value)
        self.alerts[key] = alert
        if alert.notify:
            self.news.append(alert)


def _is_of_a_rule(key: bytes) -> bool:
    """Whether a key is that of a rule in a segment: no single rating, nor the program's own memory."""
    try:
        return parse_key(key).ticket is None
    except ValueError:
        return False
