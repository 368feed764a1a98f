"""One installation on the real broker: settings and topics of its own, events in, scores and dead letters out."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from base64 import b64decode
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from engine_worker import until

from schemas.deadletters import DeadLetter
from schemas.scores import Score, score_key
from schemas.times import iso
from stream.audit.auditor import Auditor
from stream.audit.diff import Comparison, compare
from stream.audit.log import Judged, judge
from stream.audit.topics import read_scores, read_sources
from stream.clock import real_ms
from stream.devkit.fill import fill
from stream.devkit.load import LoadRecord
from stream.durations import MINUTE
from stream.engine import topics
from stream.engine.names import Names
from stream.engine.scorer import CLAIM
from stream.engine.source_log import BrokerLog
from stream.kafka_client import LogRecord, client_options
from stream.setting_parts import Topics
from stream.settings import Settings, load
from stream.state import marker
from stream.state.marker import Marker
from stream.windows.board import STATUS_KEY

_PIECE = 500


class Input(NamedTuple):
    """One record to produce: `topic` is the index in `Topics.sources`."""

    topic: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


@dataclass(frozen=True)
class Case:
    """Settings, the file they stand in, a folder, and the number of source partitions."""

    settings: Settings
    config: Path
    folder: Path
    partitions: int

    @property
    def names(self) -> Names:
        """Internal names of the first generation."""
        return Names(self.settings.app, 1)

    def change(self, **settings: Any) -> None:
        """Change the settings file for the next worker."""
        self.config.write_text(json.dumps({**json.loads(self.config.read_text(encoding="utf-8")), **settings}), encoding="utf-8")

    async def create_topics(self) -> None:
        """Source and output topics."""
        async with topics.admin(self.settings) as client:
            wanted = [*topics.source_topics(self.settings, self.partitions), *topics.output_topics(self.settings, self.partitions)]
            await topics.create(client, self.settings, wanted)

    async def produce(self, records: Iterable[Input]) -> None:
        """Produce in order and wait for all acknowledgements."""
        producer = AIOKafkaProducer(**client_options(self.settings.kafka), acks="all", enable_idempotence=True)
        try:  # a feed may be cancelled while it starts, and `async with` would leave it open then
            await producer.start()
            sent = [
                await producer.send(self.settings.topics.sources[record.topic], record.value, key=record.key, headers=list(record.headers))
                for record in records
            ]
            for acknowledgement in sent:
                await acknowledgement
        finally:
            await producer.stop()

    async def read(self, topic: str) -> list[LogRecord]:
        """Every record that a topic holds now, in offset order within a partition."""
        consumer = AIOKafkaConsumer(
            **client_options(self.settings.kafka), enable_auto_commit=False, auto_offset_reset="earliest", max_poll_records=20_000
        )
        await consumer.start()
        try:
            await consumer._client.add_topic(topic)
            places = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            await consumer.seek_to_beginning(*places)
            records: list[LogRecord] = []
            while [place for place in places if await consumer.position(place) < ends[place]]:
                for fetched in (await consumer.getmany(timeout_ms=200)).values():
                    records += fetched
            return records
        finally:
            await consumer.stop()

    async def letters(self) -> dict[str, DeadLetter]:
        """Dead letters by key (topic/partition/offset of what they are about)."""
        records = await self.read(self.settings.topics.dead_letters)
        return {(record.key or b"").decode(): DeadLetter.model_validate_json(record.value or b"") for record in records}

    async def score_records(self) -> list[LogRecord]:
        """All records of the score topic but the scorers' claims."""
        return [record for record in await self.read(self.settings.topics.scores) if record.key != CLAIM]

    async def scores(self) -> dict[bytes, Score]:
        """The scores that stand."""
        return (await read_scores(self.settings)).scores

    async def score(self, metric: str, segment: dict[str, str], window: str) -> Score | None:
        """One of the scores that stand."""
        return (await self.scores()).get(score_key(metric, segment, window))

    async def markers(self) -> dict[int, Marker]:
        """Where the state of each partition stands, as the scorer hears it."""
        found = {}
        for record in await self.read(self.names.sums):
            if record.key == STATUS_KEY and record.value is not None:
                found[record.partition] = marker.decode(record.value)
        return found

    async def until_read(self, seconds: float = 40) -> None:
        """Wait until every record of the source topics is in the durable state."""
        log = BrokerLog(self.settings, self.partitions)
        await log.start()
        try:
            ends = await log.all_ends()
        finally:
            await log.stop()

        async def is_read() -> bool:
            markers = await self.markers()
            return all(number in markers and markers[number].next_offsets.get(topic, 0) >= end for (topic, number), end in ends.items() if end)

        assert await until(is_read, seconds, poll=0.3), "the source topics were not read to their ends"

    async def audit(self, seconds: float = 20) -> Judged:
        """Assert that the score topic holds what the auditor works out from the source topics; what is due may take a moment."""
        source = await read_sources(self.settings)
        judged = judge(source.records, self.settings)
        auditor = Auditor(judged, self.settings)
        last: list[Comparison] = []

        async def agrees() -> bool:
            log = await read_scores(self.settings)
            assert log.unreadable == 0
            last[:] = [compare(auditor, log.scores, log.newest or real_ms(), source.start)]
            return not last[0].differences

        agreed = await until(agrees, seconds, poll=0.5)
        found = last[0]
        assert agreed, f"{len(found.differences)} of {found.judged} differ: " + "; ".join(map(str, found.differences[:8]))
        assert found.judged > 0
        return judged

    async def audit_letters(self, judged: Judged) -> dict[str, DeadLetter]:
        """Assert that the dead letters are those of the auditor, each once by its key; gives them."""
        letters = await self.letters()
        expected = {f"{place.topic}/{place.partition}/{place.offset}": kind for place, kind in judged.dead_letters.items()}
        assert {key: letter.kind.value for key, letter in letters.items()} == expected
        return letters


