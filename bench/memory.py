"""Memory of the state: `python -m bench.memory` writes bench/results/memory.json: bytes of an open ticket of five events and of a sum.

Each figure is the slope of resident memory between a small state and a large one, both loaded as after a restart, each in a process of its
own (`--hold`).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
from rich.console import Console

from bench.core import SEGMENTS, START, records_of, refuse
from bench.machine import machine, versions
from schemas.read import Reader
from stream.devkit.load import LoadRecord, standard_load
from stream.durations import DAY
from stream.kpis.registry import layout
from stream.rules import rules_of
from stream.settings import Settings
from stream.state.panes import decode_key, encode_key
from stream.state.partition import TICKET_KEY, Partition, Record
from stream.windows.spans import panes_held_from

RESULTS = Path(__file__).parent / "results" / "memory.json"
TICKETS = (100_000, 2_000_000)
SUMS = (100_000, 1_000_000)
EVENTS_EACH = 5


def main() -> int:
    """Print and write the two slopes, or hold one state and print its memory; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description="Bytes of a ticket and of a sum.")
    parser.add_argument("--hold", nargs=2, metavar=("WHAT", "NUMBER"), help="hold so many tickets or sums, and print number and bytes")
    given = parser.parse_args()
    if given.hold:
        held, memory = _tickets(int(given.hold[1])) if given.hold[0] == "tickets" else _sums(int(given.hold[1]))
        sys.stdout.write(f"{held} {memory}\n")
        return 0
    found = {"bytes_per_ticket": round(_slope("tickets", TICKETS)), "bytes_per_sum": round(_slope("sums", SUMS))}
    RESULTS.write_text(json.dumps({"machine": machine(), "versions": versions(), **found}, indent=1) + "\n", encoding="utf-8")
    console = Console(highlight=False)
    console.print(f"an open ticket of {EVENTS_EACH} events: {found['bytes_per_ticket']} bytes (asked for: 500 at most)")
    console.print(f"a sum of one pane and segment: {found['bytes_per_sum']} bytes (asked for: 200 at most)")
    return 0


def _slope(what: str, sizes: tuple[int, int]) -> float:
    (few, small), (many, large) = (_in_a_process(what, size) for size in sizes)
    return (large - small) / (many - few)


def _in_a_process(what: str, size: int) -> tuple[int, int]:
    command = [sys.executable, "-m", "bench.memory", "--hold", what, str(size)]
    held, memory = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return int(held), int(memory)


def _partition() -> Partition:
    return Partition(rules_of(Settings.model_validate({"segments": SEGMENTS}), layout=layout()))


def _sample(load: list[LoadRecord]) -> list[Record]:
    """What one flush of these events writes to the changelog."""
    partition = _partition()
    reader = Reader(partition.rules.scales)
    for topic, records in records_of(load):
        partition.apply(topic, records, reader, refuse)
    return partition.flush(*panes_held_from(load[-1].order_ms)).state


def _tickets(size: int) -> tuple[int, int]:
    """Tickets that are open, each with five events, under names of their own."""
    by_ticket: dict[bytes, list[LoadRecord]] = {}
    for record in standard_load(40_000, start=START, span=2 * DAY):
        by_ticket.setdefault(record.partition_key, []).append(record)
    five = [record for own in by_ticket.values() if len(own) == EVENTS_EACH for record in own]
    packed = [value for key, value in _sample(sorted(five, key=lambda record: record.order_ms)) if key[:1] == TICKET_KEY and value]
    partition = _partition()
    partition.load((TICKET_KEY + b"ticket-%09d" % number, bytes(bytearray(packed[number % len(packed)]))) for number in range(size))
    partition.finish_loading()
    return len(partition), psutil.Process().memory_info().rss


def _sums(size: int) -> tuple[int, int]:
    """Hour panes as the standard load makes them, again and again for hours of their own."""
    pages = [(key, value) for key, value in _sample(standard_load(40_000, start=START, span=1 * DAY)) if value and key[:1] == b"H"]
    partition = _partition()
    partition.load(_copies(pages, partition, size))
    return len(partition.sums), psutil.Process().memory_info().rss


def _copies(pages: Sequence[Record], partition: Partition, size: int) -> Iterator[Record]:
    shift = 0
    while len(partition.sums) < size:
        for key, value in pages:
            kind, index, name = decode_key(key)
            yield encode_key(kind, index + shift, name), bytes(bytearray(value or b""))
        shift += 1_000


if __name__ == "__main__":
    sys.exit(main())
