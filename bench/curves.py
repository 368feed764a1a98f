"""How the CPU of an event grows with whatever grows: `python -m bench.curves [NAME...]` writes bench/results/curves.json, or prints those named.

Every point is a process of its own (`--point`), so that none inherits the memory of another. The growth is the slope of a straight line through
the logarithms: 0 is a constant cost of an event, 1 a cost that doubles when the other doubles.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypedDict

from rich.console import Console
from rich.table import Table

from bench.core import SEGMENTS, START, Phases, feed, records_of
from bench.machine import machine, versions
from bench.workers import of_workers
from stream.devkit.load import OPENED, TEAMS, LoadRecord, standard_load
from stream.durations import DAY, HOUR
from stream.engine.worker import COLLECT_AFTER
from stream.kpis.registry import layout
from stream.rules import rules_of
from stream.settings import Settings
from stream.state.partition import Partition
from stream.windows.board import Board

RESULTS = Path(__file__).parent / "results" / "curves.json"
MONTH = 30 * DAY
A_MONTH = 1_000_000
"""Events of a month of standard load."""
WINDOWS = ("1h", "24h", "7d", "30d", "4h", "15m", "all", "3d", "14d", "2h", "12h", "30m")
_MS_AN_EVENT = MONTH // A_MONTH


class Curve(NamedTuple):
    """What grows, the points of the curve, and what one event costs at a point (CPU microseconds)."""

    grows: str
    points: Sequence[int]
    cost: Callable[[int], float]


class Measured(TypedDict):
    """One curve: pairs of what grew and CPU microseconds an event, and the fitted growth."""

    name: str
    grows: str
    points: list[tuple[int, float]]
    growth: float


def main() -> int:
    """Measure and print the curves named, or all of them, and write these: they are of one machine and state. Exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.curves", description="How the cost of an event grows.")
    parser.add_argument("names", nargs="*", help=f"curves to measure, all without: {', '.join(CURVES)}")
    parser.add_argument("--point", type=int, help="measure one point of one curve, and print it")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in CURVES]:
        parser.error(f"there is no curve {unknown[0]}")
    if given.point is not None:
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        sys.stdout.write(f"{CURVES[given.names[0]].cost(given.point):.3f}\n")
        return 0
    measured = [_measure(name) for name in given.names or CURVES]
    if not given.names:
        RESULTS.write_text(json.dumps({"machine": machine(), "versions": versions(), "curves": measured}, indent=1) + "\n", encoding="utf-8")
    Console().print(table(measured))
    return 0


def _measure(name: str) -> Measured:
    curve = CURVES[name]
    points = [(point, _in_a_process(name, point)) for point in curve.points]
    return Measured(name=name, grows=curve.grows, points=points, growth=round(growth(points), 3))


