"""The state's generations as `rebuild` and `reset` handle them: their topics, and who works on them."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from stream.engine import topics
from stream.engine.names import Names
from stream.errors import CsatStreamError

_LOOK_SECONDS = 0.2
_PATIENCE_LOOKS = 150


async def members(client: AIOKafkaAdminClient, group: str) -> int:
    """Number of workers in a consumer group."""
    responses: list[Any] = await client.describe_consumer_groups([group])
    return sum(len(entry[5]) for response in responses for entry in response.groups)


async def until_left(client: AIOKafkaAdminClient, group: str) -> None:
    """Wait until no worker is in the group; an error after 30 s."""
    for _ in range(_PATIENCE_LOOKS):
        if not await members(client, group):
            return
        await asyncio.sleep(_LOOK_SECONDS)
    raise CsatStreamError(f"workers of {group} still run; stop them, then delete its topics")


def own_topics(names: Names) -> list[str]:
    """The topics that belong to one generation alone."""
    return [names.changelog, names.sums, names.scorer]


async def delete(client: AIOKafkaAdminClient, names: Names) -> list[str]:
    """Delete what exists of a generation's own topics and wait until it is gone; gives their names."""
    existing = list(await topics.find(client, own_topics(names)))
    if not existing:
        return []
    await client.delete_topics(existing)
    for _ in range(_PATIENCE_LOOKS):
        if not await topics.find(client, existing):
            return existing
        await asyncio.sleep(_LOOK_SECONDS)
    raise CsatStreamError(f"Kafka has not deleted {', '.join(existing)} within 30 s; try again")
