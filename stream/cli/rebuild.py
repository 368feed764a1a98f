"""`rebuild`: the state made anew from the source topics beside the old one, then switched to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiokafka.admin import AIOKafkaAdminClient

from stream.cli.common import write_lines
from stream.cli.generations import delete, members, own_topics, until_left
from stream.cli.steps import Steps, steps
from stream.engine import topics
from stream.engine.control import Generation, current_generation, switch_to
from stream.engine.names import Names
from stream.engine.source_log import BrokerLog
from stream.engine.worker import Worker
from stream.errors import UsageError
from stream.settings import Settings

_LOOK_SECONDS = 1.0


async def run_rebuild(settings: Settings, *, delete_old: bool) -> None:
    """Fill the next generation, switch to it, and say what is left of the old one."""
    async with topics.admin(settings) as client:
        old = await current_generation(settings)
        new = Generation(old.number + 1, old.start)
        names, before = Names(settings.app, new.number), Names(settings.app, old.number)
        if await members(client, names.group):
            raise UsageError(f"generation {new.number} is being built already; wait for it, or stop that rebuild")
        await delete(client, names)
        with steps() as told:
            told.say(f"building generation {new.number} of the state")
            await _fill(settings, client, new, told)
        await switch_to(settings, new)
        write_lines([f"generation {new.number} of the state is now the current one; workers of the old one stop within 5 s: start them again"])
        await _tidy(client, before, delete_old=delete_old)


async def _fill(settings: Settings, client: AIOKafkaAdminClient, generation: Generation, told: Steps) -> None:
    """Run a worker that publishes nothing until it has caught up."""
    worker, stop = Worker(settings, generation, publish=False), asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    caught_up = asyncio.create_task(worker.caught_up.wait())
    async with _progress(settings, client, Names(settings.app, generation.number), told):
        await asyncio.wait((running, caught_up), return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        caught_up.cancel()
        await running


@contextlib.asynccontextmanager
async def _progress(settings: Settings, client: AIOKafkaAdminClient, names: Names, told: Steps) -> AsyncIterator[None]:
    task = asyncio.create_task(_watch(settings, client, names, told))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _watch(settings: Settings, client: AIOKafkaAdminClient, names: Names, told: Steps) -> None:
    """Tell how many events are in the new state."""
    source_log = BrokerLog(settings, await topics.source_partitions(client, settings))
    await source_log.start()
    try:
        ends = await source_log.all_ends()
        total = sum(ends.values())
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            offsets = await client.list_consumer_group_offsets(names.group)
            done = sum(max(0, offset.offset) for place, offset in offsets.items() if (place.topic, place.partition) in ends)
            told.update(f"building generation {names.generation} of the state: {min(done, total):,} of {total:,} records")
    finally:
        await source_log.stop()


async def _tidy(client: AIOKafkaAdminClient, old: Names, *, delete_old: bool) -> None:
    existing = await topics.find(client, own_topics(old))
    if not existing:
        return
    if not delete_old:
        write_lines(["topics of the old generation, no longer used (--delete-old would have deleted them):"])
        for name in existing:
            write_lines([f"  {name}"])
        return
    await until_left(client, old.group)
    for name in await delete(client, old):
        write_lines([f"deleted  {name}"])
