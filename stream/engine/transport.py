"""Faust's transport with whole chunks for messages, each of which says where it begins.

Around a rebalance Faust drops what was fetched, and it seeks only where the group has a commit: chunks can vanish silently. So every chunk
carries the offset at which it begins (the end of the chunk before, or the target of the last seek; unknown after an aborted fetch) and
the number of the seek it was fetched after. Who reads it can tell a hole, and seek that offset again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from stream.engine.chunk import Chunk
from stream.engine.slots import Slots

SCHEME = "csat"
CHUNK = 1_000
"""Most records in one message."""
_PATIENCE = 0.05


class Consumer(driver.Consumer):
    """Yields one message for each chunk, and seeks to where the state stands instead of to the group's commits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._positions: dict[TP, int | None] = {}
        self._seeks: dict[TP, int] = {}
        self._clocks: dict[TP, int] = {}

    @property
    def _slots(self) -> Slots:
        slots: Slots = self.app.slots  # type: ignore[attr-defined]
        return slots

    def seek_number(self, tp: TP) -> int:
        """How often this topic partition was sought."""
        return self._seeks.get(tp, 0)

    async def go_to(self, tp: TP, offset: int) -> None:
        """Fetch from this offset on; whatever was fetched before is void."""
        await self.seek_wait({tp: offset})

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Seek in the consumer's own thread (from another one it would break aiokafka), and note where the next chunks begin."""
        for tp, offset in partitions.items():
            self._seeks[tp] = self.seek_number(tp) + 1
            self._clocks.pop(tp, None)
            self._positions[tp] = offset
        await super().seek_wait(partitions)
        for tp, offset in partitions.items():
            self._read_offset[tp] = offset or None

    async def perform_seek(self) -> None:
        """Seek every source topic partition to where the state stands."""
        sources = self._slots.settings.topics.sources
        targets = {tp: self._slots.next_offset(tp.topic, tp.partition) for tp in self.assignment() if tp.topic in sources}
        if targets:
            await self.seek_wait(targets)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 (Faust's signature)
        """Fetch, and give one message for each chunk."""
        before = dict(self._seeks)
        fetched: Mapping[TP, list[Any]] | None
        fetched, _ = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        if not fetched:
            return
        undelivered = set(fetched)
        try:
            if not self.flow_active:
                await self.perform_seek()
            for tp, records in fetched.items():
                if self.seek_number(tp) != before.get(tp, 0):
                    await self._fetch_again(tp)
                    undelivered.discard(tp)
                    continue
                for chunk in self._chunks(tp, records):
                    if self.should_stop or not self.flow_active or self.app.consumer_generation_id != generation:
                        return
                    yield tp, self._message(tp, chunk, generation)
                undelivered.discard(tp)
        finally:
            for tp in undelivered:
                if self.seek_number(tp) == before.get(tp, 0):
                    self._positions[tp] = None

    def _chunks(self, tp: TP, records: list[Any]) -> Iterator[Chunk]:
        """The records in chunks; it ends early when the topic partition is sought meanwhile."""
        number = self.seek_number(tp)
        for start in range(0, len(records), CHUNK):
            if self.seek_number(tp) != number:
                return
            chunk = records[start : start + CHUNK]
            begins, self._positions[tp] = self._positions.get(tp), chunk[-1].offset + 1
            self._clocks[tp] = chunk[-1].timestamp
            yield Chunk(tp.topic, tp.partition, begins, number, chunk)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Mapping[TP, list[Any]]:  # noqa: ASYNC109 (Faust's signature)
        """Read the topic that is furthest behind first, so that the events of a ticket meet in one flush instead of coming topic by topic."""
        behind = self._furthest_behind(active_partitions or set())
        if len(behind) < len(active_partitions or ()):
            records = await super()._getmany(behind, _PATIENCE)
            if records:
                return records
        return await super()._getmany(active_partitions, timeout)

    def _furthest_behind(self, active: set[TP]) -> set[TP]:
        """Of the source topics with records left, the one with the oldest clock for each partition number; everything else unchanged."""
        sources = self._slots.settings.topics.sources
        left: dict[int, list[TP]] = {}
        for tp in active:
            if tp.topic in sources and not self._is_at_end(tp):
                left.setdefault(tp.partition, []).append(tp)
        ahead = {tp for tps in left.values() for tp in tps if self._clock(tp) > min(map(self._clock, tps))}
        return active - ahead

    def _clock(self, tp: TP) -> int:
        return self._clocks.get(tp, 0)

    def _is_at_end(self, tp: TP) -> bool:
        position = self._positions.get(tp)
        highwater: int | None = self.highwater(tp)
        return position is not None and highwater is not None and position >= highwater

    async def _fetch_again(self, tp: TP) -> None:
        """What was fetched may be from before a seek: seek to the same place once more."""
        position = self._positions.get(tp)
        if position is not None:
            await self.go_to(tp, position)

    def _message(self, tp: TP, chunk: Chunk, generation: int) -> ConsumerMessage:
        last = chunk.records[-1]
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000.0,
            last.timestamp_type,
            [],
            None,
            chunk,  # type: ignore[arg-type] # Faust passes on whatever it is
            None,
            0,
            0,
            tp,
            generation_id=generation,
        )

    def _new_offset(self, tp: TP) -> int | None:
        """The offset to commit is the durable one; Faust's own account of what was acknowledged is not needed."""
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        return self._slots.durable_offset(tp.topic, tp.partition)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Offsets that hold no record need no account."""


class Transport(driver.Transport):
    """Faust's Kafka transport with this consumer."""

    Consumer = Consumer
