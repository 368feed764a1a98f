"""Start: `python -m bench.start` writes bench/results/start.json: from the command line to the first score that can be read, on an empty state.

One rating waits in its topic. Each run has a broker of its own, so that nothing is there but the topics.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from bench.backlog import set_up
from bench.broker import prompt_producer, watched
from bench.latency import lone_rating
from bench.machine import machine, versions
from bench.processes import until_ready, worker
from schemas.scores import score_key
from stream.devkit.kafka import EmbeddedKafka
from stream.errors import CsatStreamError

RESULTS = Path(__file__).parent / "results" / "start.json"
RUNS = 5
_PATIENCE_SECONDS = 60.0


def main() -> int:
    """Measure, print and write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.start", description="From the start of a worker to its first score.")
    parser.add_argument("--runs", type=int, default=RUNS, help="starts, each on a fresh broker; the median is reported (default: %(default)s)")
    given = parser.parse_args()
    console = Console(highlight=False)
    try:
        runs = [asyncio.run(_first_score()) for _ in range(given.runs)]
    except CsatStreamError as error:
        Console(stderr=True).print(f"error: {error}", markup=False)
        return error.exit_code
    found = {"seconds_to_first_score": statistics.median(runs), "runs": runs}
    RESULTS.write_text(json.dumps({"machine": machine(), "versions": versions(), **found}, indent=1) + "\n", encoding="utf-8")
    console.print(f"start to first score: {found['seconds_to_first_score']:.2f} s, {min(runs):.2f} to {max(runs):.2f} (asked for: 3 at most)")
    return 0


async def _first_score() -> float:
    """Seconds from the start of the process until a score can be read."""
    with EmbeddedKafka() as kafka, tempfile.TemporaryDirectory(prefix="csat-stream-bench-") as name:
        folder = Path(name)
        settings = await set_up(kafka, folder)
        rating, key = lone_rating(0), score_key("csat", {}, "all")
        async with prompt_producer(settings) as producer, watched(settings, [key]) as watch:
            await producer.send_and_wait(settings.topics.ratings, rating.value, key=rating.partition_key)
            began = time.perf_counter()
            with worker(folder / "csat.yaml", folder / "ready", folder / "worker.log") as process:
                await watch.wait(key, 1, _PATIENCE_SECONDS)
                seconds = watch.seen[key][0][0] - began
                await until_ready(process, folder / "ready", folder / "worker.log", _PATIENCE_SECONDS)
        return round(seconds, 2)


if __name__ == "__main__":
    sys.exit(main())
