"""Faust's transport with whole chunks for messages, each of which says where it begins.

Around a rebalance Faust drops what was fetched, and it seeks only where the group has a commit: chunks can vanish silently. So every chunk
carries the offset at which it begins (the end of the chunk before, or the target of the last seek; unknown after an aborted fetch) and
the number of the seek it was fetched after. Who reads it can tell a hole, and seek that offset again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import IllegalStateError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage
from mode.threads import ServiceThread, WorkerThread

from stream.engine.chunk import Chunk
from stream.engine.merge import Merge, Run
from stream.engine.reading import Reading
from stream.engine.slots import Slots

SCHEME = "csat"
CHUNK = 1_000
"""Most records in one message."""
_LONGEST_FETCH_MS = 50
_PATIENCE = 0.25
"""Seconds for which a source topic with records left is waited for, while others of its partition have records fetched."""
_COMES_UP = 0.02
_SOON = 0.1
"""Seconds after which to look again whether source topics may be read: a recovery may end any moment."""


class _Daemon(WorkerThread):
    """A thread that the end of the process does not wait for: without a broker it may never come to its own."""

    def __init__(self, service: ServiceThread, **kwargs: Any) -> None:
        super().__init__(service, **kwargs)
        self.daemon = True


class _Thread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread, but a fetch that finds nothing ends soon, and so does a thread that is stopped while it starts.

    There is one fetch under way for each broker, and while it waits for an idle partition, no other partition is fetched: Faust's 1.5 s would hold up
    a backlog again and again.
    """

    Worker = _Daemon

    async def stop(self) -> None:
        """Stop, once there is something to stop: Faust would not even tell a thread that is still coming up, and it would stay in the group."""
        while self._thread is not None and self._thread.is_alive() and not self._started.is_set():  # noqa: ASYNC110 (an event of another loop)
            await asyncio.sleep(_COMES_UP)
        await super().stop()

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = _LONGEST_FETCH_MS  # noqa: SLF001 (Faust has no setting for it)
        return consumer

    async def _seek_wait(self, consumer: AIOKafkaConsumer, partitions: Mapping[TP, int]) -> None:
        """Seek what is still assigned; a rebalance may have come between, and whoever gets the rest seeks it anew."""
        assigned = consumer.assignment()
        with contextlib.suppress(IllegalStateError):
            await super()._seek_wait(consumer, {tp: offset for tp, offset in partitions.items() if tp in assigned})

    def highwater(self, tp: TP) -> int | None:  # type: ignore[override]  # aiokafka gives None too
        """End of a topic partition as the last fetch saw it; None where that is not known, or it was just taken away."""
        try:
            end: int | None = super().highwater(tp)
        except AssertionError:  # aiokafka's way to say that it is not assigned, and it may have gone between a look and the call
            return None
        return end


