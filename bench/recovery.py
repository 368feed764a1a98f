"""Recovery: `python -m bench.recovery` writes bench/results/recovery.json: how fast a worker that starts has its open tickets back.

A first worker takes in openings and replies, so that every ticket stays open, and stops. A second one recovers all of it from the changelog: from
its first claim of a partition until the state of the last one is back.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.backlog import PARTITIONS, set_up
from bench.broker import consumer_of
from bench.loads import recent_tickets
from bench.machine import machine, versions
from bench.processes import BenchFailed, sampled, tail, until_ready, usage, worker
from stream.devkit.fill import fill
from stream.devkit.kafka import EmbeddedKafka
from stream.devkit.load import OPENED, REPLIED
from stream.engine.control import current_generation
from stream.engine.names import Names
from stream.errors import CsatStreamError
from stream.settings import Settings

RESULTS = Path(__file__).parent / "results" / "recovery.json"
TICKETS = 1_000_000
_READY_SECONDS = 900.0
_CLAIMED, _RECOVERED = "claimed at offset", "tickets recovered"

Run = dict[str, Any]


def main() -> int:
    """Measure, print and write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.recovery", description="How fast a worker has its open tickets back.")
    parser.add_argument("--tickets", type=int, default=TICKETS, help="open tickets (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="recoveries of the same state; medians are reported (default: %(default)s)")
    given = parser.parse_args()
    console = Console(highlight=False)
    try:
        runs = asyncio.run(_measure(console, given.tickets, given.runs))
    except CsatStreamError as error:
        Console(stderr=True).print(f"error: {error}", markup=False)
        return error.exit_code
    medians = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    RESULTS.write_text(json.dumps({"machine": machine(), "versions": versions(), **medians, "runs": runs}, indent=1) + "\n", encoding="utf-8")
    console.print(_line(medians))
    return 0


async def _measure(console: Console, tickets: int, runs: int) -> list[Run]:
    with EmbeddedKafka() as kafka, tempfile.TemporaryDirectory(prefix="csat-stream-bench-") as name:
        folder = Path(name)
        settings = await set_up(kafka, folder)
        console.print(f"filling {tickets:,} open tickets ...")
        for piece in recent_tickets(tickets, {OPENED, REPLIED}):
            await fill(settings, piece)
        with worker(folder / "csat.yaml", folder / "ready", folder / "first.log") as process:
            await until_ready(process, folder / "ready", folder / "first.log", _READY_SECONDS)
        found = []
        for number in range(runs):
            found.append(await _recovery(kafka, folder, settings, number))
            console.print(_line(found[-1]))
        return found


async def _recovery(kafka: EmbeddedKafka, folder: Path, settings: Settings, number: int) -> Run:
    """One start on the changelog as it stands."""
    records = await _records_in(settings)
    ready_file, log = folder / f"ready-{number}", folder / f"worker-{number}.log"
    began = time.perf_counter()
    with worker(folder / "csat.yaml", ready_file, log) as process:
        async with sampled(process.pid, kafka.pid) as samples:
            claimed = await _logged(log, _CLAIMED, lambda lines: len(lines) >= 1)
            recovered = await _logged(log, _RECOVERED, lambda lines: len(lines) >= PARTITIONS)
            ready = await until_ready(process, ready_file, log, _READY_SECONDS)
        used = usage(samples, claimed, recovered)
    seconds = recovered - claimed
    return {
        "tickets": sum(int(line.split(_RECOVERED)[0].split()[-1]) for line in log.read_text(encoding="utf-8").splitlines() if _RECOVERED in line),
        "changelog_records": records,
        "seconds": round(seconds, 2),
        "records_per_second": round(records / seconds),
        "cpu_seconds": round(used.cpu_seconds, 2),
        "start_to_ready_seconds": round(ready - began, 2),
        "peak_rss_mb": round(used.peak_rss_mb, 1),
    }


async def _records_in(settings: Settings) -> int:
    """Records of the changelog, by the offsets at its ends; none of it is compacted within the minutes that this takes."""
    topic = Names(settings.app, (await current_generation(settings)).number).changelog
    async with consumer_of(settings, topic) as consumer:
        return sum((await consumer.end_offsets(list(consumer.assignment()))).values())


async def _logged(log: Path, words: str, enough: Callable[[list[str]], bool]) -> float:
    """The moment (`time.perf_counter()`) when lines with these words are enough; BenchFailed after long."""
    deadline = time.perf_counter() + _READY_SECONDS
    while True:
        lines = [line for line in (log.read_text(encoding="utf-8").splitlines() if log.exists() else []) if words in line]  # noqa: ASYNC240
        if enough(lines):
            return time.perf_counter()
        if time.perf_counter() > deadline:
            raise BenchFailed(f"the worker has not logged {words!r} in time; the end of its log:\n{tail(log)}")
        await asyncio.sleep(0.01)


def _line(run: Run) -> str:
    return (
        f"{run['tickets']:,.0f} open tickets from {run['changelog_records']:,.0f} records in {run['seconds']:.2f} s "
        f"({run['records_per_second']:,.0f} a second, {run['cpu_seconds']:.2f} CPU s); start to ready {run['start_to_ready_seconds']:.2f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
