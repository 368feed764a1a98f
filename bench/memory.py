"""Memory of the state: `python -m bench.memory` writes bench/results/memory.json.

Bytes of an open ticket of five events and of a sum: the slope of resident memory between a small state and a large one, both loaded as after a
restart, each in a process of its own (`--hold`). And what ten million such tickets take with a local store: the memory of a process that opens the
store of a partition which another has filled, and how long that takes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import psutil
from rich.console import Console

from bench.core import SEGMENTS, START, records_of, refuse
from bench.machine import machine, versions
from schemas.read import Reader
from stream.devkit.load import LoadRecord, standard_load
from stream.durations import DAY
from stream.engine.local_store import LocalStore, open_store
from stream.kpis.registry import layout
from stream.rules import rules_of
from stream.settings import Settings
from stream.state.panes import decode_key, encode_key
from stream.state.partition import TICKET_KEY, Partition, Record
from stream.state.ticket_store import TicketStore
from stream.tickets.lives import lives_of
from stream.tickets.ticket import unpack
from stream.windows.spans import panes_held_from

RESULTS = Path(__file__).parent / "results" / "memory.json"
TICKETS = (100_000, 2_000_000)
SUMS = (100_000, 1_000_000)
EVENTS_EACH = 5
ON_DISK = 10_000_000
_A_COMMIT = 20_000


def main() -> int:
    """Print and write the two slopes, or hold one state and print its memory; exit code 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description="Bytes of a ticket and of a sum.")
    parser.add_argument("--hold", nargs=2, metavar=("WHAT", "NUMBER"), help="hold so many tickets or sums, and print number and bytes")
    parser.add_argument("--fill", nargs=2, metavar=("FOLDER", "NUMBER"), help="fill a local store with so many tickets")
    parser.add_argument("--open", metavar="FOLDER", help="open it, and print number, bytes and seconds")
    given = parser.parse_args()
    if given.hold or given.fill or given.open:
        sys.stdout.write(" ".join(str(figure) for figure in _part(given)) + "\n")
        return 0
    found = {"bytes_per_ticket": round(_slope("tickets", TICKETS)), "bytes_per_sum": round(_slope("sums", SUMS)), "local_store": _local_store()}
    RESULTS.write_text(json.dumps({"machine": machine(), "versions": versions(), **found}, indent=1) + "\n", encoding="utf-8")
    console = Console(highlight=False)
    console.print(f"an open ticket of {EVENTS_EACH} events: {found['bytes_per_ticket']} bytes (asked for: 500 at most)")
    console.print(f"a sum of one pane and segment: {found['bytes_per_sum']} bytes (asked for: 200 at most)")
    console.print(f"with a local store: {found['local_store']} (asked for: 10,000,000 tickets under 2,000 MB)")
    return 0


def _part(given: argparse.Namespace) -> Sequence[float]:
    """What one process of the bench measures."""
    if given.fill:
        return [_fill(Path(given.fill[0]), int(given.fill[1]))]
    if given.open:
        return _open(Path(given.open))
    return _tickets(int(given.hold[1])) if given.hold[0] == "tickets" else _sums(int(given.hold[1]))


def _local_store() -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="csat-stream-bench-") as name:
        (filling,) = _of_process("--fill", name, str(ON_DISK))
        tickets, memory, seconds = _of_process("--open", name)
        disk = sum(file.stat().st_size for file in Path(name).rglob("*") if file.is_file())
    return {
        "tickets": int(tickets),
        "memory_mb": round(memory / 2**20),
        "disk_mb": round(disk / 2**20),
        "opened_seconds": round(seconds, 2),
        "peak_mb_while_filled": round(filling / 2**20),
    }


def _slope(what: str, sizes: tuple[int, int]) -> float:
    (few, small), (many, large) = (_in_a_process(what, size) for size in sizes)
    return (large - small) / (many - few)


def _in_a_process(what: str, size: int) -> tuple[int, int]:
    held, memory = _of_process("--hold", what, str(size))
    return int(held), int(memory)


def _of_process(*arguments: str) -> list[float]:
    command = [sys.executable, "-m", "bench.memory", *arguments]
    return [float(figure) for figure in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()]


def _partition(tickets: TicketStore | None = None) -> Partition:
    return Partition(rules_of(Settings.model_validate({"segments": SEGMENTS}), layout=layout()), tickets=tickets)


def _sample(load: list[LoadRecord]) -> list[Record]:
    """What one flush of these events writes to the changelog."""
    partition = _partition()
    reader = Reader(partition.rules.scales)
    for topic, records in records_of(load):
        partition.apply(topic, records, reader, refuse)
    return partition.flush(*panes_held_from(load[-1].order_ms)).state


def _tickets(size: int) -> tuple[int, int]:
    """Tickets that are open, each with five events, under names of their own."""
    partition = _partition()
    partition.load(_open_tickets(size))
    partition.finish_loading()
    return len(partition), psutil.Process().memory_info().rss


def _open_tickets(size: int) -> Iterator[Record]:
    by_ticket: dict[bytes, list[LoadRecord]] = {}
    for record in standard_load(40_000, start=START, span=2 * DAY):
        by_ticket.setdefault(record.partition_key, []).append(record)
    five = [record for own in by_ticket.values() if len(own) >= EVENTS_EACH for record in own[:EVENTS_EACH]]
    packed = [
        value for key, value in _sample(sorted(five, key=lambda record: record.order_ms)) if key[:1] == TICKET_KEY and value and _is_open(value)
    ]
    yield from ((TICKET_KEY + b"ticket-%09d" % number, bytes(bytearray(packed[number % len(packed)]))) for number in range(size))


def _is_open(packed: bytes) -> bool:
    rules = rules_of(Settings(), layout=layout())
    return lives_of(unpack(packed).in_order(), rules.life_gap, rules.max_open_age)[-1].standing_open


def _fill(folder: Path, size: int) -> int:
    """Load so many tickets as a recovery does, a piece of the changelog at a time; the largest memory meanwhile."""
    store = _store(folder)
    partition, records, most = _partition(store), _open_tickets(size), 0
    for position in range(0, size, _A_COMMIT):
        partition.load(islice(records, _A_COMMIT))
        store.flushed()
        store.commit([], position + _A_COMMIT, 0, ())
        most = max(most, psutil.Process().memory_info().rss)
    store.close()
    return most


def _open(folder: Path) -> tuple[int, int, float]:
    """Open the store as a start does; number of tickets, memory and seconds."""
    begun = time.perf_counter()
    store = _store(folder)
    partition = _partition(store)
    partition.load(store.others())
    partition.finish_loading()
    seconds = time.perf_counter() - begun
    found = len(partition), psutil.Process().memory_info().rss, seconds
    store.close()
    return found


def _store(folder: Path) -> LocalStore:
    return open_store(folder, "a changelog", 0)


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
