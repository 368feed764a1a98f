"""`reset`: a new, empty generation of the state that begins to read at another place."""

from __future__ import annotations

import sys

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas.times import iso
from stream.cli.common import time_of, write_lines
from stream.cli.generations import delete, members
from stream.engine import topics
from stream.engine.control import Generation, current_generation, switch_to
from stream.engine.names import Names
from stream.errors import UsageError
from stream.kafka_client import client_options
from stream.settings import Settings

BEGINNING, END = "beginning", "end"


async def run_reset(settings: Settings, to: str, *, yes: bool) -> None:
    """Switch to a new generation that begins at `to`: the beginning, the end, or a time."""
    time = None if to in (BEGINNING, END) else time_of("--to", to)
    async with topics.admin(settings) as client:
        old = await current_generation(settings)
        await _refuse_while_running(client, Names(settings.app, old.number))
        names = Names(settings.app, old.number + 1)
        await _refuse_while_running(client, names)
        partitions = await topics.source_partitions(client, settings)
        start, records = await _start(settings, partitions, to, time)
        for line in _meaning(to, time, records, names.generation):
            write_lines([line])
        _confirm(yes=yes)
        await delete(client, names)
        await topics.create(client, settings, topics.internal_topics(names, partitions))
        await switch_to(settings, Generation(names.generation, start))
    write_lines([f"generation {names.generation} of the state is now the current one; start the workers"])


async def _refuse_while_running(client: AIOKafkaAdminClient, names: Names) -> None:
    running = await members(client, names.group)
    if running:
        raise UsageError(f"{running} worker{'s' if running > 1 else ''} of {names.group} still run{'s' if running == 1 else ''}; stop them first")


async def _start(settings: Settings, partitions: int, to: str, time: int | None) -> tuple[dict[str, int], int]:
    """Offset to begin at by `topic/partition`, and the number of records from there on."""
    consumer = AIOKafkaConsumer(**client_options(settings.kafka), enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for topic in settings.topics.sources for number in range(partitions)]
        first, end = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        start = first if to == BEGINNING else end
        if time is not None:
            found = await consumer.offsets_for_times(dict.fromkeys(places, time))
            start = {place: found[place].offset if found.get(place) else end[place] for place in places}
        records = sum(end[place] - start[place] for place in places)
        return {f"{place.topic}/{place.partition}": offset for place, offset in start.items() if offset}, records
    finally:
        await consumer.stop()


def _meaning(to: str, time: int | None, records: int, generation: int) -> list[str]:
    named = {BEGINNING: "the beginning of the source topics", END: "the end of the source topics"}
    where = named.get(to, f"the first records that Kafka took in at or after {iso(time or 0)}")
    return [
        f"Generation {generation} of the state begins empty, and reads from {where}: {records:,} records.",
        "Whatever lies before that is in no figure any more; scores that are published now are replaced, or removed.",
    ]


def _confirm(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nothing was changed; confirm with --yes")
    if not typer.confirm("Go on?"):
        raise UsageError("nothing was changed")
