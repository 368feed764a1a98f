"""What a worker checks at its start: it refuses with exit code 2, naming problem and remedy, or goes on where that is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic, RecordsToDelete
from engine_case import Case, Input, event, this_minute
from engine_worker import WorkerProcess, until

from stream.durations import HOUR
from stream.engine import topics
from stream.engine.fenced import FencedProducer, Record
from stream.engine.topics import Topic
from stream.state import marker
from stream.state.partition import MARKER_KEY

Start = Callable[..., WorkerProcess]
New = Callable[..., Case]
REBUILD = "csat-stream rebuild"
CREATE = "csat-stream topics create"


async def assert_refused(worker: WorkerProcess, problem: str, remedy: str) -> None:
    """It ends by itself with exit code 2; its last line names problem and remedy, and there is no traceback."""
    assert await until(lambda: not worker.is_running, 30), worker.log
    last = worker.log.splitlines()[-1]
    assert (worker.exit_code, problem in last, remedy in last, "Traceback" in worker.log) == (2, True, True, False), worker.log


async def create(case: Case, wanted: Sequence[Topic]) -> None:
    """Topics as they are given."""
    async with topics.admin(case.settings) as client:
        await topics.create(client, case.settings, wanted)


def ratings(name: str, time_ms: int, count: int) -> list[Input]:
    """Ratings of one ticket, all in one partition."""
    return [
        Input(3, name.encode(), event("rating.submitted", name, time_ms, f"r-{number}", score=5, survey_id=f"s{number}")) for number in range(count)
    ]


async def with_state(new: New, start: Start, *, partitions: int = 1, **settings: object) -> Case:
    """An installation whose worker has read ten ratings and has been stopped."""
    now = this_minute()
    case = new(partitions=partitions, clock={"fixed": now}, **settings)
    await case.create_topics()
    await case.produce(ratings("one", now - HOUR, 10))
    worker = start(case, "first")
    await worker.until_ready()
    assert await worker.stop() == 0, worker.log
    return case


async def append(case: Case, records: Sequence[Record]) -> None:
    """Write to the changelog of partition 0 as its owner would."""
    producer = await FencedProducer.open(case.settings, case.names.owner_id(0))
    try:
        await producer.append(case.names.changelog, 0, records)
    finally:
        await producer.close()


async def last_marker(case: Case) -> marker.Marker:
    """The marker that the state ends with."""
    return [marker.decode(record.value or b"") for record in await case.read(case.names.changelog) if record.key == MARKER_KEY][-1]


async def test_missing_source_topic(new: New, start: Start) -> None:
    """Each missing topic is named, and how to create it."""
    case = new()
    await create(case, topics.source_topics(case.settings, 2)[:2])
    await assert_refused(start(case, "a"), f"source topics are missing: {case.settings.topics.closed}, {case.settings.topics.ratings}", CREATE)


async def test_missing_output_topic(new: New, start: Start) -> None:
    """The score topic is not made silently."""
    case = new()
    await create(case, topics.source_topics(case.settings, 2))
    await assert_refused(start(case, "a"), f"{case.settings.topics.scores} is missing", CREATE)


async def test_different_numbers_of_partitions(new: New, start: Start) -> None:
    """Topics that are not co-partitioned can't be read together."""
    case = new()
    sources = topics.source_topics(case.settings, 2)
    await create(case, [*sources[:3], replace(sources[3], partitions=3), *topics.output_topics(case.settings, 2)])
    await assert_refused(start(case, "a"), f"{case.settings.topics.ratings} 3", "give all four the same number")


@pytest.mark.parametrize(("name", "value"), [("message.timestamp.type", "CreateTime"), ("cleanup.policy", "compact"), ("retention.ms", "3600000")])
async def test_wrong_settings_of_a_source_topic(new: New, start: Start, name: str, value: str) -> None:
    """The setting is named as it is and as it must be."""
    case = new()
    sources = topics.source_topics(case.settings, 2)
    await create(case, [*sources[1:], *topics.output_topics(case.settings, 2)])
    async with topics.admin(case.settings) as client:
        await client.create_topics([NewTopic(sources[0].name, 2, 1, topic_configs={**sources[0].exact, "retention.ms": "-1", name: value})])
    await assert_refused(start(case, "a"), f"{case.settings.topics.opened} has {name}={value}", "change the others")