def new_case(bootstrap_servers: str, folder: Path, *, partitions: int = 2, **overrides: Any) -> Case:
    """Settings with names that no other test uses, written to a file; the topics are not created yet."""
    prefix = f"t{uuid.uuid4().hex[:10]}"
    content = {
        "app": prefix,
        "kafka": {"bootstrap_servers": bootstrap_servers},
        "topics": {name: f"{prefix}.{name}" for name in Topics.model_fields},
        **overrides,
    }
    config = folder / f"{prefix}.yaml"
    config.write_text(json.dumps(content), encoding="utf-8")
    return Case(load(config), config, folder, partitions)


def this_minute() -> int:
    """The beginning of the current minute, ms: a `now` that stands still while the broker's clock is ahead of it by less than a minute."""
    return real_ms() // MINUTE * MINUTE


def event(kind: str, ticket: str, time_ms: int, name: str, **data: Any) -> bytes:
    """A CloudEvent in structured mode; `name` is its id."""
    body = {"specversion": "1.0", "type": kind, "source": "test", "id": name, "time": iso(time_ms), "data": {"ticket_id": ticket, **data}}
    return json.dumps(body).encode()


def original(letter: DeadLetter) -> tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]:
    """Key, value and headers of the record that a dead letter is about."""
    key, value, *rest = (None if text is None else b64decode(text) for text in (letter.key, letter.value, *(text for _, text in letter.headers)))
    return key, value, [(name, content) for (name, _), content in zip(letter.headers, rest, strict=True)]


@contextlib.asynccontextmanager
async def produced(case: Case, records: Sequence[LoadRecord], per_second: int) -> AsyncIterator[asyncio.Task[None]]:
    """Produce at this rate beside what goes on; at the end everything has been produced."""

    async def run() -> None:
        for begin in range(0, len(records), _PIECE):
            await fill(case.settings, records[begin : begin + _PIECE])
            await asyncio.sleep(_PIECE / per_second)

    task = asyncio.create_task(run())
    try:
        yield task
        await task
    finally:
        task.cancel()
