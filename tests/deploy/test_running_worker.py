"""The whole way from a rating to whoever is woken: a real worker on the real Kafka, Prometheus, Alertmanager, a receiver."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from alert_script import Script, only
from engine_case import Case, new_case
from engine_worker import WorkerProcess, until

from stream.deploy.prometheus import PAGE, SILENT
from stream.devkit.ports import HOST, free_ports
from tests import prometheus_stack as stack

pytestmark = pytest.mark.prometheus
RULE = {"kind": "custom", "metric": "csat", "window": "15m", "below": 80, "min_n": 10, "severity": "page", "for": "3m"}
GOOD, BAD, FINE = ("billing", 3, 0), ("billing", 1, 3), ("shipping", 1, 0)
MINUTES = [*[[GOOD, FINE]] * 8, *[[BAD, FINE]] * 100]
"""Well, then a dip of one team that lasts as long as the test: the team explains all of the dip of the whole."""
_PAGES, _TEAM_PAGES = "/pages", "/pages/billing"
_LOG_SHOWN = 4000


class Scraping(NamedTuple):
    """What stands between a worker and the receiver."""

    alertmanager: stack.Program
    prometheus: stack.Program


@pytest.fixture
def port() -> int:
    """A free port for the worker's metrics."""
    return free_ports(1)[0]


@pytest.fixture
def script() -> Script:
    """The feed."""
    return Script.beginning_soon(MINUTES)


@pytest.fixture
def case(bootstrap_servers: str, tmp_path: Path, script: Script, port: int) -> Case:
    """An installation with one rule, on everything and on the team."""
    settings: dict[str, Any] = {"clock": script.clock, "segments": [[], ["team"]], "alerts": only(dip=RULE), "metrics": {"host": HOST, "port": port}}
    return new_case(bootstrap_servers, tmp_path, **settings)


@pytest.fixture
def worker(case: Case) -> Iterator[Callable[[], WorkerProcess]]:
    """Starts the worker, which ends with the test; its log is shown where that failed."""
    started: list[WorkerProcess] = []

    def begin() -> WorkerProcess:
        started.append(WorkerProcess(case.config, case.folder, "worker"))
        return started[-1]

    yield begin
    for process in started:
        process.close()
        print(f"--- exit code {process.exit_code}\n{process.log[-_LOG_SHOWN:]}")  # noqa: T201 (pytest shows it with a failure)


@pytest.fixture
def receiver(programs: None) -> Iterator[stack.Receiver]:  # noqa: ARG001 (only to be there)
    """Receives what Alertmanager sends."""
    found = stack.Receiver()
    yield found
    found.stop()


@pytest.fixture
def scrape(receiver: stack.Receiver, tmp_path: Path, port: int) -> Iterator[Callable[[], Scraping]]:
    """Starts Alertmanager and Prometheus, which scrapes the port: not before the worker is there, or it would be a silent one."""
    started: list[stack.Program] = []

    def begin() -> Scraping:
        started.append(stack.start_alertmanager(tmp_path, receiver, ["billing"]))
        started.append(stack.start_prometheus(tmp_path, [port], started[0]))
        return Scraping(*started)

    yield begin
    for program in reversed(started):
        program.stop()


async def test_a_dip_is_told_and_a_killed_worker_too(
    case: Case, script: Script, worker: Callable[[], WorkerProcess], receiver: stack.Receiver, scrape: Callable[[], Scraping]
) -> None:
    """The team that explains the dip pages its own people, the whole keeps quiet; when the worker is killed, the dead-man's alert pages."""
    await case.create_topics()
    running = worker()
    await running.until_ready()
    feed = asyncio.create_task(script.run(case))
    try:
        await _dip_is_told(receiver, await asyncio.to_thread(scrape))
        running.kill()
        await _silence_is_told(receiver)
    finally:
        feed.cancel()
        with suppress(asyncio.CancelledError):
            await feed


async def _dip_is_told(receiver: stack.Receiver, scraping: Scraping) -> None:
    assert await until(lambda: bool(receiver.alerts(_TEAM_PAGES)), 40), "the team is not paged"
    (page,) = receiver.alerts(_TEAM_PAGES)
    assert (page["alertname"], page["rule"], page["team"], page["severity"], page["level"]) == (PAGE, "dip", "billing", "page", "team")
    assert "instance" not in page
    assert await until(lambda: stack.suppressed(scraping.alertmanager) == ["{}"], 20), "the whole is not inhibited"
    (state,) = stack.query(scraping.prometheus, 'cx_alert_state{level="all"}')
    assert (state["metric"]["rule"], state["metric"]["state"]) == ("dip", "firing")
    assert [alert for alert in receiver.alerts(_PAGES) if alert["alertname"] == PAGE] == []
    assert SILENT not in {alert["alertname"] for alert in receiver.alerts(_PAGES)}


async def _silence_is_told(receiver: stack.Receiver) -> None:
    assert await until(lambda: bool(receiver.alerts(_PAGES)), 40), "nobody is told that the worker is gone"
    assert {alert["alertname"] for alert in receiver.alerts(_PAGES)} == {SILENT}
