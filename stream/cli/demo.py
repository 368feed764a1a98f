"""`demo`: the main job on a simulated helpdesk, shown live."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stream.cli.child import WorkerChild, running_worker
from stream.cli.embedded import create_all, embedded, end_on_sigterm, run_until_sigterm, starting_text, throwaway_kafka
from stream.cli.follow import Outputs
from stream.cli.screen import Frame, Past, Screen, rows_of, screen
from stream.cli.simulation import Plan, Simulation, plan_of
from stream.cli.steps import Steps, steps
from stream.clock import real_ms, steady_ms
from stream.devkit.ports import HOST, free_ports
from stream.durations import SECOND
from stream.settings import Settings

PARTITIONS = 4
_FRAME_SECONDS = 0.25
# Ctrl-C to the prompt takes less than 3 s, however busy the worker is.
_STOP_SECONDS = 1.5


def run_demo(seconds: float | None, speed: float, rate: float, metrics_port: int | None) -> None:
    """Run until Ctrl-C, or for so many seconds from the first table on; nothing is left behind. With a port (0: any free one) it can be scraped."""
    end_on_sigterm()
    port = free_ports(1)[0] if metrics_port == 0 else metrics_port
    with steps() as told:
        told.say(starting_text())
        with throwaway_kafka() as kafka, tempfile.TemporaryDirectory(prefix="csat-stream-demo-") as folder:
            plan = plan_of(real_ms(), speed, rate)
            settings = settings_of(plan, embedded(kafka), real_ms(), port)
            run_until_sigterm(_run(plan, settings, Path(folder), told, seconds))


def settings_of(plan: Plan, kafka: dict[str, Any], real_now: int, metrics_port: int | None = None) -> Settings:
    """The demo's own settings, whatever the user's are: teams and channels, published every second, simulated time from `real_now` (ms) on."""
    return Settings.model_validate(
        {
            **kafka,
            "segments": [[], ["team"], ["channel"], ["team", "channel"]],
            "publish": {"min": "200ms", "max": "1s"},
            "clock": {"simulated_from": plan.start, "simulated_at": real_now, "simulated_speed": plan.speed},
            "metrics": {"host": HOST, "port": metrics_port},
            # Half a day of events says nothing of the 30 days that this rule is about.
            "alerts": {"rules": {"target_missed": {"enabled": False}}},
        }
    )


def metrics_url(settings: Settings) -> str | None:
    """Where the worker can be scraped; None where it can't."""
    return None if settings.metrics.port is None else f"http://{settings.metrics.host}:{settings.metrics.port}/metrics"


async def _run(plan: Plan, settings: Settings, folder: Path, told: Steps, seconds: float | None) -> None:
    stop = _stop_on_ctrl_c()
    await create_all(settings, PARTITIONS)
    url = metrics_url(settings)
    told.say(f"{f'metrics for Prometheus at {url}; ' if url else ''}starting a worker on the events of the night before")
    simulation, outputs = Simulation(plan, settings), Outputs(settings)
    with running_worker(settings, folder, patience=_STOP_SECONDS) as worker:
        tasks = [asyncio.create_task(simulation.run()), asyncio.create_task(outputs.follow())]
        try:
            await _until_scored(plan, outputs, worker, tasks, stop)
            told.end()
            with screen() as shown:
                await _show(Frames(settings, simulation, outputs), shown, worker, tasks, stop, seconds)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class Frames:
    """Pictures of the present, each with the change since an hour ago."""

    def __init__(self, settings: Settings, simulation: Simulation, outputs: Outputs) -> None:
        self._servers = settings.kafka.bootstrap_servers
        self._metrics = metrics_url(settings)
        self._simulation, self._outputs, self._past = simulation, outputs, Past()

    def next(self) -> Frame:
        """The present."""
        scores, now = list(self._outputs.scores.values()), self._outputs.now or self._simulation.now
        news = list(self._outputs.news)
        self._outputs.news.clear()
        self._past.note(now, scores)
        since, before = self._past.before(now)
        simulation = self._simulation
        return Frame(
            simulation.now,
            simulation.pace,
            simulation.story,
            rows_of(scores, before),
            since,
            simulation.produced,
            self._outputs.letters,
            self._servers,
            alerts=list(self._outputs.alerts.values()),
            news=news,
            metrics=self._metrics,
        )


async def _until_scored(plan: Plan, outputs: Outputs, worker: WorkerChild, tasks: Sequence[asyncio.Task[None]], stop: asyncio.Event) -> None:
    """Until the night before has been scored."""
    while not stop.is_set() and (outputs.now or 0) < plan.start:
        _check(worker, tasks)
        await asyncio.sleep(_FRAME_SECONDS / 5)


async def _show(
    frames: Frames, shown: Screen, worker: WorkerChild, tasks: Sequence[asyncio.Task[None]], stop: asyncio.Event, seconds: float | None
) -> None:
    begin = steady_ms()
    while not stop.is_set() and (seconds is None or steady_ms() - begin < seconds * SECOND):
        _check(worker, tasks)
        shown.show(frames.next())
        await asyncio.sleep(_FRAME_SECONDS)


def _check(worker: WorkerChild, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Raise what has ended one of the parts; none of them ends by itself."""
    worker.check()
    for task in tasks:
        if task.done():
            task.result()


def _stop_on_ctrl_c() -> asyncio.Event:
    """Ctrl-C is how a demo ends: no error."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    return stop
