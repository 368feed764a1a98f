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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.backlog import Backlog, caught_up_worker, prepare
from bench.broker import prompt_producer, watched
from bench.latency import lone_ratings, under_load
from bench.loads import recent_load
from bench.machine import Machine, machine, versions
from bench.processes import cpu_of
from stream.devkit.kafka import EmbeddedKafka
from stream.devkit.load import LoadRecord
from stream.errors import CsatStreamError

RESULTS = Path(__file__).parent / "results" / "latest.json"
LEAST_EVENTS = 10_000
LONE_RATINGS = 100
RUNS = 5
LOAD_RATE, LOAD_SECONDS = 2_000, 30
# After 5 s without traffic `now` is the wall clock; from then on the stream is idle.
IDLE_SECONDS = 8.0

Run = dict[str, Any]

MEASURED = {
    "standard_job": ("events_per_second", "cpu_seconds_per_million", "broker_cpu_seconds_per_million", "peak_rss_mb"),
    "latency_ms": ("p50", "p99"),
    "loaded_latency_ms": ("p50", "p99", "worker_cores"),
}
ROWS = (
    ("standard_job", "events_per_second", "backlog, events/s", "100,000 or more"),
    ("standard_job", "cpu_seconds_per_million", "CPU seconds of the worker for 1M events", "10 or less"),
    ("standard_job", "broker_cpu_seconds_per_million", "CPU seconds of the broker for 1M events", ""),
    ("standard_job", "peak_rss_mb", "peak memory, MB", ""),
    ("latency_ms", "p50", "lone rating to score, p50, ms", "50 or less"),
    ("latency_ms", "p99", "lone rating to score, p99, ms", "150 or less"),
    ("loaded_latency_ms", "p50", "1h at {rate:,} events/s, p50, ms", "700 or less"),
    ("loaded_latency_ms", "p99", "1h at {rate:,} events/s, p99, ms", "1,500 or less"),
)
"""What the table shows: part and name in the result, what it is called, what is asked for."""
LARGE = 100
"""From here on figures are shown without decimals."""


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
                begun, before = time.perf_counter(), cpu_of(backlog.process)
                run["loaded_latency_ms"] = await under_load(producer, settings, watch, rate=rate, seconds=LOAD_SECONDS)
                cores = (cpu_of(backlog.process) - before) / (time.perf_counter() - begun)
                run["loaded_latency_ms"]["worker_cores"] = round(cores, 2)
            return run


def summary(runs: Sequence[Run], before: Machine, setup: dict[str, Any]) -> dict[str, Any]:
    """The result file: medians over the runs with the least and the most of each, and every run."""
    parts: dict[str, Sequence[Run]] = {"standard_job": runs}
    for part in ("latency_ms", "loaded_latency_ms"):
        parts[part] = [run[part] for run in runs if part in run]
    return {
        **{part: _each(found, MEASURED[part], statistics.median) for part, found in parts.items()},
        "spread": {part: _each(found, MEASURED[part], _spread) for part, found in parts.items()},
        "startup_seconds": statistics.median(run["startup_seconds"] for run in runs),
        "machine": before,
        **setup,
        "runs": list(runs),
    }


def _each(runs: Sequence[Run], names: Sequence[str], of: Callable[[Sequence[float]], Any]) -> dict[str, Any]:
    return {name: of([run[name] for run in runs]) for name in names if runs}


def _spread(values: Sequence[float]) -> list[float]:
    return [min(values), max(values)]


def results_table(result: dict[str, Any]) -> Table:
    """The figures with their spread and what is asked of them."""
    table = Table("measure", "median", "least to most", "asked for", title="Standard bench", title_justify="left")
    table.columns[1].justify = "right"
    for part, name, shown, asked in ROWS:
        if result[part]:
            least, most = result["spread"][part][name]
            what = shown.format(rate=result["options"]["rate"])
            table.add_row(what, _figure(result[part][name]), f"{_figure(least)} to {_figure(most)}", asked)
    table.add_row("start-up, s", _figure(result["startup_seconds"]), "", "3 or less")
    return table


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= LARGE else f"{value:.1f}"


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
        "options": {"events": options.events, "runs": options.runs, "days": options.days, "satisfied": options.satisfied, "rate": options.rate},
    }
    records = recent_load(options.events, days=options.days, satisfied=options.satisfied)
    rate = None if options.no_latency else options.rate
    runs = [await one_run(console, records, rate) for _ in range(options.runs)]
    return summary(runs, before, setup)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.standard", description="Backlog speed and latency on the standard load.")
    parser.add_argument("--events", type=int, default=1_000_000, help="events in the backlog (default: %(default)s)")
    parser.add_argument("--days", type=int, default=30, help="days that they are spread over (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=RUNS, help="repetitions, each on a fresh broker; medians are reported (default: %(default)s)")
    parser.add_argument("--satisfied", type=float, default=0.90, help="share of satisfied ratings (default: %(default)s)")
    parser.add_argument("--rate", type=int, default=LOAD_RATE, help="events a second of the latency under load (default: %(default)s)")
    parser.add_argument("--no-latency", action="store_true", help="measure the backlog only")
    parser.add_argument("--out", type=Path, default=RESULTS, help="result file (default: bench/results/latest.json)")
    options = parser.parse_args()
    if options.events < LEAST_EVENTS or min(options.runs, options.days, options.rate) < 1 or not 0 <= options.satisfied <= 1:
        parser.error(f"needs at least {LEAST_EVENTS} events, 1 run, 1 day, a rate, and a share from 0 to 1")
    return options


def _backlog_figures(backlog: Backlog) -> Run:
    return {
        "events_per_second": round(backlog.events_per_second),
        "cpu_seconds_per_million": round(backlog.cpu_seconds_per_million, 2),
        "peak_rss_mb": round(backlog.peak_rss_mb, 1),
        "seconds": round(backlog.seconds, 2),
        "startup_seconds": round(backlog.startup_seconds, 2),
        "broker_cpu_seconds_per_million": round(backlog.broker_cpu_seconds / backlog.events * 1_000_000, 2),
    }


if __name__ == "__main__":
    sys.exit(main())
