"""Both jobs with csat-stream's engine: its transport, claims, atomic flushes and fencing, around a state of tickets and sums by team and hour."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterable

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from bench.peers.hourly import SUM_KEY, Hourly, place_of, sums_of
from bench.peers.job import TICKET_TOPICS, Job, from_environment
from stream.engine import topics
from stream.engine.control import FIRST
from stream.engine.fenced import FencedProducer
from stream.engine.log_reader import places_of
from stream.engine.slots import Slots
from stream.engine.worker import Worker
from stream.kafka_client import client_options
from stream.rules import Rules
from stream.settings import Settings

_POLL_MS = 100
_PARTITION = 0


def settings_of(job: Job) -> Settings:
    """The settings of a job; W1 has one topic, the other three are its own and stay empty."""
    names = ("opened", "replied", "closed", "ratings")
    sources = dict(zip(names, (job.prefix + topic for topic in TICKET_TOPICS), strict=True))
    if job.name == "w1":
        sources = {name: f"{job.app}.{name}" for name in names[:3]} | {"ratings": job.inputs[0]}
    named = {**sources, "dead_letters": f"{job.app}.dead_letters"}
    return Settings.model_validate({"app": job.app, "kafka": {"bootstrap_servers": job.broker}, "topics": named, "segments": [["team"]]})


class HourlyWorker(Worker):
    """A worker that keeps the state of these jobs, and adds up the sums of all partitions in place of publishing scores."""

    def __init__(self, settings: Settings, job: Job) -> None:
        super().__init__(settings, FIRST)
        self._job = job
        self._adding: asyncio.Task[None] | None = None

    async def _check_topics(self, client: AIOKafkaAdminClient) -> tuple[int, dict[str, str]]:
        """The topics of the bench are none of ours: nothing is asked of them but their partitions."""
        sources = self._settings.topics.sources
        found = await topics.find(client, sources)
        partitions = found[self._settings.topics.ratings].partitions
        empty = [topics.Topic(name, partitions) for name in (*sources, self._settings.topics.dead_letters) if name not in found]
        await topics.create(client, self._settings, [*empty, *topics.internal_topics(self._names, partitions)])
        found = await topics.find(client, sources)
        return partitions, {name: found[name].id for name in sources}

    def _make_slots(self, rules: Rules, topic_ids: dict[str, str]) -> Slots:
        slots = super()._make_slots(rules, topic_ids)
        slots.new_partition = Hourly
        return slots

    async def _on_owner_change(self) -> None:
        if self._slots.owns_scorer and self._adding is None:
            self._adding = asyncio.create_task(self._add_up())

    async def _add_up(self) -> None:
        """Read the sums of all partitions and write the total of every team and hour that changed."""
        producer = await FencedProducer.open(self._settings, self._names.scorer_id)
        consumer = AIOKafkaConsumer(**client_options(self._settings.kafka), enable_auto_commit=False, auto_offset_reset="earliest")
        await consumer.start()
        consumer.assign(await places_of(consumer, self._names.sums))
        known: dict[bytes, dict[int, tuple[int, ...]]] = {}
        while True:
            changed: set[bytes] = set()
            for place, records in (await consumer.getmany(timeout_ms=_POLL_MS)).items():
                for record in records:
                    if record.key[:1] == SUM_KEY:
                        known.setdefault(record.key, {})[place.partition] = sums_of(record.value)
                        changed.add(record.key)
            if changed:
                await producer.append_all(self._job.out, _PARTITION, ((key, _total(key, known[key].values()), []) for key in changed))


def _total(key: bytes, parts: Iterable[tuple[int, ...]]) -> bytes:
    n, satisfied, n_frt, sum_frt = (sum(column) for column in zip(*parts, strict=True))
    team, hour = place_of(key)
    return msgspec.json.encode({"team": team, "window": hour, "n": n, "satisfied": satisfied, "n_frt": n_frt, "sum_frt": sum_frt})


async def run() -> None:
    """Work until SIGTERM."""
    job, stop = from_environment(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await HourlyWorker(settings_of(job), job).run(stop)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())