async def test_topic_made_anew(new: New, start: Start) -> None:
    """The state speaks of records that another topic of the same name never held."""
    case = await with_state(new, start)
    async with topics.admin(case.settings) as client:
        await client.delete_topics([case.settings.topics.ratings])

        async def is_gone() -> bool:
            return not await topics.find(client, [case.settings.topics.ratings])

        assert await until(is_gone, 10)
    await case.create_topics()
    await assert_refused(start(case, "second"), f"{case.settings.topics.ratings} was deleted and made anew", REBUILD)


async def test_log_shorter_than_the_state(new: New, start: Start) -> None:
    """A source log that has lost its end."""
    case = await with_state(new, start)
    found = await last_marker(case)
    ahead = {topic: offset + 1000 for topic, offset in found.next_offsets.items()}
    await append(case, [(MARKER_KEY, marker.encode(msgspec.structs.replace(found, next_offsets=ahead)))])
    await assert_refused(start(case, "second"), "ends at offset 10, but 1010 records of it are in the state", REBUILD)


async def test_foreign_fingerprint(new: New, start: Start) -> None:
    """State that was made for other segments."""
    case = await with_state(new, start)
    case.change(segments=[["product"]])
    await assert_refused(start(case, "second"), "the state was made under other settings", REBUILD)


async def test_foreign_fingerprint_beside_a_worker(new: New, start: Start) -> None:
    """It is refused before it joins the group, even where another worker holds every partition: nothing is claimed."""
    case = await with_state(new, start)
    good = start(case, "good")
    await good.until_ready()
    claims = good.log.count("claimed")
    case.change(segments=[["product"]])
    other = start(case, "other")
    await assert_refused(other, "the state was made under other settings", REBUILD)
    assert "claimed" not in other.log
    assert good.log.count("claimed") == claims
    assert await good.stop() == 0


async def test_unknown_format(new: New, start: Start) -> None:
    """State of a version that this one does not know."""
    case = await with_state(new, start)
    await append(case, [(MARKER_KEY, marker.encode(msgspec.structs.replace(await last_marker(case), format=99)))])
    await assert_refused(start(case, "second"), "format 99", REBUILD)


async def test_older_format(new: New, start: Start) -> None:
    """State of the format before, whose minima are times without names: refused before any of it is read."""
    case = await with_state(new, start)
    older = marker.encode(msgspec.structs.replace(await last_marker(case), format=1))
    await append(case, [(b"W0|{}", msgspec.msgpack.encode(this_minute())), (MARKER_KEY, older)])
    await assert_refused(start(case, "second"), "format 1,", REBUILD)


async def test_data_without_a_marker(new: New, start: Start) -> None:
    """Something wrote into the changelog that no flush has ended."""
    case = new(partitions=1)
    await case.create_topics()
    await create(case, topics.internal_topics(case.names, 1))
    await append(case, [(b"Tone", b"?")])
    await assert_refused(start(case, "a"), "has data without a marker", REBUILD)


async def test_retention_cut_the_log(new: New, start: Start) -> None:
    """Records that were removed unread are counted as lost and logged, and the worker goes on with what is left."""
    case = await with_state(new, start)
    now = case.settings.clock.fixed or 0
    await case.produce(ratings("two", now - HOUR, 20))
    async with topics.admin(case.settings) as client:
        await client.delete_records({TopicPartition(case.settings.topics.ratings, 0): RecordsToDelete(16)})
    worker = start(case, "second")
    await worker.until_ready()
    assert f"{case.settings.topics.ratings}/0: 6 records were removed by retention before they were read; they are lost" in worker.log
    await case.until_read()
    csat = await case.score("csat", {}, "4h")
    assert csat is not None
    assert csat.n == 24
