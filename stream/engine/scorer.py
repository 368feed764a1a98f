"""The scorer: reads the sums of all partitions, publishes scores. One runs at a time; who takes over fences the one before.

Its first publication is the full set of current scores, so whatever its predecessor left half-done is healed. Nothing is
published before all sums were read, nor before now has come up to the newest score in the topic.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Sequence
from functools import lru_cache

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2
from aiokafka.structs import ConsumerRecord

from schemas.scores import score_key
from stream.clock import WallClock, steady_ms
from stream.engine import fault_points
from stream.engine.ahead import ReadAhead
from stream.engine.alert_log import ALERTS, AlertLog
from stream.engine.alerting import Alerting
from stream.engine.ending import end_if_asked
from stream.engine.fenced import FencedProducer, OwnershipLost
from stream.engine.log_reader import log_reader, places_of, read_from_beginning
from stream.engine.names import Names
from stream.engine.rest import Rest
from stream.engine.score_log import read_back
from stream.engine.source_log import BrokerLog
from stream.engine.verify import verify_marker
from stream.errors import BrokerUnavailable
from stream.outlets.health import Health
from stream.settings import Settings
from stream.state.marker import Marker
from stream.state.partition import CLAIM_KEY
from stream.windows.board import Board
from stream.windows.now import Now, NowReader
from stream.windows.published import REVISION_HEADER, ScoreRecord

log = logging.getLogger(__name__)

CLAIM = score_key("claim", {}, "now")
"""Key of the tombstone with which a scorer takes over a partition; readers see nothing of it."""
_POLL_MS = 25
_ENDS_EVERY = 1_000
_KEYS_KNOWN = 100_000


class Scorer:
    """One run of the scorer, from taking over to being stopped or refused."""

    def __init__(self, settings: Settings, names: Names, fingerprint: str, source_log: BrokerLog, health: Health) -> None:
        self._settings = settings
        self._names = names
        self._fingerprint = fingerprint
        self._source_log = source_log
        self._health = health
        self._clock = WallClock(settings.clock)
        self.alerting = Alerting(settings, health)
        self.board = Board(settings, self.alerting.needs)
        self._ahead = ReadAhead(settings, self.board)
        self._now = NowReader(fixed=settings.clock.fixed)
        self._ends: dict[tuple[str, int], int] = {}
        self._ends_at = -_ENDS_EVERY
        self._targets: dict[tuple[str, int], int] = {}
        self._floor = 0
        self._took_over = False
        self._unfinished: dict[int, Marker | None] | None = None
        self._rest = Rest()
        self._looked = -1
        self.complete = asyncio.Event()

    async def run(self, owned: asyncio.Event | None = None) -> None:
        """Take over and publish until cancelled; OwnershipLost when another scorer has taken over.

        With `owned`, read ahead until it is set.
        """
        producer = None
        consumer = log_reader(self._settings)
        delivery = None
        try:
            await consumer.start()
            read = await self._assign(consumer)
            if owned is not None:
                await self._read_ahead(consumer, read, owned)
            producer = await FencedProducer.open(self._settings, self._names.scorer_id)
            partitions = await self._claim(producer, consumer)
            self._targets = await self._source_log.all_ends()
            targets = await consumer.end_offsets(read)
            delivery = asyncio.create_task(self.alerting.deliverer.run())
            while not delivery.done():
                end_if_asked()
                await self._read(consumer)
                if self._took_over or (await _reached(consumer, targets) and self._has_whole_flushes()):
                    await self._publish(producer, partitions)
            delivery.result()
        finally:
            if delivery is not None:
                await self._end(delivery)
            await consumer.stop()
            if producer is not None:
                await producer.close()

    @property
    def has_published(self) -> bool:
        """Whether its scores stand for what is known now: it has taken over."""
        return self._took_over

    def heard(self) -> dict[int, int]:
        """The number of the last flush of each partition that it has taken in."""
        return {partition: status.flush for partition, status in self.board.status.items()}

    async def _assign(self, consumer: AIOKafkaConsumer) -> list[TopicPartition]:
        """Read the sums and the silences from their beginnings."""
        read = [*await places_of(consumer, self._names.sums), TopicPartition(self._settings.topics.silences, ALERTS)]
        await read_from_beginning(consumer, read)
        return read

    async def _read_ahead(self, consumer: AIOKafkaConsumer, places: Sequence[TopicPartition], owned: asyncio.Event) -> None:
        ends = await consumer.end_offsets(places)

        async def read() -> bool:
            await self._read(consumer)
            return await _reached(consumer, ends)

        await self._ahead.until(owned, read)

    async def _claim(self, producer: FencedProducer, consumer: AIOKafkaConsumer) -> int:
        """Fence the scorer before in every partition of the score topic, then read back what it left; gives their number."""
        topic = self._settings.topics.scores
        partitions = len(await places_of(consumer, topic))
        if not partitions:
            raise BrokerUnavailable(f"the broker does not tell the partitions of {topic}")
        claims = {number: await producer.append(topic, number, [(CLAIM, None)]) for number in range(partitions)}
        left = self._ahead.left
        await read_back(self._settings, claims, left, self._ahead.positions)
        for key, (revision, exists) in left.revisions.items():
            self.board.remember(key, revision, exists=exists)
        self._floor = left.newest
        followups = len(await places_of(consumer, self._settings.topics.followups))
        await self.alerting.take_over(AlertLog(self._settings, self._names, producer, followups))
        log.info("scorer: took over, %d scores found", sum(exists for _, exists in left.revisions.values()))
        return partitions

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        fetched = await consumer.getmany(timeout_ms=_POLL_MS)
        for place, records in fetched.items():
            if place.topic == self._settings.topics.silences:
                self.alerting.silences.apply(records)
            else:
                self.board.apply(place.partition, changes(records))
                self._rest.came(steady_ms())
        if fetched:
            await asyncio.sleep(0)

    def _has_whole_flushes(self) -> bool:
        """Whether every flush that was half in the log when all had been read has come to its end.

        Compaction may have removed what such a flush replaces, so the one before it is not whole either. Later ones do no harm: the board holds what
        they replace.
        """
        if self._unfinished is None:
            self._unfinished = self.board.unfinished()
        self._unfinished = {partition: before for partition, before in self._unfinished.items() if self.board.status.get(partition) is before}
        return not self._unfinished

    def _verify(self) -> None:
        """StartRefused where a partition's sums were made under other settings than this scorer's."""
        for status in self.board.status.values():
            verify_marker(status, self._fingerprint, {})

    async def _publish(self, producer: FencedProducer, partitions: int) -> None:
        now = await self._read_now()
        if now.time is None or now.time < self._floor:
            return
        begun = steady_ms()
        if not self._rest.is_over(begun, backlog=not (now.at_end or self._is_live(now))):
            return
        self._verify()
        changed = self.board.settle()
        fault_points.reach("before-look")
        await self._look(now.time, changed=changed, live=self._is_live(now))
        await self._publish_at(now, producer, partitions)
        if changed or not now.at_end:  # what comes after quiet is published at once
            self._rest.begin(begun, steady_ms())

    async def _look(self, now: int, *, changed: bool, live: bool) -> None:
        """Move the board to now (ms), letting the rules look wherever something may be different."""
        for tick in self.alerting.ticks(now):
            if changed or tick != self._looked:
                self.board.move(tick)
                await self.alerting.look(self.board, tick, live=live)
                self._looked = tick
        self.board.move(now)
        await self.alerting.follow(self.board, live=live)
        self._health.clock_delay = self._clock.wall() - now

    async def _end(self, delivery: asyncio.Task[None]) -> None:
        """Let what is being sent come to its end, for a moment."""
        await self.alerting.deliverer.stop()
        with contextlib.suppress(OwnershipLost, KafkaError):
            await delivery

    async def _publish_at(self, now: Now, producer: FencedProducer, partitions: int) -> None:
        caught_up = not self.complete.is_set() and self._has_caught_up(now)
        if caught_up or not self._took_over:
            await self._send(producer, partitions, self.board.current())
            self._took_over = True
            if caught_up:
                self.complete.set()
            return
        await self._send(producer, partitions, self.board.due(steady_ms()))

    def _has_caught_up(self, now: Now) -> bool:
        """Whether all that stood in the log at the start has been read, and now is where scores of all windows can be read."""
        if not self._is_live(now):
            return False
        status = self.board.status
        return now.at_end or all(offset <= _next_offset(status.get(partition), topic) for (topic, partition), offset in self._targets.items())

    def _is_live(self, now: Now) -> bool:
        return now.time is not None and self._clock.is_live(now.time)

    async def _read_now(self) -> Now:
        steady = steady_ms()
        if steady - self._ends_at >= _ENDS_EVERY:
            try:
                self._ends, self._ends_at = await self._source_log.all_ends(), steady
            except KafkaError:
                return Now(None, at_end=False)  # a broker that is away can't say; old ends would make it look as if all were read
        return self._now.read(self.board.status, self._ends, self._clock.wall(), steady)

    async def _send(self, producer: FencedProducer, partitions: int, records: Sequence[ScoreRecord]) -> None:
        if records:
            fault_points.reach("before-scores")
        by_partition: dict[int, list[ScoreRecord]] = {}
        for record in records:
            by_partition.setdefault(_partition_of(record.key, partitions), []).append(record)
        for number, own in by_partition.items():
            await producer.append_all(
                self._settings.topics.scores,
                number,
                ((record.key, record.value, [(REVISION_HEADER, str(record.revision).encode())]) for record in own),
            )
            fault_points.reach("between-scores")


@lru_cache(maxsize=_KEYS_KNOWN)
def _partition_of(key: bytes, partitions: int) -> int:
    """Where Kafka's default partitioner puts a key; the keys of scores come again and again, and 6 us each would be 4 % of a worker."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


def _next_offset(status: Marker | None, topic: str) -> int:
    return status.next_offsets.get(topic, 0) if status else 0


def changes(records: Iterable[ConsumerRecord[bytes, bytes]]) -> list[tuple[bytes, bytes | None]]:
    """What records of the sums change on a board; claims change nothing."""
    return [(record.key, record.value) for record in records if record.key is not None and record.key != CLAIM_KEY]


async def _reached(consumer: AIOKafkaConsumer, targets: dict[TopicPartition, int]) -> bool:
    positions = [await consumer.position(place) >= target for place, target in targets.items()]
    return all(positions)
