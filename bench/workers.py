"""What an event costs where several workers share the partitions: CPU of all of them, from when all stand ready until all is counted."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psutil

from bench.backlog import check_counted, set_up
from bench.loads import recent_load
from bench.processes import cpu_of, until_ready, worker
from stream.devkit.fill import fill
from stream.devkit.kafka import EmbeddedKafka

EVENTS = 1_000_000
_READY_SECONDS = 120.0
_REST_SECONDS = 8.0
"""After which a group of workers has come to rest: rebalances are over, and nothing is left to be made durable."""


def of_workers(workers: int) -> float:
    """CPU microseconds an event of the standard job, of all workers together."""
    return asyncio.run(_cost(workers))


async def _cost(workers: int) -> float:
    records = recent_load(EVENTS)
    with EmbeddedKafka() as kafka, tempfile.TemporaryDirectory(prefix="csat-stream-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        settings = await set_up(kafka, folder)
        processes = []
        for number in range(workers):
            ready, log = folder / f"ready-{number}", folder / f"worker-{number}.log"
            process = stack.enter_context(worker(folder / "csat.yaml", ready, log))
            await until_ready(process, ready, log, _READY_SECONDS)
            processes.append(psutil.Process(process.pid))
        await asyncio.sleep(_REST_SECONDS)
        before = sum(map(cpu_of, processes))
        await fill(settings, records)
        await check_counted(settings, records)
        return 1e6 * (sum(map(cpu_of, processes)) - before) / EVENTS
