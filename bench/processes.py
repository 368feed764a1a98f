"""The worker as a child process, and what it uses of processor and memory."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import yaml

from stream.errors import CsatStreamError

COMMAND = str(Path(sys.executable).parent / "csat-stream")
SAMPLE_SECONDS = 0.05
_STOP_SECONDS = 20.0
_LOG_LINES = 15


class BenchFailed(CsatStreamError):
    """What was to be measured didn't happen; the text says what, with the end of the worker's log."""


class Sample(NamedTuple):
    """One moment: `time.perf_counter()`, CPU seconds so far of worker and broker, and the worker's memory in bytes."""

    at: float
    cpu: float
    broker_cpu: float
    rss: int


class Usage(NamedTuple):
    """What was used between two moments: CPU seconds of worker and broker; peak memory of the worker in MB."""

    cpu_seconds: float
    broker_cpu_seconds: float
    peak_rss_mb: float


def usage(samples: Sequence[Sample], begin: float, end: float) -> Usage:
    """Usage from the last sample before `begin` to the first one after `end`; the peak is that of all samples up to then."""
    first = max((sample for sample in samples if sample.at <= begin), default=samples[0])
    last = min((sample for sample in samples if sample.at >= end), default=samples[-1])
    peak = max(sample.rss for sample in samples if sample.at <= last.at)
    return Usage(last.cpu - first.cpu, last.broker_cpu - first.broker_cpu, peak / 2**20)


@asynccontextmanager
async def sampled(worker_pid: int, broker_pid: int) -> AsyncIterator[list[Sample]]:
    """A list that grows by one sample every 50 ms while the block runs."""
    samples: list[Sample] = []
    task = asyncio.create_task(_sample(psutil.Process(worker_pid), psutil.Process(broker_pid), samples))
    try:
        yield samples
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextmanager
def worker(config: Path, ready_file: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A running worker; asked to stop at the end of the block, ended by force if it doesn't."""
    with log.open("ab") as output:
        command = [COMMAND, "worker", "--config", str(config), "--ready-file", str(ready_file)]
        # A session of its own: Ctrl-C reaches the bench alone, which then stops the worker.
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def write_config(folder: Path, settings: dict[str, Any]) -> Path:
    """Write `csat.yaml` into a folder."""
    config = folder / "csat.yaml"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return config


def run_command(*arguments: str) -> None:
    """Run `csat-stream` with arguments; BenchFailed with what it said if it fails."""
    done = subprocess.run([COMMAND, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchFailed(f"csat-stream {arguments[0]} failed:\n{done.stderr.strip()}")


async def until_ready(process: subprocess.Popen[bytes], ready_file: Path, log: Path, patience: float) -> float:
    """Wait for the ready file; the moment it appeared (`time.perf_counter()`)."""
    deadline = time.perf_counter() + patience
    while not ready_file.exists():  # noqa: ASYNC240  a look at a local file takes microseconds
        if process.poll() is not None:
            raise BenchFailed(f"the worker ended with exit code {process.returncode}; the end of its log:\n{tail(log)}")
        if time.perf_counter() > deadline:
            raise BenchFailed(f"the worker was not ready after {patience:.0f} s; the end of its log:\n{tail(log)}")
        await asyncio.sleep(0.01)
    return time.perf_counter()


def tail(log: Path) -> str:
    """The last lines of a log file."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:])


async def _sample(worker_process: psutil.Process, broker: psutil.Process, samples: list[Sample]) -> None:
    while True:
        try:
            tree = [worker_process, *worker_process.children(recursive=True)]
            cpu, rss = sum(cpu_of(process) for process in tree), sum(process.memory_info().rss for process in tree)
            samples.append(Sample(time.perf_counter(), cpu, cpu_of(broker), rss))
        except psutil.NoSuchProcess:  # a child may end between two looks
            if not worker_process.is_running():
                return
        await asyncio.sleep(SAMPLE_SECONDS)


def cpu_of(process: psutil.Process) -> float:
    """CPU seconds that a process has used so far."""
    times = process.cpu_times()
    return float(times.user + times.system)
