"""Topics: what each must be, creating them, and checking them before a worker starts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, for_code

from stream.durations import DAY, HOUR
from stream.engine.metadata import TopicIdsRequest
from stream.engine.names import Names
from stream.errors import BrokerUnavailable, StartRefused, UsageError
from stream.kafka_client import client_options
from stream.settings import Settings

BATCH_LIMIT = 16 * 1024 * 1024
"""Largest record batch of a changelog: one flush."""
_BROKERS_FOR_THREE = 3
_EXISTS = 36
_TRIES = 100
_TRY_AGAIN_SECONDS = 0.1
_SOURCE_RETENTION = 40 * DAY
MORE_PARTITIONS = (
    "a topic can't be given more partitions, since tickets would move between them: make new topics with more, bring the events over, and "
    "name them in the settings (docs/architecture.md, More partitions)"
)
"""What to do where topics were given more partitions, or should be."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it must be. `exact`: settings that must have this value; `at_least`: numbers that may be larger (-1 is unlimited)."""

    name: str
    partitions: int
    exact: dict[str, str] = field(default_factory=dict)
    at_least: dict[str, int] = field(default_factory=dict)
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as it is."""

    id: str
    partitions: int
    replicas: int


def source_topics(settings: Settings, partitions: int) -> list[Topic]:
    """The four topics that are read."""
    exact = {"cleanup.policy": "delete", "message.timestamp.type": "LogAppendTime", "unclean.leader.election.enable": "false"}
    return [Topic(name, partitions, exact, {"retention.ms": _SOURCE_RETENTION}, shared=True) for name in settings.topics.sources]


def output_topics(settings: Settings, partitions: int) -> list[Topic]:
    """Topics that are written for others."""
    kept = {"cleanup.policy": "compact", "unclean.leader.election.enable": "false"}
    letters = {"cleanup.policy": "delete", "unclean.leader.election.enable": "false"}
    return [
        Topic(settings.topics.scores, partitions, kept, {"delete.retention.ms": DAY, "min.compaction.lag.ms": 0}, shared=True),
        Topic(
            settings.topics.alerts,
            1,
            kept,
            {"delete.retention.ms": DAY, "min.compaction.lag.ms": DAY, "max.message.bytes": BATCH_LIMIT},
            shared=True,
        ),
        Topic(settings.topics.followups, partitions, kept, {"delete.retention.ms": DAY, "min.compaction.lag.ms": 0}, shared=True),
        Topic(settings.topics.silences, 1, kept, {"delete.retention.ms": DAY, "min.compaction.lag.ms": 0}, shared=True),
        Topic(
            settings.topics.dead_letters, partitions, letters, {"retention.ms": _SOURCE_RETENTION, "max.message.bytes": 2 * 1024 * 1024}, shared=True
        ),
    ]


def internal_topics(names: Names, partitions: int) -> list[Topic]:
    """Topics of one generation, and the control topic."""
    compacted = {"cleanup.policy": "compact", "unclean.leader.election.enable": "false"}
    lag = {"min.compaction.lag.ms": DAY, "delete.retention.ms": DAY}
    return [
        Topic(names.changelog, partitions, compacted, {**lag, "max.message.bytes": BATCH_LIMIT}),
        Topic(names.sums, partitions, compacted, lag),
        Topic(names.scorer, 1, {"cleanup.policy": "delete"}),
        Topic(names.outbox, 1, compacted, {"delete.retention.ms": HOUR}),
        Topic(names.control, 1, compacted, {"delete.retention.ms": HOUR}),
    ]


@asynccontextmanager
async def admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """A started admin client; BrokerUnavailable where nobody answers."""
    client = AIOKafkaAdminClient(**client_options(settings.kafka), request_timeout_ms=20_000)
    try:
        await client.start()
    except KafkaConnectionError:
        await client.close()
        raise BrokerUnavailable(f"no Kafka broker answers at {settings.kafka.bootstrap_servers}") from None
    try:
        yield client
    finally:
        await client.close()


async def find(client: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, Found]:
    """The topics among these that exist."""
    response = await client._send_request(TopicIdsRequest(list(names)))  # noqa: SLF001 (aiokafka offers no request with topic ids)
    found = {}
    for error, name, topic_id, _, partitions, *_ in response.topics:
        if error == 0:
            found[name] = Found(str(topic_id), len(partitions), min((len(partition[4]) for partition in partitions), default=1))
    return found


async def create(client: AIOKafkaAdminClient, settings: Settings, topics: Sequence[Topic]) -> list[str]:
    """Create what does not exist; gives the names of what was created."""
    existing = await find(client, [topic.name for topic in topics])
    missing = [topic for topic in topics if topic.name not in existing]
    replicas = await _replicas(client, settings)
    requests = [NewTopic(topic.name, topic.partitions, replicas, topic_configs=_configs(topic, replicas)) for topic in missing]
    if not requests:
        return []
    response = await client.create_topics(requests)
    for name, code, *rest in response.topic_errors:
        if code not in (0, _EXISTS):
            raise UsageError(f"topic {name} can't be created: {for_code(code).__name__} {rest[0] if rest and rest[0] else ''}".rstrip())
    await _until_known(client, [topic.name for topic in missing])
    return [topic.name for topic in missing]


async def _until_known(client: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    """Brokers learn of a new topic a moment after it was created."""
    for _ in range(_TRIES):
        if len(await find(client, names)) == len(names):
            return
        await asyncio.sleep(_TRY_AGAIN_SECONDS)
    raise BrokerUnavailable(f"topics were created but the broker does not know them yet: {', '.join(names)}")


def _configs(topic: Topic, replicas: int) -> dict[str, str]:
    insync = {"min.insync.replicas": "2" if replicas >= _BROKERS_FOR_THREE else "1"}
    return {**insync, **topic.exact, **{name: str(value) for name, value in topic.at_least.items()}}


async def _replicas(client: AIOKafkaAdminClient, settings: Settings) -> int:
    if settings.kafka.replication_factor is not None:
        return settings.kafka.replication_factor
    cluster = await client.describe_cluster()
    return _BROKERS_FOR_THREE if len(cluster["brokers"]) >= _BROKERS_FOR_THREE else 1


async def check(client: AIOKafkaAdminClient, settings: Settings, topics: Sequence[Topic]) -> dict[str, Found]:
    """The topics as they are; StartRefused with everything that is wrong with them."""
    existing = await find(client, [topic.name for topic in topics])
    wrong = [f"{topic.name} is missing" for topic in topics if topic.name not in existing]
    other = [topic for topic in topics if topic.name in existing and existing[topic.name].partitions != topic.partitions]
    wrong += [f"{topic.name} has {existing[topic.name].partitions} partitions instead of {topic.partitions}" for topic in other]
    replicas = await _replicas(client, settings)
    for topic in topics:
        if topic.name in existing:
            wrong += _wrong_settings(topic, await _settings_of(client, topic.name), min(replicas, existing[topic.name].replicas))
            if existing[topic.name].replicas < replicas:
                wrong.append(f"{topic.name} has {existing[topic.name].replicas} replicas instead of {replicas}")
    if wrong:
        remedy = "run `csat-stream topics create` for missing ones, change the others"
        raise StartRefused("topics are not as they must be: " + "; ".join(wrong), f"{remedy}; {MORE_PARTITIONS}" if other else remedy)
    return existing


async def _settings_of(client: AIOKafkaAdminClient, name: str) -> dict[str, str]:
    responses: list[Any] = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    return {entry[0]: entry[1] for response in responses for resource in response.resources for entry in resource[4]}


def _wrong_settings(topic: Topic, have: dict[str, str], replicas: int) -> list[str]:
    exact = {**topic.exact, "min.insync.replicas": "2" if replicas >= _BROKERS_FOR_THREE else have.get("min.insync.replicas", "1")}
    wrong = [f"{topic.name} has {name}={have.get(name)} instead of {value}" for name, value in exact.items() if have.get(name) != value]
    for name, least in topic.at_least.items():
        value = int(have.get(name, "0"))
        if value != -1 and value < least:
            wrong.append(f"{topic.name} has {name}={value}, less than {least}")
    return wrong


async def source_partitions(client: AIOKafkaAdminClient, settings: Settings) -> int:
    """Number of partitions of the source topics; StartRefused where one is missing or they differ."""
    found = await find(client, settings.topics.sources)
    missing = [name for name in settings.topics.sources if name not in found]
    if missing:
        raise StartRefused(f"source topics are missing: {', '.join(missing)}", "run `csat-stream topics create`")
    numbers = {found[name].partitions for name in settings.topics.sources}
    if len(numbers) > 1:
        counts = ", ".join(f"{name} {found[name].partitions}" for name in settings.topics.sources)
        raise StartRefused(
            f"source topics have different numbers of partitions: {counts}", f"give all four the same number and the same key; {MORE_PARTITIONS}"
        )
    return numbers.pop()
