"""One partition as a worker owns it: its state, its producer, and the flush that makes the state durable.

The order of a flush is fixed: dead letters acknowledged, then the state as one record batch, then its sums; only then may the
offsets be committed and the next flush begin. Sums leave only once they are durable: a replay may interleave the four topics
differently and would never take back a sum that only the first run had.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
from aiokafka.errors import KafkaError

from schemas.read import Reader, Refused
from stream.clock import WallClock, real_ms, steady_ms
from stream.engine import fault_points
from stream.engine.fenced import FencedProducer, OwnershipLost, may_pass
from stream.engine.interval import FlushInterval
from stream.engine.letters import Letters
from stream.engine.local_store import LocalStore, remove
from stream.engine.names import Names
from stream.engine.room import MOST_EVENTS, Room
from stream.errors import LogDamaged
from stream.kafka_client import LogRecord
from stream.state import marker
from stream.state.marker import Marker
from stream.state.partition import CLAIM_KEY, MARKER_KEY, TICKET_KEY, Partition, Record
from stream.windows.board import STATUS_KEY
from stream.windows.spans import panes_held_from


class Slot:
    """The state of one partition in this worker, with its copy on the local disk if there is one.

    `position`: first changelog offset that the state does not hold; `ceiling`: of its room.
    """

    def __init__(
        self,
        number: int,
        names: Names,
        partition: Partition,
        ceiling: int = MOST_EVENTS,
        *,
        topic_ids: Mapping[str, str] | None = None,
        local: LocalStore | None = None,
    ) -> None:
        self.number = number
        self.names = names
        self.partition = partition
        self._topic_ids = topic_ids or {}
        self.position = 0
        self.claimed_at = -1
        self.claimed_since = 0
        self.contiguous = True
        self.recovered = False
        self.lost = False
        self.producer: FencedProducer | None = None
        self._is_claiming = False
        self.timer: asyncio.Task[None] | None = None
        """Whoever lets the next flush go out."""
        self.durable: dict[str, int] = {}
        self.durable_flush = 0
        self.flushing = asyncio.Lock()
        self.refused: list[tuple[LogRecord, Refused]] = []
        self.room = Room(partition.rules.segmenter.lists, ceiling)
        self._interval = FlushInterval()
        self._local = local
        if local is not None:
            partition.load(local.others())
            partition.resume(local.place.last_sums)
            self.position = local.place.position

    @property
    def is_ready(self) -> bool:
        """Whether events may go in."""
        return self.recovered and not self.lost and not self.is_changing_hands

    @property
    def is_changing_hands(self) -> bool:
        """Whether a claim is under way, or there has been none: nothing may go out."""
        return self._is_claiming or self.producer is None

    async def claim(self, producer: FencedProducer, worker: str) -> bool:
        """Take over: from here on the broker refuses older owners. Tells whether the state in memory is still the newest."""
        # A copy may read its own claim before the acknowledgement of it is here.
        was_last, before = self.is_settled, self.position
        self.producer = producer
        self._is_claiming = True  # until it is known whether the state is the newest nothing of it may go out
        fault_points.reach("before-claim")
        await producer.append(self.names.sums, self.number, [(CLAIM_KEY, worker.encode())])
        fault_points.reach("between-claims")
        offset = await producer.append(self.names.changelog, self.number, [(CLAIM_KEY, worker.encode())])
        self._is_claiming = False
        if offset < before:
            raise self._damaged(f"ends at offset {offset}, but {before} had been acknowledged")
        kept = was_last and offset == before
        self.claimed_at = offset
        if kept:
            self.position = offset + 1
        return kept

    @property
    def is_settled(self) -> bool:
        """Whether everything sent was acknowledged, so that the state is worth keeping over a rebalance."""
        return self.recovered and not self.lost and not self.flushing.locked()

    async def until_settled(self) -> None:
        """Wait for a flush under way; it ends by itself, with an acknowledgement or a refusal."""
        async with self.flushing:
            return

    def continues(self, begins: int | None) -> bool:
        """Whether changelog records that begin at an offset (None: unknown) leave no hole behind the position."""
        return begins is not None and begins <= self.position

    def load(self, begins: int | None, records: Sequence[LogRecord]) -> None:
        """Take in changelog records that begin at an offset; a hole is noted and nothing behind it is taken."""
        if not self.continues(begins):
            self.contiguous = False
        if not self.contiguous or records[-1].offset < self.position:
            return
        fresh = [(record.key or b"", record.value) for record in records if record.offset >= self.position]
        if self._local is not None:
            self._verify_order(fresh)
        self.partition.load(fresh)
        self.position = records[-1].offset + 1
        if self._local is not None:
            self._local.flushed()
            self._commit(fresh, records[-1].timestamp)

    def _verify_order(self, records: Sequence[Record]) -> None:
        """LogDamaged where a flush comes that is not newer than the copy: the log has lost what the copy holds, and was written on without it."""
        newest = self.partition.flush_number
        for key, value in records:
            if key == MARKER_KEY and value is not None:
                number = marker.decode(value).flush
                if number <= newest:
                    raise self._damaged(f"has flush {number} behind flush {newest}")
                newest = number

    def _commit(self, records: Sequence[Record], written: int) -> None:
        """Bring these records of the changelog, which end before the position and were written at a time (ms), to the local disk."""
        if self._local is not None:
            others = [(key, value) for key, value in records if key[:1] not in (TICKET_KEY, CLAIM_KEY)]
            self._local.commit(others, self.position, written, None if self.partition.loading else self.partition.last_sums)

    def apply(self, topic: str, records: Sequence[LogRecord], reader: Reader) -> int:
        """Take in a piece of source records; gives how many records that were, so that a flush can come between."""
        self._interval.taken(real_ms() - records[-1].timestamp, steady_ms())
        piece = records[: self.room.events]
        self.partition.apply(topic, piece, reader, self._refuse)
        if self.room.took(len(piece)):
            self.partition.settle()
            self.room.settled(self.partition.weight)
        return len(piece)

    def _refuse(self, record: LogRecord, refused: Refused) -> None:
        self.refused.append((record, refused))

    @property
    def is_full(self) -> bool:
        """Whether the next flush should go out now."""
        return self.room.is_full(self.partition.weight)

    def wait_before_flush(self, interval: int) -> int:
        """How long (ms) the next flush has to wait."""
        return self._interval.wait(interval, steady_ms())

    async def flush(self, letters: Letters, clock: WallClock) -> None:
        """Make everything durable that has changed. OwnershipLost where somebody else owns the partition now.

        A flush that fails or is cancelled is the last one: memory is ahead of the log then, and what comes next would leave a hole in it.
        """
        async with self.flushing:
            if not self.is_ready or not self.partition.changed:
                return
            try:
                await self._flush(letters, clock)
            except BaseException:
                self.lost = True
                raise

    async def _flush(self, letters: Letters, clock: WallClock) -> None:
        producer = self.producer
        while self.refused:
            refused, self.refused = self.refused, []
            try:
                await letters.send(refused)
            except KafkaError as error:
                if not may_pass(error):
                    raise
                raise OwnershipLost(f"dead letters: {type(error).__name__}") from error
        if producer is None or self.lost:
            raise OwnershipLost("let go of while dead letters went out")
        begun = steady_ms()
        flush = self.partition.flush(*panes_held_from(clock.wall()), self.room.share)
        if len(flush.state) > 1:  # the first flush after a recovery may be a marker alone, and what comes next need not wait for it
            self._interval.flushed(begun, steady_ms())
        self.room.begun()
        fault_points.reach("before-flush")
        end = marker.encode(self._named(flush.marker))
        state = [*flush.state[:-1], (MARKER_KEY, end)]
        offset = await producer.append(self.names.changelog, self.number, state)
        self._check(offset)
        self.position = offset + len(state)
        if not self.lost:
            self._commit(state, real_ms())
        fault_points.reach("before-sums")
        await self._send_sums(producer, [*flush.sums, (STATUS_KEY, end)])
        fault_points.reach("before-commit")
        self.durable, self.durable_flush = flush.marker.next_offsets, flush.number
        self.room.flushed()

    def _named(self, found: Marker) -> Marker:
        """A marker that names the topics of the state beside the source topics: one that was made anew must not be taken for the old one."""
        return msgspec.structs.replace(found, topic_ids={**found.topic_ids, **self._topic_ids})

    def _check(self, offset: int) -> None:
        if offset < self.position:
            raise self._damaged(f"appended at offset {offset}, but {self.position} was expected")
        if offset != self.position:
            raise OwnershipLost(f"{self.names.changelog}/{self.number}: appended at {offset} instead of {self.position}")

    def _damaged(self, what: str) -> LogDamaged:
        """The log has lost data. A copy on the disk would hide it from the next start, so it is removed."""
        if self._local is not None:
            self._local.close()
            remove(self._local.folder)
        return LogDamaged(f"{self.names.changelog}/{self.number} {what}: the log has lost data; run `csat-stream rebuild`")

    async def _send_sums(self, producer: FencedProducer, records: Sequence[tuple[bytes, bytes | None]]) -> None:
        await producer.append_all(self.names.sums, self.number, ((key, value, []) for key, value in records))

    async def send_last_sums(self) -> None:
        """After a recovery: the sums of the last flush once more, since its writer may have ended before they went out."""
        if self.producer is not None and self.partition.flush_number:
            status = (STATUS_KEY, marker.encode(self._named(self.partition.marker())))
            await self._send_sums(self.producer, [*self.partition.sum_records(), status])
        fault_points.reach("after-recovery")
        self.durable = dict(self.partition.next_offsets)

    async def close(self) -> None:
        """Let go of the producer."""
        producer, self.producer = self.producer, None
        if producer is not None:
            await producer.close()

    def close_local(self) -> None:
        """Let go of the copy on the disk: what goes into the state from here on is not in it."""
        if self._local is not None:
            self._local.close()
