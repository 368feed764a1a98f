"""For each check at the start of a worker one situation in which it matters: what went wrong is told in a few words, nothing where it is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic, RecordsToDelete
from engine_case import Case
from engine_worker import until

from schemas.read import Reader
from stream.clock import real_ms
from stream.durations import HOUR
from stream.engine import topics
from stream.engine.fenced import FencedProducer
from stream.engine.topics import Topic
from stream.errors import StartRefused
from stream.kpis.registry import layout
from stream.rules import rules_of
from stream.state import marker
from stream.state.partition import MARKER_KEY, Flush, Partition
from stream.windows.spans import panes_held_from
from tests.faults.situation import RATINGS, Run, Scenario, make_anew, rate


async def with_state(case: Case) -> marker.Marker:
    """All topics, ten ratings, and the state that a worker would have made of them; gives its marker."""
    flush = await _first_flush(case)
    await append(case, flush.state)
    return flush.marker


async def _first_flush(case: Case) -> Flush:
    """All topics, ten ratings, and the flush that a worker would make of them."""
    await case.create_topics()
    async with topics.admin(case.settings) as client:
        await topics.create(client, case.settings, topics.internal_topics(case.names, case.partitions))
        found = await topics.find(client, case.settings.topics.sources)
    await rate(case, 0)
    settings, topic = case.settings, case.settings.topics.ratings
    partition = Partition(rules_of(settings, layout=layout()), {name: each.id for name, each in found.items()})
    partition.apply(topic, await case.read(topic), Reader(settings.scale_rules, settings.follow_up.tags), lambda _record, _why: None)
    return partition.flush(*panes_held_from(real_ms()))


async def append(case: Case, records: Sequence[tuple[bytes, bytes | None]]) -> None:
    """Write to the changelog of partition 0 as its owner would."""
    producer = await FencedProducer.open(case.settings, case.names.owner_id(0))
    try:
        await producer.append(case.names.changelog, 0, records)
    finally:
        await producer.close()


async def started(run: Run, refusal: str) -> str:
    """What a worker does that must be refused, or must say so, with this text."""
    worker = run.launch()
    await until(lambda: not worker.is_running or refusal in worker.log or worker.ready_file.exists(), 40)
    if refusal in worker.log:
        return ""
    assert worker.exit_code != StartRefused.exit_code, f"another check refuses it: {worker.log}"
    return "starts without a word of it" if worker.is_running else f"is not refused, but ends: {worker.log.splitlines()[-1]}"


async def _with_marker(run: Run, refusal: str, **changes: object) -> str:
    last = await with_state(run.case)
    await append(run.case, [(MARKER_KEY, marker.encode(msgspec.structs.replace(last, **changes)))])
    return await started(run, refusal)


async def unknown_format(run: Run) -> str:
    """A state of a format that nobody knows."""
    return await _with_marker(run, "format 99", format=99)


async def foreign_fingerprint(run: Run) -> str:
    """A state that was made under other settings."""
    return await _with_marker(run, "made under other settings", fingerprint="other")


async def shorter_log(run: Run) -> str:
    """A state with more records than the source log has."""
    return await _with_marker(run, "the log lost data", next_offsets={run.case.settings.topics.ratings: 1000})


async def source_made_anew(run: Run) -> str:
    """A source topic that was deleted and made anew."""
    await with_state(run.case)
    await make_anew(run.case, run.case.settings.topics.closed)
    return await started(run, "was deleted and made anew")


async def cut_log(run: Run) -> str:
    """A source log that retention has cut behind what the state holds."""
    await with_state(run.case)
    await rate(run.case, RATINGS)
    async with topics.admin(run.case.settings) as client:
        await client.delete_records({TopicPartition(run.case.settings.topics.ratings, 0): RecordsToDelete(15)})
    return await started(run, "5 records were removed by retention before they were read")


async def no_marker(run: Run) -> str:
    """Records in the changelog that no marker ends."""
    flush = await _first_flush(run.case)
    await append(run.case, flush.state[:-1])
    return await started(run, "has data without a marker")


async def _create(run: Run, others: Sequence[Topic], *, but: str = "") -> None:
    """All topics but one, and those given in place of the usual ones."""
    case = run.case
    usual = [
        *topics.source_topics(case.settings, 1),
        *topics.output_topics(case.settings, 1),
        *topics.internal_topics(case.names, 1),
    ]
    named = {topic.name: topic for topic in [*usual, *others] if topic.name != but}
    async with topics.admin(case.settings) as client:
        await topics.create(client, case.settings, list(named.values()))


async def unlike_sources(run: Run) -> str:
    """A source topic with more partitions than the others."""
    last = topics.source_topics(run.case.settings, 1)[-1]
    await _create(run, [replace(last, partitions=2)])
    return await started(run, "source topics have different numbers of partitions")


async def missing_output(run: Run) -> str:
    """No topic for scores."""
    name = run.case.settings.topics.scores
    await _create(run, [], but=name)
    return await started(run, f"{name} is missing")


async def wrong_settings(run: Run) -> str:
    """A source topic whose timestamps producers may choose."""
    return await _with_settings(run, {"retention.ms": "-1", "message.timestamp.type": "CreateTime"}, "message.timestamp.type=CreateTime")


async def short_retention(run: Run) -> str:
    """A source topic that keeps its records for an hour."""
    return await _with_settings(run, {"retention.ms": str(HOUR)}, f"retention.ms={HOUR}, less than ")


async def _with_settings(run: Run, wrong: Mapping[str, str], refusal: str) -> str:
    first = topics.source_topics(run.case.settings, 1)[0]
    await _create(run, [], but=first.name)
    async with topics.admin(run.case.settings) as client:
        await client.create_topics([NewTopic(first.name, 1, 1, topic_configs={**first.exact, **wrong})])
    return await started(run, f"{first.name} has {refusal}")


async def other_partitions(run: Run) -> str:
    """A changelog with another number of partitions."""
    changelog = topics.internal_topics(run.case.names, 2)[0]
    await _create(run, [changelog])
    return await started(run, f"{changelog.name} has 2 partitions instead of 1")


AT_START: dict[str, Scenario] = {
    "format of the state": unknown_format,
    "fingerprint of the state": foreign_fingerprint,
    "ids of the source topics": source_made_anew,
    "end of a source log": shorter_log,
    "beginning of a source log": cut_log,
    "data without a marker": no_marker,
    "one number of partitions": unlike_sources,
    "topics exist": missing_output,
    "settings of topics": wrong_settings,
    "least settings of topics": short_retention,
    "partitions of internal topics": other_partitions,
}
"""The situation for each check, by the name under which it is taken out."""
