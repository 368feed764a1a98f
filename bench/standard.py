"""The standard bench: `python -m bench.standard` measures backlog speed and latency on an embedded Kafka."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.backlog import Backlog, caught_up_worker, prepare
from bench.broker import prompt_producer, watched
from bench.latency import lone_ratings, under_load
from bench.machine import Machine, machine, versions
from stream.devkit.kafka import EmbeddedKafka
from stream.devkit.load import LoadRecord, standard_load
from stream.durations import DAY, MINUTE
from stream.errors import CsatStreamError

RESULTS = Path(__file__).parent / "results" / "latest.json"
LEAST_EVENTS = 10_000
LONE_RATINGS = 100
LOAD_RATE, LOAD_SECONDS = 2_000, 30
# After 5 s without traffic `now` is the wall clock; from then on the stream is idle.
IDLE_SECONDS = 8.0

Run = dict[str, Any]


async def one_run(console: Console, records: Sequence[LoadRecord], rate: int | None) -> Run:
    """One worker on a fresh broker: its backlog, then latency idle and at a rate of events a second; without latency where there is none."""
    with EmbeddedKafka() as kafka, tempfile.TemporaryDirectory(prefix="csat-stream-bench-") as name:
        folder = Path(name)
        console.print(f"filling {len(records):,} events ...")
        settings = await prepare(kafka, folder, records)
        console.print("reading the backlog ...")
        async with caught_up_worker(kafka, folder, settings, records) as backlog:
            run = _backlog_figures(backlog)
            console.print(f"  {run['events_per_second']:,} events/s")
            if rate is None:
                return run
            await asyncio.sleep(IDLE_SECONDS)
            async with watched(settings, []) as watch, prompt_producer(settings) as producer:
                console.print(f"latency: {LONE_RATINGS} lone ratings, then {rate:,} events/s for {LOAD_SECONDS} s ...")
                run["latency_ms"] = await lone_ratings(producer, settings, watch, LONE_RATINGS)
                run["loaded_latency_ms"] = await under_load(producer, settings, watch, rate=rate, seconds=LOAD_SECONDS)
            return run


def summary(runs: Sequence[Run], before: Machine, setup: dict[str, Any]) -> dict[str, Any]:
    """The result file: medians over the runs, and every run."""
    return {
        "standard_job": {name: _median(runs, name) for name in ("events_per_second", "cpu_seconds_per_million", "peak_rss_mb")},
        "latency_ms": _medians(runs, "latency_ms", ("p50", "p99")),
        "machine": before,
        "loaded_latency_ms": _medians(runs, "loaded_latency_ms", ("p50", "p99")),
        "startup_seconds": _median(runs, "startup_seconds"),
        **setup,
        "runs": list(runs),
    }


def results_table(result: dict[str, Any]) -> Table:
    """The figures with what is asked of them."""
    table = Table("measure", "value", "asked for", title="Standard bench", title_justify="left")
    table.columns[1].justify = "right"
    job, latency, loaded = result["standard_job"], result["latency_ms"], result["loaded_latency_ms"]
    table.add_row("backlog, events/s", f"{job['events_per_second']:,.0f}", "50,000 or more")
    table.add_row("CPU seconds per million events", f"{job['cpu_seconds_per_million']:.1f}", "")
    table.add_row("peak memory, MB", f"{job['peak_rss_mb']:,.0f}", "")
    table.add_row("start-up, s", f"{result['startup_seconds']:.1f}", "")
    if latency:
        table.add_row("lone rating to score, p50 / p99, ms", f"{latency['p50']:.0f} / {latency['p99']:.0f}", "below 150 / 500")
        table.add_row(f"1h at {result['options']['rate']:,} events/s, p50 / p99, ms", f"{loaded['p50']:.0f} / {loaded['p99']:.0f}", "p99 below 2,000")
    return table


def main() -> int:
    """Run the bench, write the result file, print the table; the exit code."""
    options = _options()
    console = Console()
    before = machine()
    try:
        result = asyncio.run(_measure(console, options, before))
    except CsatStreamError as error:
        Console(stderr=True).print(f"error: {error}", markup=False)
        return error.exit_code
    except (KeyboardInterrupt, asyncio.CancelledError):
        Console(stderr=True).print("stopped")
        return 130
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    console.print(results_table(result))
    return 0


async def _measure(console: Console, options: argparse.Namespace, before: Machine) -> dict[str, Any]:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    setup = {
        "versions": versions(),
        "options": {"events": options.events, "runs": options.runs, "satisfied": options.satisfied, "rate": options.rate},
    }
    # Ends a minute ago: nothing of it is late, nothing ahead of the clock, and the short windows have data.
    span = 30 * DAY
    start = time.time_ns() // 1_000_000 - MINUTE - span
    records = standard_load(options.events, satisfied=options.satisfied, start=start, span=span)
    rate = None if options.no_latency else options.rate
    runs = [await one_run(console, records, rate) for _ in range(options.runs)]
    return summary(runs, before, setup)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.standard", description="Backlog speed and latency on the standard load.")
    parser.add_argument("--events", type=int, default=1_000_000, help="events in the backlog (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=1, help="repetitions, each on a fresh broker; medians are reported (default: %(default)s)")
    parser.add_argument("--satisfied", type=float, default=0.90, help="share of satisfied ratings (default: %(default)s)")
    parser.add_argument("--rate", type=int, default=LOAD_RATE, help="events a second of the latency under load (default: %(default)s)")
    parser.add_argument("--no-latency", action="store_true", help="measure the backlog only")
    parser.add_argument("--out", type=Path, default=RESULTS, help="result file (default: bench/results/latest.json)")
    options = parser.parse_args()
    if options.events < LEAST_EVENTS or options.runs < 1 or options.rate < 1 or not 0 <= options.satisfied <= 1:
        parser.error(f"needs at least {LEAST_EVENTS} events, 1 run, a rate, and a share from 0 to 1")
    return options


def _backlog_figures(backlog: Backlog) -> Run:
    return {
        "events_per_second": round(backlog.events_per_second),
        "cpu_seconds_per_million": round(backlog.cpu_seconds_per_million, 2),
        "peak_rss_mb": round(backlog.peak_rss_mb, 1),
        "seconds": round(backlog.seconds, 2),
        "startup_seconds": round(backlog.startup_seconds, 2),
        "broker_cpu_seconds": round(backlog.broker_cpu_seconds, 2),
    }


def _median(runs: Sequence[Run], name: str) -> float:
    return float(statistics.median(run[name] for run in runs))


def _medians(runs: Sequence[Run], part: str, names: Sequence[str]) -> dict[str, float]:
    return {name: _median([run[part] for run in runs], name) for name in names if all(part in run for run in runs)}


if __name__ == "__main__":
    sys.exit(main())
