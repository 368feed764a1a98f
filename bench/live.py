"""CPU of a live load in the pure core, without Kafka: `python -m bench.live`, microseconds an event by phase.

Ten thousand events a second on four partitions, each of which flushes every 250 ms, and a scorer that takes their sums in, lets the rules look and
makes the records that are due, eight times a second. The event time is the present, as under load in `bench.latency`.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from zlib import crc32

from rich.console import Console

from bench.core import SEGMENTS, START, Phases, Record, refuse
from bench.machine import reference
from schemas.read import Reader
from schemas.times import iso
from stream.alerts.conditions import judge
from stream.alerts.live import LiveSight
from stream.alerts.needs import needs_of
from stream.alerts.rules import Rating
from stream.alerts.shipped import rules_in_force
from stream.alerts.targets import Targets
from stream.devkit.load import LoadRecord, standard_load
from stream.durations import DAY
from stream.engine.worker import COLLECT_AFTER
from stream.kpis.registry import layout
from stream.rules import rules_of
from stream.settings import Settings
from stream.state import marker
from stream.state.partition import Partition
from stream.windows.board import STATUS_KEY, Board
from stream.windows.spans import panes_held_from

PARTITIONS = 4
FLUSH_EVERY, PASS_EVERY = 250, 125
"""Intervals in ms."""


def live_load(rate: int, seconds: int) -> list[LoadRecord]:
    """The standard load's mix, with one event after the other in so many seconds from `START`."""
    load = standard_load(rate * seconds, seed=2, start=START - 30 * DAY)
    return [_at(record, START + number * 1_000 // rate) for number, record in enumerate(load)]


def _at(record: LoadRecord, time: int) -> LoadRecord:
    return record._replace(time_ms=time, order_ms=time, value=record.value.replace(iso(record.time_ms).encode(), iso(time).encode(), 1))


class _Side:
    """One partition with its part of the load."""

    def __init__(self, number: int, settings: Settings, load: Sequence[LoadRecord]) -> None:
        self.number = number
        self._topics = settings.topics.sources
        self._offsets = dict.fromkeys(self._topics, 0)
        self._partition = Partition(rules_of(settings, layout=layout()))
        self._reader = Reader(self._partition.rules.scales)
        own = (record for record in load if crc32(record.partition_key) % PARTITIONS == number)
        self._chunks = {tick: list(chunk) for tick, chunk in groupby(own, key=lambda record: (record.order_ms - START) // FLUSH_EVERY)}

    def step(self, tick: int, board: Board, phases: Phases) -> None:
        """Take in what came in one interval, flush it, and give the sums to the board."""
        partition = self._partition
        for topic, records in self._runs(self._chunks.get(tick, [])):
            phases.time("read and apply", partial(partition.apply, topic, records, self._reader, refuse))
        phases.time("settle", partition.settle)
        flush = phases.time("flush", partial(partition.flush, *panes_held_from(START)))
        phases.time("board apply", lambda: board.apply(self.number, [*flush.sums, (STATUS_KEY, marker.encode(flush.marker))]))

    def _runs(self, chunk: Sequence[LoadRecord]) -> Iterator[tuple[str, list[Record]]]:
        for index, topic in enumerate(self._topics):
            records = [record for record in chunk if record.topic_index == index]
            begin = self._offsets[topic]
            self._offsets[topic] += len(records)
            if records:
                yield topic, [self._received(topic, begin + place, record) for place, record in enumerate(records)]

    def _received(self, topic: str, offset: int, record: LoadRecord) -> Record:
        return Record(topic, self.number, offset, record.order_ms, record.partition_key, record.value)


def look_of(settings: Settings, board: Board) -> Callable[[], None]:
    """What lets all rules look at the board as it stands."""
    targets = Targets.of(settings)
    rules = {name: rule for name, rule in rules_in_force(settings).items() if rule.enabled and not isinstance(rule, Rating)}

    def look() -> None:
        sight = LiveSight(board.figures())
        for name, rule in rules.items():
            judge(rule, name, sight, targets, {})

    return look


def run(rate: int, seconds: int) -> tuple[Phases, int]:
    """The phases of the whole load, and the number of records it makes."""
    settings = Settings.model_validate({"segments": SEGMENTS})
    board = Board(settings, needs_of(rules_in_force(settings).values()))
    load = live_load(rate, seconds)
    sides = [_Side(number, settings, load) for number in range(PARTITIONS)]
    phases, look, made = Phases(), look_of(settings, board), 0
    a_pass = PARTITIONS * PASS_EVERY // FLUSH_EVERY
    for tick in range(seconds * 1_000 // FLUSH_EVERY):
        for side in sides:
            side.step(tick, board, phases)
            if side.number % a_pass == a_pass - 1:
                now = START + tick * FLUSH_EVERY + side.number * FLUSH_EVERY // PARTITIONS
                phases.time("board settle", board.settle)
                phases.time("board move", partial(board.move, now))
                phases.time("look", look)
                made += len(phases.time("records", partial(board.due, now)))
    return phases, made


def main() -> int:
    """Print the figures; the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=int, default=10_000, help="events a second")
    parser.add_argument("--seconds", type=int, default=30)
    given, console = parser.parse_args(), Console(highlight=False)
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    phases, made = run(given.rate, given.seconds)
    events = given.rate * given.seconds
    for name, spent in phases.spent.items():
        console.print(f"{name:16} {1e6 * spent / events:7.2f} us an event")
    console.print(
        f"{'all':16} {1e6 * sum(phases.spent.values()) / events:7.2f} us, {made:,} records; the reference loop {1_000 * reference():.0f} ms"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
