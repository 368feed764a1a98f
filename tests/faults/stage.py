"""An installation under faults: its workers, which may die or stand still at a given place, and the verdict in the end."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from engine_case import Case
from engine_worker import WorkerProcess, until

from schemas.times import iso
from stream.audit.log import judge
from stream.audit.topics import read_sources
from stream.clock import real_ms
from stream.engine.fault_points import VARIABLE, Point

REPOSITORY = Path(__file__).resolve().parents[2]
SESSION = "2s"
BROKER = {"group.min.session.timeout.ms": "1000"}
SEGMENTS = [[], ["team"], ["channel"], ["product"], ["team", "channel"], ["team", "product"]]
QUICK = {"min": "1s", "max": "1s"}
KILLED = -9
PATIENCE = 240
"""Seconds for a scorer that takes over at the end of a long run: it reads every sum of the run first."""


@dataclass(frozen=True)
class Verdict:
    """What `csat-stream recompute --diff` found: wrong or missing scores, and scores not brought up to date; and the number of dead letters."""

    differences: int
    stale: int
    judged: int
    letters: int
    shown: str


@dataclass
class Stage:
    """One installation, and the workers that were started for it; `rng` makes every choice, so that a seed repeats them."""

    case: Case
    rng: random.Random
    workers: list[WorkerProcess] = field(default_factory=list)
    module: str = "stream.cli"

    def launch(self, *, module: str | None = None, fault: str | None = None, **environment: str) -> WorkerProcess:
        """One more worker; `fault` is the value of the variable that switches a fault point on."""
        name = f"{self.case.settings.app}-{len(self.workers)}"
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in environment.items():
                patch.setenv(variable, value)
            if fault is not None:
                patch.setenv(VARIABLE, fault)
            worker = WorkerProcess(self.case.config, self.case.folder, name, module or self.module)
        self.workers.append(worker)
        return worker

    async def joined(self, *, module: str | None = None, fault: str | None = None, **environment: str) -> WorkerProcess:
        """One more worker, which owns partitions and has recovered them."""
        worker = self.launch(module=module, fault=fault, **environment)
        assert await worker.until_logged("tickets recovered", 40), worker.log
        return worker

    async def killed_at(self, point: Point, count: int, *, module: str | None = None, **environment: str) -> WorkerProcess:
        """A worker that has killed itself the `count`-th time it came to this place."""
        worker = self.launch(module=module, fault=f"{point}:{count}", **environment)
        assert await until(lambda: not worker.is_running, 60), f"{point}:{count} was not reached\n{worker.log}"
        assert worker.exit_code == KILLED, worker.log
        return worker

    async def stopped_at(self, point: Point, count: int, *, module: str | None = None, **environment: str) -> WorkerProcess:
        """A worker that stands still since the `count`-th time it came to this place."""
        worker = self.launch(module=module, fault=f"{point}:{count}:stop", **environment)
        assert await until(lambda: is_stopped(worker), 60), f"{point}:{count} was not reached\n{worker.log}"
        return worker

    @property
    def running(self) -> list[WorkerProcess]:
        """Workers whose process exists."""
        return [worker for worker in self.workers if worker.is_running]

    async def stop_all(self) -> None:
        """Ask every worker to end; each must do so with exit code 0."""
        running = self.running
        assert await asyncio.gather(*(worker.stop() for worker in running)) == [0] * len(running)

    async def verdict(self, seconds: float = 60) -> Verdict:
        """Assert that everything was read, every figure is right and every dead letter is there; what is due may take a moment."""
        await self.case.until_read(seconds)
        return await self.right(seconds)

    async def right(self, seconds: float = 60) -> Verdict:
        """The same without a look at the state, whose topics are others after a rebuild."""
        found = await self.compared(seconds)
        assert found.differences == 0, found.shown
        assert found.stale == 0, f"{found.stale} scores were not brought up to date: {found.shown}"
        assert found.judged > 0
        await self.case.audit_letters(judge((await read_sources(self.case.settings)).records, self.case.settings))
        return found

    async def compared(self, seconds: float) -> Verdict:
        """What the command finds at this moment's figures: nothing, or what it still found when the time was over."""
        last: list[Verdict] = []
        moment = iso(real_ms())

        async def agrees() -> bool:
            last[:] = [await self._recompute(moment)]
            return not last[0].differences and not last[0].stale

        await until(agrees, seconds, poll=1)
        return last[0]

    async def rebuild(self) -> None:
        """Run `csat-stream rebuild` to its end."""
        command = [sys.executable, "-m", "stream.cli", "rebuild", "--delete-old", "--config", str(self.case.config)]
        process = await asyncio.create_subprocess_exec(*command, cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        printed, _ = await asyncio.wait_for(process.communicate(), 90)
        assert process.returncode == 0, printed.decode()

    async def _recompute(self, moment: str) -> Verdict:
        command = [sys.executable, "-m", "stream.cli", "recompute", "--diff", "--json", "--as-of", moment, "--config", str(self.case.config)]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=REPOSITORY, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, errors = await process.communicate()
        assert process.returncode in (0, 1), errors.decode()
        found = json.loads(out)
        differences = found["differences"]
        assert (process.returncode == 0) == (not differences and not found["unreadable_scores"])
        letters = sum(found["dead_letters"].values())
        return Verdict(len(differences), len(found["stale"]), found["judged"], letters, json.dumps((differences + found["stale"])[:8]))

    def close(self) -> None:
        """End every worker whatever it does."""
        for worker in self.workers:
            worker.close()


def is_stopped(worker: WorkerProcess) -> bool:
    """Whether its process stands still."""
    return worker.is_running and psutil.Process(worker._process.pid).status() == psutil.STATUS_STOPPED


NewStage = Callable[..., Stage]
