"""Fault 3: more partitions, the documented way (docs/architecture.md): new topics, the events brought over in order, a rebuild."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aiokafka.admin import NewPartitions
from engine_case import Case, Input
from engine_worker import until

from schemas.essence import Essence
from stream.audit.log import Judged, judge
from stream.audit.topics import read_sources
from stream.devkit.fill import fill
from stream.devkit.kafka import EmbeddedKafka
from stream.durations import DAY
from stream.engine import topics
from stream.engine.topics import MORE_PARTITIONS
from stream.settings import load
from tests.faults.feed import standard_load
from tests.faults.stage import NewStage, Stage

EVENTS = 6_000
NEW = ("opened", "replied", "closed", "ratings", "scores", "followups", "dead_letters")


def widened(case: Case, partitions: int) -> Case:
    """The same installation with other names for the topics whose partitions change."""
    names = case.settings.topics.model_dump()
    case.change(topics={**names, **{name: f"{names[name]}.wide" for name in NEW}})
    return Case(load(case.config), case.config, case.folder, partitions)


async def bring_over(old: Case, new: Case) -> None:
    """Every record of the old source topics to the new ones, merged by broker timestamp."""
    records = [(number, record) for number, topic in enumerate(old.settings.topics.sources) for record in await old.read(topic)]
    records.sort(key=lambda pair: pair[1].timestamp)  # stable: what one partition holds at one time stays in order
    await new.produce(Input(number, record.key, record.value, record.headers) for number, record in records)


async def judged(case: Case) -> Judged:
    """What the auditor makes of the source topics."""
    return judge((await read_sources(case.settings)).records, case.settings)


def by_ticket(found: Judged) -> dict[str, set[Essence]]:
    """What is known of each ticket, whatever partitions it was found in."""
    tickets: dict[str, set[Essence]] = {}
    for key, essences in found.tickets.items():
        tickets.setdefault(key.ticket_id, set()).update(essences)
    return tickets


@pytest.mark.timeout(300)
async def test_the_way_to_more_partitions(kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int) -> None:
    """One topic was given a third partition: refused with the way out, and that way leads to the same figures on three partitions."""
    stage = new_stage(kafka.bootstrap_servers, partitions=2)
    case = stage.case
    await case.create_topics()
    records = standard_load(EVENTS, seed, 2 * DAY)
    await fill(case.settings, records[: EVENTS // 2])
    await stage.joined()
    await case.until_read()
    await stage.stop_all()
    async with topics.admin(case.settings) as client:
        await client.create_partitions({case.settings.topics.ratings: NewPartitions(3)})
    await fill(case.settings, records[EVENTS // 2 :])
    refused = stage.launch()
    assert await until(lambda: not refused.is_running, 30)
    assert (refused.exit_code, MORE_PARTITIONS in refused.log.splitlines()[-1]) == (2, True), refused.log

    wide = Stage(widened(case, 3), stage.rng, stage.workers)
    await wide.case.create_topics()
    await bring_over(case, wide.case)
    await wide.rebuild()
    await wide.launch().until_ready()
    found = await wide.right()
    assert by_ticket(await judged(wide.case)) == by_ticket(await judged(case))
    await wide.stop_all()
    note("a partition added to a source topic: refused, then more partitions the documented way", 1, found.differences)