def _in_a_process(name: str, point: int) -> float:
    command = [sys.executable, "-m", "bench.curves", name, "--point", str(point)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def growth(points: Sequence[tuple[int, float]]) -> float:
    """Slope of the least-squares line through (log x, log cost)."""
    line = statistics.linear_regression([math.log(x) for x, _ in points], [math.log(cost) for _, cost in points])
    return line.slope


def table(curves: Sequence[Measured]) -> Table:
    """The curves, a line each."""
    shown = Table("what grows", "CPU us an event", "growth", title="Cost curves", title_justify="left")
    for curve in curves:
        shown.add_row(curve["grows"], ", ".join(f"{x:,}: {cost:.1f}" for x, cost in curve["points"]), f"{curve['growth']:+.2f}")
    return shown


# -- the curves


def _settings(segments: Sequence[Sequence[str]] = SEGMENTS, windows: Sequence[str] | None = None) -> Settings:
    chosen = {} if windows is None else {"windows": list(windows)}
    return Settings.model_validate({"segments": [list(dimensions) for dimensions in segments], **chosen})


def _load(events: int, months: int = 0) -> list[LoadRecord]:
    """Events at the density of the standard load, `months` after the start."""
    begin = START + months * MONTH
    return standard_load(events, start=begin, span=max(DAY, events * _MS_AN_EVENT), prefix=f"{months}-", seed=months + 1)


def _cost(settings: Settings, load: Sequence[LoadRecord], *, partitions: int = 1, publish: bool = False) -> float:
    """CPU microseconds an event of a load that is spread over partitions."""
    rules, board, phases = rules_of(settings, layout=layout()), Board(settings), Phases()
    end = load[-1].order_ms
    for number in range(partitions):
        own = [record for record in load if _partition_of(record, partitions) == number]
        feed(Partition(rules), board, records_of(own), end, phases, number=number, publish=publish)
    return _per_event(phases, len(load))


def _partition_of(record: LoadRecord, partitions: int) -> int:
    return int.from_bytes(record.partition_key[-4:]) % partitions


def _per_event(phases: Phases, events: int) -> float:
    return 1e6 * sum(phases.spent.values()) / events


def of_events(events: int) -> float:
    """A backlog of so many events, month after month."""
    settings = _settings()
    partition, board, phases = Partition(rules_of(settings, layout=layout())), Board(settings), Phases()
    for month, size in enumerate(_months(events)):
        load = _load(size, month)
        feed(partition, board, records_of(load, partition.next_offsets), load[-1].order_ms, phases)
        del load
    return _per_event(phases, events)


def _months(events: int) -> Iterator[int]:
    while events > 0:
        yield min(events, A_MONTH)
        events -= A_MONTH


def of_open_tickets(tickets: int) -> float:
    """A tenth of a month beside so many tickets that stand open."""
    settings = _settings()
    partition, board = Partition(rules_of(settings, layout=layout())), Board(settings)
    feed(partition, board, records_of(_opened(tickets)), START, Phases())
    phases, load = Phases(), _load(A_MONTH // 10)
    feed(partition, board, records_of(load, partition.next_offsets), load[-1].order_ms, phases)
    return _per_event(phases, len(load))


def _opened(tickets: int) -> list[LoadRecord]:
    """Openings of the month before the start, by few different customers' tickets."""
    samples = [record for record in standard_load(5_000, start=START - MONTH, span=MONTH - HOUR) if record.topic_index == OPENED]
    found = []
    for number in range(tickets):
        sample = samples[number * len(samples) // tickets]
        name = sample.partition_key
        other = b"S-%d" % number
        value = sample.value.replace(b'"ticket_id":"%s"' % name, b'"ticket_id":"%s"' % other)
        found.append(sample._replace(partition_key=other, value=value))
    return found


def of_segments(segments: int) -> float:
    """Two tenths of a month in so many teams."""
    teams = min(segments, TEAMS)
    loads = segments // teams
    events = A_MONTH // 5 // loads
    span = events * loads * _MS_AN_EVENT
    records = [
        record
        for number in range(loads)
        for record in standard_load(events, start=START, span=span, prefix=f"{number}-", seed=number + 1, team_prefix=f"g{number}-", teams=teams)
    ]
    return _cost(_settings([["team"]]), sorted(records, key=lambda record: record.order_ms))


def of_windows(windows: int) -> float:
    """A tenth of a month with so many windows, published at every flush."""
    return _cost(_settings(windows=WINDOWS[:windows]), _load(A_MONTH // 10), publish=True)


def of_partitions(partitions: int) -> float:
    """Four tenths of a month over so many partitions."""
    return _cost(_settings(), _load(2 * A_MONTH // 5), partitions=partitions)


CURVES = {
    "events": Curve("events of a backlog", (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000), of_events),
    "tickets": Curve("open tickets", (10_000, 100_000, 500_000, 2_000_000), of_open_tickets),
    "segments": Curve("segments of one list", (10, 20, 200, 2_000, 10_000), of_segments),
    "windows": Curve("windows", (1, 3, 6, 12), of_windows),
    "partitions": Curve("partitions", (4, 8, 16, 32, 64), of_partitions),
    "workers": Curve("workers that share a backlog", (1, 2, 3, 4), of_workers),
}
"""All curves by name."""


if __name__ == "__main__":
    sys.exit(main())
