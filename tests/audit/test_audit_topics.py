"""Reading whole topics from the real broker."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete

from schemas.scores import Score, score_key
from stream.audit.topics import read_agent_key, read_scores, read_sources
from stream.errors import BrokerUnavailable, ConfigError
from stream.settings import Settings

TIME = 1_728_043_200_000
SCORE = Score(
    metric="csat",
    segment={},
    window="1h",
    value=50.0,
    unit="percent",
    n=2,
    counts={"satisfied": 1, "rated": 2},
    low=9.4531,
    high=90.5469,
    state="insufficient_data",
    as_of="2024-10-04T12:00:00.000Z",
    revision=1,
    definition="csat/4-5-of-5",
)


def own_topics(bootstrap_servers: str) -> Settings:
    """Settings with topics that no other test uses."""
    prefix = uuid.uuid4().hex
    topics = {name: f"{prefix}.{name}" for name in ("opened", "replied", "closed", "ratings", "scores")}
    return Settings(kafka={"bootstrap_servers": bootstrap_servers}, topics=topics)


async def create(settings: Settings, admin: AIOKafkaAdminClient) -> None:
    """Make the topics, with two partitions each."""
    names = (*settings.topics.sources, settings.topics.scores)
    await admin.create_topics([NewTopic(name, 2, 1, topic_configs={"message.timestamp.before.max.ms": "9223372036854775807"}) for name in names])


async def test_sources_from_beginning_to_end(bootstrap_servers: str) -> None:
    """Every record once, in offset order; a partition that lost its beginning is named with the time of what is left."""
    settings = own_topics(bootstrap_servers)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await create(settings, admin)
        async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers) as producer:
            for offset in range(40):
                for topic in settings.topics.sources[:3]:
                    await producer.send(topic, b"v%d" % offset, key=b"k", partition=offset % 2, timestamp_ms=TIME + offset)
        opened, replied = settings.topics.opened, settings.topics.replied
        await admin.delete_records({TopicPartition(opened, 1): RecordsToDelete(5), TopicPartition(replied, 0): RecordsToDelete(20)})
    finally:
        await admin.close()
    log = await read_sources(settings)
    assert log.start == {(opened, 1): TIME + 11, (replied, 0): None}
    offsets: dict[tuple[str, int], list[int]] = {}
    for record in log.records:
        offsets.setdefault((record.topic, record.partition), []).append(record.offset)
    whole = list(range(20))
    closed = settings.topics.closed
    assert offsets == {(opened, 0): whole, (opened, 1): whole[5:], (replied, 1): whole, (closed, 0): whole, (closed, 1): whole}


async def test_latest_score_of_each_key(bootstrap_servers: str) -> None:
    """A later record replaces, a tombstone removes, what is no score is counted."""
    settings = own_topics(bootstrap_servers)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await create(settings, admin)
    finally:
        await admin.close()
    key, gone = score_key("csat", {}, "1h"), score_key("csat", {}, "4h")
    newer = SCORE.model_copy(update={"revision": 2})
    records = [(key, SCORE), (gone, SCORE), (key, newer), (gone, None)]
    async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers) as producer:
        for number, (name, score) in enumerate(records):
            value = None if score is None else score.model_dump_json().encode()
            await producer.send(settings.topics.scores, value, key=name, partition=0, timestamp_ms=TIME + number)
        await producer.send(settings.topics.scores, b"{", key=b"x", partition=1, timestamp_ms=TIME)
        impossible = SCORE.model_dump_json().replace("2024-10-04", "2024-99-04").encode()
        await producer.send(settings.topics.scores, impossible, key=key, partition=1, timestamp_ms=TIME)
    log = await read_scores(settings)
    assert log.scores == {key: newer}
    assert (log.unreadable, log.newest) == (2, TIME + 3)


async def test_no_broker(unused_tcp_port: int) -> None:
    """One line, with the address."""
    with pytest.raises(BrokerUnavailable, match=str(unused_tcp_port)):
        await read_sources(own_topics(f"127.0.0.1:{unused_tcp_port}"))


def test_agent_key(tmp_path: Path) -> None:
    """The file's bytes; none where agents are not pseudonymous; 16 to 64 bytes."""
    file = tmp_path / "key"
    settings = Settings(agents="pseudonymous", agent_key_file=file)
    with pytest.raises(ConfigError, match="agent_key_file"):
        read_agent_key(settings)
    for size, fits in ((15, False), (16, True), (64, True), (65, False)):
        file.write_bytes(b"x" * size)
        if fits:
            assert read_agent_key(settings) == b"x" * size
        else:
            with pytest.raises(ConfigError, match="16 to 64 bytes"):
                read_agent_key(settings)
    assert read_agent_key(Settings()) is None