class Consumer(driver.Consumer):
    """Yields one message for each chunk, and seeks to where the state stands instead of to the group's commits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reading = Reading(self._sources)
        self._source_tps: list[TP] = []
        self._is_fetching = False
        self._merge = Merge()

    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    @property
    def _slots(self) -> Slots:
        slots: Slots = self.app.slots  # type: ignore[attr-defined]
        return slots

    @property
    def _sources(self) -> tuple[str, ...]:
        return self._slots.settings.topics.sources

    def seek_number(self, tp: TP) -> int:
        """How often this topic partition was sought."""
        return self._reading.seeks[tp]

    async def go_to(self, tp: TP, offset: int) -> None:
        """Fetch from this offset on; whatever was fetched before is void."""
        await self.seek_wait({tp: offset})

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Seek in the consumer's own thread (from another one it would break aiokafka), and note where the next chunks begin."""
        for tp, offset in partitions.items():
            self._merge.drop(tp)
            self._reading.seek(tp, offset)
        await super().seek_wait(partitions)
        for tp, offset in partitions.items():
            self._read_offset[tp] = offset or None

    async def perform_seek(self) -> None:
        """Seek every source topic partition to where the state stands."""
        targets = {tp: self._slots.next_offset(tp.topic, tp.partition) for tp in self.assignment() if tp.topic in self._sources}
        if targets:
            await self.seek_wait(targets)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 (Faust's signature)
        """Fetch, and give one message for each chunk."""
        reading = self._reading
        if self._is_fetching:
            self._merge.clear()
            reading.lose_all()
        await self._fetch_lost()
        self._is_fetching = True
        before = reading.seeks.copy()
        fetched: Mapping[TP, list[Any]] | None
        fetched, _ = await self._wait_next_records(timeout)
        self._is_fetching = False
        generation = self.app.consumer_generation_id
        if not self.flow_active:
            await self.perform_seek()
        undelivered = {tp: (self.seek_number(tp), reading.positions.get(tp)) for tp in fetched or {} if tp.topic not in self._sources}
        try:
            for run in await self._runs(fetched or {}, before):
                number = self.seek_number(run.tp)
                undelivered[run.tp] = number, reading.positions.get(run.tp)
                for chunk in self._chunks(run, number):
                    if self.should_stop or not self.flow_active or self.app.consumer_generation_id != generation:
                        return
                    yield run.tp, self._message(run.tp, chunk, generation)
                    undelivered[run.tp] = number, chunk.records[-1].offset + 1
                del undelivered[run.tp]
        finally:
            for tp, (number, begins) in undelivered.items():
                reading.lose(tp, begins, number)

    async def _fetch_lost(self) -> None:
        """Fetch again what was not handed on of changelogs: nothing need come behind it that would show the hole, and a copy would lack it."""
        lost, self._reading.lost = self._reading.lost, {}
        for tp, (number, begins) in lost.items():
            if self.seek_number(tp) == number:  # asked when its turn comes: somebody may seek meanwhile
                await self.go_to(tp, begins)

    async def _runs(self, fetched: Mapping[TP, list[Any]], before: Counter[TP]) -> Iterator[Run]:
        """Changelogs as they were fetched; source topics merged. What was fetched while its topic partition was sought is void."""
        changelogs = []
        for tp, records in fetched.items():
            if self.seek_number(tp) != before[tp]:
                await self._fetch_again(tp)
            elif tp.topic in self._sources:
                self._merge.add(tp, records)
                self._reading.fetched[tp] = records[-1].offset + 1
            else:
                changelogs.append(Run(tp, records))
        runs = self._merge.runs(self._lacking)
        # A topic that gives nothing for so long is not waited for again and again: what it still has may be no records at all.
        unsought = (run for run in changelogs if self.seek_number(run.tp) == before[run.tp])  # asked when its turn comes
        return chain(unsought, runs if fetched else islice(self._merge.runs(lambda: ()), 1))

    def _lacking(self) -> frozenset[int]:
        """Partition numbers of which a topic has records left but none fetched."""
        return frozenset(tp.partition for tp in self._source_tps if not self._merge.holds(tp) and not self._is_at_end(tp))

    def _chunks(self, run: Run, number: int) -> Iterator[Chunk]:
        """The records in chunks; it ends early when the topic partition is sought meanwhile."""
        tp, positions = run.tp, self._reading.positions
        for start in range(0, len(run.records), CHUNK):
            if self.seek_number(tp) != number:
                return
            chunk = list(run.records[start : start + CHUNK])
            begins, positions[tp] = positions.get(tp), chunk[-1].offset + 1
            yield Chunk(tp.topic, tp.partition, begins, number, chunk)

    async def _wait_next_records(self, timeout: float) -> tuple[Mapping[TP, list[Any]] | None, set[TP] | None]:  # noqa: ASYNC109 (Faust's signature)
        """What was fetched. Where nothing is to be fetched yet, Faust would look away for a second."""
        if self.flow_active and not self._get_active_partitions():
            await self.sleep(_SOON)
            return {}, set()
        return await super()._wait_next_records(timeout)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Mapping[TP, list[Any]]:  # noqa: ASYNC109 (Faust's signature)
        """Fetch what nothing is held of."""
        active = active_partitions or set()
        self._source_tps = [tp for tp in active if tp.topic in self._sources]
        wanted = {tp for tp in active if not self._merge.holds(tp)}
        if not wanted:
            return {}
        patience = timeout if len(wanted) == len(active) else _PATIENCE
        return await super()._getmany(wanted, patience if self._source_tps else _SOON)

    def _is_at_end(self, tp: TP) -> bool:
        position = self._reading.fetched.get(tp, self._reading.positions.get(tp))
        highwater: int | None = self.highwater(tp)
        return position is not None and highwater is not None and position >= highwater

    async def _fetch_again(self, tp: TP) -> None:
        """What was fetched may be from before a seek: seek to the same place once more."""
        position = self._reading.positions.get(tp)
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
