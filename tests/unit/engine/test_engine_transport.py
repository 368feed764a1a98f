"""What the transport says of a chunk: where it begins, and after which seek it was fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from mode.threads import ServiceThread

from stream.engine import transport
from stream.engine.merge import Merge
from stream.engine.reading import Reading
from stream.engine.transport import Consumer

FIRST, SECOND, SOURCE = TP("changelog", 0), TP("changelog", 1), TP("ratings", 0)
SIZE = 10
PLACES = {FIRST: 0, SECOND: 500, SOURCE: 900}
Found = list[tuple[TP, int | None, int]]
"""Of each chunk: where it is from, where it says that it begins, and its first record."""


class Fetcher(Consumer):
    """A consumer without Faust: every fetch brings ten records of each of two changelogs and a source topic, behind what it brought before."""

    should_stop = False

    def __init__(self) -> None:
        self._reading = Reading(("ratings",))
        self._merge = Merge()
        self._source_tps = []
        self._is_fetching = False
        self._read_offset = {}
        self.flow_active = True
        slots = SimpleNamespace(settings=SimpleNamespace(topics=SimpleNamespace(sources=("ratings",))))
        self.app: Any = SimpleNamespace(consumer_generation_id=1, slots=slots)
        self._thread: Any = SimpleNamespace(seek_wait=self._seek_in_thread)
        self.places: dict[TP, int] = {}
        self.sought: list[tuple[TP, int]] = []
        self.during_fetch: Callable[[], Any] | None = None

    async def _seek_in_thread(self, partitions: Mapping[TP, int]) -> None:
        self.places.update(partitions)
        self.sought += partitions.items()

    async def _wait_next_records(self, timeout: float) -> tuple[Mapping[TP, list[Any]], set[TP]]:  # noqa: ASYNC109 (Faust's signature)
        del timeout
        wanted = {tp: begins for tp, begins in self.places.items() if not self._merge.holds(tp)}
        fetched = {tp: [SimpleNamespace(offset=begins + n, timestamp=0, timestamp_type=0) for n in range(SIZE)] for tp, begins in wanted.items()}
        for tp in fetched:
            self.places[tp] += SIZE
        if self.during_fetch is not None:
            happens, self.during_fetch = self.during_fetch, None
            await happens()
        return fetched, set(fetched)

    async def round(self, after_first: Callable[[], Any] | None = None) -> Found:
        """One fetch; something may happen behind its first chunk."""
        found = Found()
        async for tp, message in self.getmany(1.0):
            chunk: Any = message.value
            found.append((tp, chunk.begins, chunk.records[0].offset))
            if after_first is not None and len(found) == 1:
                await after_first()
        return found


@pytest.fixture
async def consumer(monkeypatch: pytest.MonkeyPatch) -> Fetcher:
    """Sought to three places; a chunk is no smaller than a fetch."""
    monkeypatch.setattr(transport, "CHUNK", SIZE)
    found = Fetcher()
    await found.seek_wait(PLACES)
    found.sought.clear()
    return found


async def test_a_chunk_begins_where_the_one_before_ended(consumer: Fetcher) -> None:
    """After a seek it is the target."""
    assert await consumer.round() == [(tp, begins, begins) for tp, begins in PLACES.items()]
    assert await consumer.round() == [(tp, begins + SIZE, begins + SIZE) for tp, begins in PLACES.items()]
    assert consumer.sought == []


async def test_what_was_handed_on_late_is_void(consumer: Fetcher) -> None:
    """It was fetched before a seek and must not pass for what the seek brings: a copy would take it for whole, and lack what lies between."""
    assert await consumer.round(lambda: consumer.go_to(SECOND, 300)) == [(FIRST, 0, 0), (SOURCE, 900, 900)]
    assert await consumer.round() == [(FIRST, SIZE, SIZE), (SECOND, 300, 300), (SOURCE, 910, 910)]


@pytest.mark.parametrize("tp", PLACES, ids=str)
async def test_what_was_fetched_during_a_seek_is_void(consumer: Fetcher, tp: TP) -> None:
    """Nobody can tell from which side of the seek it is, so the place is sought once more."""
    consumer.during_fetch = lambda: consumer.go_to(tp, 300)
    others = [(other, begins, begins) for other, begins in PLACES.items() if other != tp]
    assert await consumer.round() == others
    assert consumer.sought == [(tp, 300), (tp, 300)]
    assert (tp, 300, 300) in await consumer.round()


@pytest.mark.parametrize("what", ["flow", "generation"])
async def test_what_a_round_that_ends_early_leaves_behind(consumer: Fetcher, what: str) -> None:
    """Changelogs are fetched again from where nothing was handed on; records of a source topic that wait for others still wait."""

    async def ends() -> None:
        if what == "flow":
            consumer.flow_active = False
        else:
            consumer.app.consumer_generation_id += 1

    assert await consumer.round(ends) == [(FIRST, 0, 0)]
    consumer.flow_active = True
    found = await consumer.round()
    assert consumer.sought == [(SECOND, 500)]
    assert found == [(FIRST, SIZE, SIZE), (SECOND, 500, 500), (SOURCE, 900, 900)]


async def test_a_source_topic_in_the_middle_of_its_records(consumer: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its next chunk does not know where it begins, and whoever takes it in asks for the place."""
    monkeypatch.setattr(transport, "CHUNK", SIZE // 2)
    consumer.places = {SOURCE: 900}

    async def ends() -> None:
        consumer.flow_active = False

    assert await consumer.round(ends) == [(SOURCE, 900, 900)]
    consumer.flow_active = True
    assert await consumer.round() == [(SOURCE, None, 910), (SOURCE, 915, 915)]


async def test_a_fetch_that_was_broken_off(consumer: Fetcher) -> None:
    """Whatever it had is lost: changelogs are fetched again, and a source topic can't say where its next chunk begins."""

    async def breaks() -> None:
        raise TimeoutError

    consumer.during_fetch = breaks
    with pytest.raises(TimeoutError):
        await consumer.round()
    assert await consumer.round() == [(FIRST, 0, 0), (SECOND, 500, 500), (SOURCE, None, 910)]
    assert consumer.sought == [(FIRST, 0), (SECOND, 500)]


async def test_a_seek_is_worth_more_than_what_was_lost(consumer: Fetcher) -> None:
    """Where somebody has sought meanwhile, nothing is fetched again from the older place."""

    async def ends() -> None:
        consumer.flow_active = False

    await consumer.round(ends)
    consumer.flow_active = True
    await consumer.go_to(SECOND, 700)
    consumer.sought.clear()
    found = await consumer.round()
    assert (SECOND, 700, 700) in found
    assert consumer.sought == []


async def test_a_thread_that_is_coming_up_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faust stops only one that has come up; the other would stay in the group."""
    stopped = []

    async def stop(thread: ServiceThread) -> None:
        stopped.append(thread._started.is_set())

    monkeypatch.setattr(ServiceThread, "stop", stop)
    thread: Any = object.__new__(transport._Thread)
    thread._started, thread._thread = asyncio.Event(), SimpleNamespace(is_alive=lambda: True)
    stopping = asyncio.create_task(thread.stop())
    await asyncio.sleep(0.05)
    assert stopped == []
    thread._started.set()
    await asyncio.wait_for(stopping, 1)
    assert stopped == [True]
