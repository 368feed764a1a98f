"""CPU microseconds of an event in the pure core, by phase, without Kafka: `python -m bench.core [--events N]`."""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from rich.console import Console

from bench.machine import reference
from bench.processes import BenchFailed
from schemas.read import Reader, Refused
from stream.devkit.load import LoadRecord, standard_load
from stream.durations import DAY
from stream.engine.worker import COLLECT_AFTER
from stream.kafka_client import LogRecord
from stream.kpis.registry import layout
from stream.rules import rules_of
from stream.settings import Settings
from stream.state import marker
from stream.state.partition import Partition
from stream.windows.board import STATUS_KEY, Board
from stream.windows.spans import panes_held_from

SEGMENTS = [[], ["team"], ["channel"], ["product"], ["team", "channel"], ["team", "product"]]
START = 1_767_225_600_000
RUN, FLUSH_EVERY = 500, 20_000


def records_of(load: Sequence[LoadRecord], first: Mapping[str, int] | None = None) -> list[tuple[str, list[Record]]]:
    """The load as runs of one topic each, in the order in which a worker that merges them would see it; `first`: the offsets it begins at."""
    topics = Settings().topics.sources
    offsets = [(first or {}).get(topic, 0) for topic in topics]
    waiting: list[list[Record]] = [[] for _ in topics]
    runs: list[tuple[str, list[Record]]] = []
    for record in load:
        index = record.topic_index
        waiting[index].append(Record(topics[index], 0, offsets[index], record.order_ms, record.partition_key, record.value))
        offsets[index] += 1
        if len(waiting[index]) == RUN:
            runs += [(topics[number], found) for number, found in enumerate(waiting) if found]
            waiting = [[] for _ in topics]
    runs += [(topics[number], found) for number, found in enumerate(waiting) if found]
    return runs


class Record(NamedTuple):
    """A record of a source topic, as aiokafka's ConsumerRecord has it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


_Found = TypeVar("_Found")


class Phases:
    """CPU seconds by phase."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def time(self, name: str, work: Callable[[], _Found]) -> _Found:
        """Do some work on the account of a phase."""
        begun = time.process_time()
        found = work()
        self.spent[name] = self.spent.get(name, 0.0) + time.process_time() - begun
        return found


def run(runs: Sequence[tuple[str, list[Record]]], end: int, flush_every: int = FLUSH_EVERY) -> Phases:
    """One partition and one board over all of it."""
    settings = Settings.model_validate({"segments": SEGMENTS})
    partition, board = Partition(rules_of(settings, layout=layout())), Board(settings)
    phases = Phases()
    feed(partition, board, runs, end, phases, flush_every=flush_every)
    phases.time("move", lambda: board.move(end))
    phases.time("current", board.current)
    return phases


def feed(  # noqa: PLR0913  (what is measured, and on whose account)
    partition: Partition,
    board: Board,
    runs: Sequence[tuple[str, list[Record]]],
    end: int,
    phases: Phases,
    *,
    number: int = 0,
    publish: bool = False,
    flush_every: int = FLUSH_EVERY,
) -> None:
    """Take in records, with a flush now and then and one at the end; each goes to the board, which may publish what is due then."""
    reader, held = Reader(partition.rules.scales), panes_held_from(end)
    unflushed = 0
    for topic, records in runs:
        phases.time("read and apply", partial(partition.apply, topic, records, reader, refuse))
        unflushed += len(records)
        if unflushed >= flush_every:
            _flush(partition, board, held, phases, number)
            unflushed = 0
            if publish:
                _publish(board, records[-1].timestamp, phases)
    _flush(partition, board, held, phases, number)
    if publish:
        _publish(board, end, phases)


def _flush(partition: Partition, board: Board, held: tuple[int, int], phases: Phases, number: int) -> None:
    phases.time("settle", partition.settle)
    flush = phases.time("flush", lambda: partition.flush(*held))
    phases.time("board apply", lambda: board.apply(number, [*flush.sums, (STATUS_KEY, marker.encode(flush.marker))]))
    phases.time("board settle", board.settle)


def _publish(board: Board, now: int, phases: Phases) -> None:
    phases.time("move", lambda: board.move(now))
    phases.time("publish", lambda: board.due(now))


def refuse(_: LogRecord, why: Refused) -> None:
    """BenchFailed: the standard load has no bad record."""
    raise BenchFailed(f"the standard load has no bad record: {why}")


def main() -> int:
    """Print the figures, or guard them; the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=250_000)
    parser.add_argument("--span-days", type=float, default=30)
    given, console = parser.parse_args(), Console(highlight=False)
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    runs = records_of(standard_load(given.events, start=START, span=int(given.span_days * DAY)))
    phases = run(runs, START + int(given.span_days * DAY))
    for name, spent in phases.spent.items():
        console.print(f"{name:16} {1e6 * spent / given.events:7.2f} us an event")
    console.print(f"{'all':16} {1e6 * sum(phases.spent.values()) / given.events:7.2f} us; the reference loop {1_000 * reference():.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
