"""The alert topic as the scorer writes it and reads it back: alerts, and among them the clock record, the memory of the book.

The topic has one partition. What changes at one tick goes out as one record batch with the clock record at its end, so alerts and memory
always fit together, however the scorer ends.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiokafka.structs import ConsumerRecord

from stream.alerts.memory import Memory, decode
from stream.alerts.verdict import Key
from stream.engine import fault_points
from stream.engine.fenced import FencedProducer, Record
from stream.engine.names import Names
from stream.engine.read_back import read_upto
from stream.errors import StartRefused
from stream.outlets.notification import from_value
from stream.settings import Settings

log = logging.getLogger(__name__)

CLOCK_KEY = b'{"clock":"book"}'
"""Key of the record that holds the tick and the memory of every alert; its value is not for other readers."""
CLAIM_KEY = b'{"clock":"claim"}'
"""Key of the tombstone with which a scorer takes over."""
ALERTS = 0
"""The one partition of alerts, silences and outbox."""


@dataclass(slots=True)
class AlertsLeft:
    """What a scorer before left: the clock record, alerts by key, what is to be delivered, follow-ups by key, silences by key."""

    clock: bytes | None = None
    alerts: dict[bytes, bytes] = field(default_factory=dict)
    outbox: list[Record] = field(default_factory=list)
    followups: dict[bytes, bytes] = field(default_factory=dict)


class AlertLog:
    """Writes under the scorer's fence."""

    def __init__(self, settings: Settings, names: Names, producer: FencedProducer, followup_partitions: int) -> None:
        self._settings = settings
        self._names = names
        self._producer = producer
        self.followup_partitions = followup_partitions

    async def take_over(self) -> AlertsLeft:
        """Fence the scorer before in every topic of alerts, then read what it left."""
        topics = self._settings.topics
        places = [(topics.alerts, ALERTS), (self._names.outbox, ALERTS), *((topics.followups, number) for number in range(self.followup_partitions))]
        upto = {place: await self._producer.append(*place, [(CLAIM_KEY, None)]) for place in places}
        left = AlertsLeft()
        async for record in read_upto(self._settings, upto):
            if record.key is None or record.key == CLAIM_KEY:
                continue
            if record.topic == self._names.outbox:
                if _is_readable(record):
                    left.outbox.append((record.key, record.value))
            elif record.topic == topics.followups:
                _keep(left.followups, record.key, record.value)
            elif record.key == CLOCK_KEY:
                left.clock = record.value
            else:
                _keep(left.alerts, record.key, record.value)
        return left

    async def write_alerts(self, alerts: Sequence[Record], clock: bytes) -> None:
        """Append what changed at one tick and the memory after it, wholly or not at all."""
        fault_points.reach("before-alerts")
        await self._producer.append(self._settings.topics.alerts, ALERTS, [*alerts, (CLOCK_KEY, clock)])

    async def write_outbox(self, records: Sequence[Record]) -> None:
        """Append what is to be delivered, or was."""
        fault_points.reach("before-outbox")
        await self._producer.append_all(self._names.outbox, ALERTS, ((key, value, []) for key, value in records))

    async def write_followups(self, number: int, records: Sequence[Record]) -> None:
        """Append follow-ups of one partition."""
        fault_points.reach("before-follow-ups")
        await self._producer.append_all(self._settings.topics.followups, number, ((key, value, []) for key, value in records))


def clock_of(clock: bytes, topic: str) -> tuple[int, dict[Key, Memory]]:
    """Tick and memories of the clock record; StartRefused where it can't be read, since going on without would forget every alert under way."""
    try:
        return decode(clock)
    except ValueError as error:
        remedy = f"use the version that wrote it, or write a tombstone for its key {CLOCK_KEY.decode()} to begin with no alert under way"
        raise StartRefused(f"{topic}: {error}", remedy) from None


def _is_readable(record: ConsumerRecord[bytes, bytes]) -> bool:
    """Whether an outbox record can be delivered, or is a tombstone; where not it is told, and stays for whoever can read it."""
    if record.value is None:
        return True
    try:
        from_value(record.value)
    except ValueError as error:
        log.warning("%s, at offset %d; it is not delivered", error, record.offset)
        return False
    return True


def _keep(held: dict[bytes, bytes], key: bytes, value: bytes | None) -> None:
    if value is None:
        held.pop(key, None)
    else:
        held[key] = value
