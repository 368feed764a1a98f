"""The control topic: which generation of the state is the current one, and where its reading began."""

from __future__ import annotations

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from stream.engine.names import Names
from stream.kafka_client import client_options
from stream.settings import Settings

_KEY = b"generation"


class Generation(msgspec.Struct, frozen=True):
    """One generation. `start`: offset to begin at by topic and partition (`topic/partition`); absent places begin at the beginning."""

    number: int
    start: dict[str, int] = {}

    def first_offset(self, topic: str, partition: int) -> int:
        """Offset at which this generation begins in one topic partition."""
        return self.start.get(f"{topic}/{partition}", 0)


FIRST = Generation(1)


async def current_generation(settings: Settings) -> Generation:
    """The current generation; the first where none was ever written or the topic does not exist."""
    topic = Names(settings.app, FIRST.number).control  # all generations have the same
    consumer = AIOKafkaConsumer(**client_options(settings.kafka), enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        await consumer.start()
        if topic not in await consumer.topics():
            return FIRST
        place = TopicPartition(topic, 0)
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        await consumer.seek_to_beginning(place)
        found = FIRST
        while await consumer.position(place) < end:
            for record in (await consumer.getmany(place, timeout_ms=500)).get(place, []):
                if record.key == _KEY and record.value is not None:
                    found = msgspec.json.decode(record.value, type=Generation)
        return found
    finally:
        await consumer.stop()


async def switch_to(settings: Settings, generation: Generation) -> None:
    """Make this generation the current one."""
    topic = Names(settings.app, generation.number).control
    producer = AIOKafkaProducer(**client_options(settings.kafka), enable_idempotence=True)
    await producer.start()
    try:
        await producer.send_and_wait(topic, key=_KEY, value=msgspec.json.encode(generation), partition=0)
    finally:
        await producer.stop()
