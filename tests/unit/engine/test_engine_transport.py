"""What the transport says of a chunk: where it begins, and after which seek it was fetched."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from faust.types import TP

from stream.engine.merge import Merge
from stream.engine.transport import Consumer

FIRST, SECOND = TP("changelog", 0), TP("changelog", 1)
SIZE = 10


def fetched(begins: int) -> list[Any]:
    """Ten records from an offset on."""
    return [SimpleNamespace(offset=offset, timestamp=0, timestamp_type=0) for offset in range(begins, begins + SIZE)]


class Fetcher(Consumer):
    """A consumer without Faust: every fetch brings ten records of two changelogs."""

    should_stop = False

    def __init__(self) -> None:
        self._positions: dict[TP, int | None] = {}
        self._seeks: dict[TP, int] = {}
        self._fetched: dict[TP, int] = {}
        self._lost: dict[TP, tuple[int, int]] = {}
        self._source_tps: list[TP] = []
        self._is_fetching = False
        self._merge = Merge()
        self._read_offset = {}
        self.flow_active = True
        slots = SimpleNamespace(settings=SimpleNamespace(topics=SimpleNamespace(sources=("ratings",))))
        self.app: Any = SimpleNamespace(consumer_generation_id=1, slots=slots)
        self._thread: Any = SimpleNamespace(seek_wait=self._sought)

    async def _sought(self, _partitions: Mapping[TP, int]) -> None:
        """Nothing is fetched that would have to be thrown away."""

    async def _wait_next_records(self, timeout: float) -> tuple[Mapping[TP, list[Any]], set[TP]]:  # noqa: ASYNC109 (Faust's signature)
        del timeout
        return {FIRST: fetched(0), SECOND: fetched(500)}, {FIRST, SECOND}


async def chunks_of(consumer: Consumer, sought: int | None) -> list[tuple[TP, int | None, int]]:
    """Of each chunk: where it is from, where it says that it begins, and its first record. The second changelog is sought during the first."""
    found = []
    async for tp, message in consumer.getmany(1.0):
        chunk: Any = message.value
        found.append((tp, chunk.begins, chunk.records[0].offset))
        if tp == FIRST and sought is not None:
            await consumer.go_to(SECOND, sought)
    return found


async def test_a_chunk_begins_where_the_one_before_ended() -> None:
    """After a seek it is the target."""
    consumer = Fetcher()
    await consumer.go_to(FIRST, 0)
    await consumer.go_to(SECOND, 500)
    assert await chunks_of(consumer, None) == [(FIRST, 0, 0), (SECOND, 500, 500)]
    assert consumer._positions == {FIRST: SIZE, SECOND: 500 + SIZE}


async def test_what_was_fetched_before_a_seek_is_void() -> None:
    """It must not pass for what the seek brings: a copy would take it for whole, and lack what lies between."""
    consumer = Fetcher()
    await consumer.go_to(FIRST, 0)
    await consumer.go_to(SECOND, 500)
    assert await chunks_of(consumer, 300) == [(FIRST, 0, 0)]
    assert consumer._positions[SECOND] == 300
    assert consumer._lost == {}
