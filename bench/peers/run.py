"""One run of one contestant: started, watched until its output rests, stopped, measured and compared with the right answer."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
import psutil

from bench.peers.contestant import Command
from bench.peers.job import FIRST, Job
from bench.peers.topics import Output, Watch, remove_topics, watched_output
from bench.peers.truth import Answer, Verdict, verdict
from bench.processes import Sample, sampled, usage

REPOSITORY = Path(__file__).resolve().parent.parent.parent
_LOOK_SECONDS = 0.25
_STOP_SECONDS = 20.0
# Java writes a large number with an exponent.
_FIRST_LINE = re.compile(rf"{FIRST} ([0-9]+(?:\.[0-9]+)?(?:E[0-9]+)?)")
_CALM_CORES, _CALM_SECONDS = 0.4, 2.0


class Patience(NamedTuple):
    """Seconds: without a new result that mean the end, of right results and of wrong ones; for the whole run; to wait for a calm machine.

    Wrong results get longer: a contestant that halts in the middle of the work, say for a rebalance, is late and not wrong.
    """

    quiet: float = 12.0
    stuck: float = 90.0
    limit: float = 900.0
    calm: float = 60.0


class Figures(NamedTuple):
    """What a run took. Times in seconds, memory in MB; `others_cores` is what neither contestant nor broker nor the bench used of the machine."""

    events: int
    events_per_second: float
    cpu_seconds_per_million: float
    peak_rss_mb: float
    seconds: float
    startup_seconds: float
    broker_cpu_seconds: float
    others_cores: float
    rows: int
    windows: int
    wrong: int
    lost: int


class Failure(NamedTuple):
    """Why a run has no figures."""

    reason: str


class Observed(NamedTuple):
    """One run as it was seen: its beginning (`time.perf_counter()`), what to add to it for Unix seconds, CPU seconds of all but the bench."""

    began: float
    clock: float
    busy: float
    samples: list[Sample]
    exit_code: int | None


async def run(command: Command, job: Job, right: Answer, events: int, broker_pid: int, patience: Patience) -> Figures | Failure:
    """Run a contestant once; its output topic and all topics it made are gone afterwards, its log is `log` in the state folder."""
    log = job.state / "log"
    try:
        async with watched_output(job.broker, job.out) as watch:
            await _calm(patience.calm)
            with _contestant(command, job, log) as process:
                observed = await _observe(process, watch, broker_pid, right, patience)
            output = await watch.read()
        return figures(observed, output, _first(log), right, events)
    finally:
        await remove_topics(job.broker, job.app)


@contextmanager
def _contestant(command: Command, job: Job, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The contestant's process, in a session of its own that is ended as a whole."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), **command.environment, **job.environment()}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command.arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd=job.state, env=environment
        )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the session to end, by force after 20 s; children that outlive their parent go too."""
    _signal(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal the process group that the contestant leads; nothing where it is empty."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


async def _observe(process: subprocess.Popen[bytes], watch: Watch, broker_pid: int, right: Answer, patience: Patience) -> Observed:
    """Samples from the start until the contestant ends by itself, its output rests, or the limit is reached."""
    began, busy = time.perf_counter(), _busy()
    clock = time.time() - began
    async with sampled(process.pid, broker_pid) as samples:
        records, changed, rest = 0, began, patience.quiet
        while process.poll() is None and time.perf_counter() - began < patience.limit:
            await asyncio.sleep(_LOOK_SECONDS)
            now, found = time.perf_counter(), await watch.records()
            if found != records:
                records, changed, rest = found, now, patience.quiet
            elif records and now - changed > rest:
                if rest >= patience.stuck or await _is_right(watch, right):
                    break
                rest = patience.stuck
    return Observed(began, clock, _busy() - busy, samples, process.poll())


async def _is_right(watch: Watch, right: Answer) -> bool:
    """Whether the results so far are the whole right answer."""
    found = _compared(await watch.read(), right)
    return isinstance(found, Verdict) and found.wrong == 0


def _compared(output: Output, right: Answer) -> Verdict | Failure:
    try:
        return verdict(output.values, right)
    except msgspec.DecodeError:
        return Failure("its results are not of the agreed form")


def figures(observed: Observed, output: Output, first: float | None, right: Answer, events: int) -> Figures | Failure:
    """Speed, processor and memory between the first record seen and the last result appended."""
    if observed.exit_code:
        return Failure(f"it ended with exit code {observed.exit_code}")
    if first is None or not output.values:
        return Failure("it read no record" if first is None else "it wrote no result")
    if output.last <= first:
        return Failure("its last result is older than its first record")
    found = _compared(output, right)
    if isinstance(found, Failure):
        return found
    seconds = output.last - first
    used = usage(observed.samples, first - observed.clock, output.last - observed.clock)
    return Figures(
        events=events,
        events_per_second=round(events / seconds),
        cpu_seconds_per_million=round(used.cpu_seconds / events * 1_000_000, 2),
        peak_rss_mb=round(used.peak_rss_mb, 1),
        seconds=round(seconds, 2),
        startup_seconds=round(first - observed.clock - observed.began, 2),
        broker_cpu_seconds=round(used.broker_cpu_seconds, 2),
        others_cores=round(_others_cores(observed), 2),
        rows=len(output.values),
        windows=found.windows,
        wrong=found.wrong,
        lost=found.lost,
    )


def _others_cores(observed: Observed) -> float:
    """Cores that others used on average over the whole run."""
    first, last = observed.samples[0], observed.samples[-1]
    ours = last.cpu + last.broker_cpu - first.cpu - first.broker_cpu
    return max(0.0, observed.busy - ours) / (last.at - first.at)


def _first(log: Path) -> float | None:
    """The moment of the first record, in Unix seconds, as the contestant printed it."""
    return first_record(log.read_text(encoding="utf-8", errors="replace").splitlines())


def first_record(lines: Sequence[str]) -> float | None:
    """The earliest moment among a contestant's `FIRST <seconds>` lines; None without one."""
    return min((float(found[1]) for line in lines if (found := _FIRST_LINE.fullmatch(line))), default=None)


def _busy() -> float:
    """CPU seconds that the whole machine has used so far, but for this process, which reads results while a contestant runs."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0)) - time.process_time()


async def _calm(limit: float) -> None:
    """Wait until the machine uses less than 0.4 of a core for two seconds, for `limit` seconds at most."""
    deadline = time.perf_counter() + limit
    while time.perf_counter() < deadline:
        before = _busy()
        await asyncio.sleep(_CALM_SECONDS)
        if _busy() - before < _CALM_CORES * _CALM_SECONDS:
            return
