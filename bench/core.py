"""CPU of the pure core an event, without Kafka: `python -m bench.core [--events N]`, in microseconds and as a multiple of a fixed reference loop."""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from rich.console import Console

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


def reference() -> float:
    """CPU seconds of a loop of fixed work, much like the core's: dicts, tuples, small numbers."""
    begun = time.process_time()
    found: dict[tuple[int, str], int] = {}
    for number in range(400_000):
        key = (number % 5_000, "segment")
        found[key] = found.get(key, 0) + (number & 7)
    return time.process_time() - begun


def records_of(load: Sequence[LoadRecord]) -> list[tuple[str, list[Record]]]:
    """The load as runs of one topic each, in the order in which a worker that merges them would see it."""
    topics = Settings().topics.sources
    offsets = [0] * len(topics)
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


def run(runs: Sequence[tuple[str, list[Record]]], end: int) -> Phases:
    """One partition and one board over all of it."""
    settings = Settings.model_validate({"segments": SEGMENTS})
    rules = rules_of(settings, layout=layout())
    partition, reader, board = Partition(rules), Reader(settings.scale_rules), Board(settings)
    held = panes_held_from(end)
    phases = Phases()
    unflushed = 0
    for topic, records in runs:
        phases.time("read and apply", partial(partition.apply, topic, records, reader, _refuse))
        unflushed += len(records)
        if unflushed >= FLUSH_EVERY:
            _flush(partition, board, held, phases)
            unflushed = 0
    _flush(partition, board, held, phases)
    phases.time("move", lambda: board.move(end))
    phases.time("current", board.current)
    return phases


def _flush(partition: Partition, board: Board, held: tuple[int, int], phases: Phases) -> None:
    phases.time("settle", partition.settle)
    flush = phases.time("flush", lambda: partition.flush(*held))
    phases.time("board apply", lambda: board.apply(0, [*flush.sums, (STATUS_KEY, marker.encode(flush.marker))]))
    phases.time("board settle", board.settle)


def _refuse(_: LogRecord, why: Refused) -> None:
    raise BenchFailed(f"the standard load has no bad record: {why}")


def main() -> int:
    """Print the figures."""
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
    total = sum(phases.spent.values())
    console.print(f"{'all':16} {1e6 * total / given.events:7.2f}   reference {reference() * 1e3:.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
