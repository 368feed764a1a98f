"""The dashboard on a demo of three minutes: every query of every panel has data (`make panels`)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.devkit.ports import free_ports
from tests import prometheus_stack as stack

pytestmark = [pytest.mark.kafka, pytest.mark.prometheus, pytest.mark.timeout(400)]
DASHBOARD = json.loads((Path(__file__).parents[2] / "deploy/grafana/dashboards/csat-stream.json").read_text(encoding="utf-8"))
CHOICES: list[dict[str, str]] = [{}, {"team": "billing"}, {"channel": "chat"}, {"team": "billing", "channel": "chat"}, {"window": "1h"}]
"""What a reader may choose; the first is how the dashboard opens."""
SECONDS = 180
_STARTING_SECONDS = 90
EVERY = "5s"
"""Fifteen thousand series take about half a second of a worker's time; Prometheus gives up after one interval."""
_FEWEST_QUERIES = 35


class Demo:
    """A running demo whose worker can be scraped."""

    def __init__(self, folder: Path, port: int) -> None:
        self._shown, self._errors = folder / "demo.out", folder / "demo.err"
        command = [sys.executable, "-m", "stream.cli", "demo", "--seconds", str(SECONDS), "--metrics-port", str(port)]
        with self._shown.open("wb") as out, self._errors.open("wb") as err:
            self._process = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL, start_new_session=True)

    @property
    def shown(self) -> str:
        """All lines so far."""
        return self._shown.read_text(encoding="utf-8")

    def until_shown(self) -> None:
        """Wait for the first table."""
        stack.wait_for(lambda: bool(self.shown) or self._process.poll() is not None, "the demo begins", _STARTING_SECONDS)
        assert self._process.poll() is None, self._errors.read_text(encoding="utf-8")

    def end(self) -> int:
        """Wait for its end; its exit code."""
        return self._process.wait(SECONDS)

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)


@pytest.fixture
def port() -> int:
    """A free port for the demo's metrics."""
    return free_ports(1)[0]


@pytest.fixture
def demo(programs: None, tmp_path: Path, port: int) -> Iterator[Demo]:  # noqa: ARG001 (only to be there)
    """A demo that shows its table."""
    running = Demo(tmp_path, port)
    try:
        running.until_shown()
        yield running
    finally:
        running.stop()


@pytest.fixture
def prometheus(demo: Demo, tmp_path: Path, port: int) -> Iterator[stack.Program]:  # noqa: ARG001 (it must run)
    """Prometheus, which scrapes the demo."""
    receiver = stack.Receiver()
    started = [stack.start_alertmanager(tmp_path, receiver, ["billing"])]
    try:
        started.append(stack.start_prometheus(tmp_path, [port], started[0], EVERY))
        yield started[-1]
    finally:
        for program in reversed(started):
            program.stop()
        receiver.stop()


def test_every_query_has_data_after_three_minutes(demo: Demo, prometheus: stack.Program) -> None:
    """Whatever is chosen; by then the simulated dip has raised its alert, in the demo's own lines as in Prometheus."""
    end = time.monotonic() + SECONDS - 25
    stack.wait_for(lambda: time.monotonic() > end, "the demo is about to end", SECONDS)
    found = {
        (str(chosen), query): len(stack.query(prometheus, query)) for chosen in CHOICES for query in stack.dashboard_queries(DASHBOARD, **chosen)
    }
    print(f"{len(found)} queries, {sum(found.values())} series")  # noqa: T201 (the figures of the run)
    assert len(found) >= _FEWEST_QUERIES * len(CHOICES)
    assert [what for what, series in found.items() if not series] == []
    (dip,) = stack.query(prometheus, 'cx_alert_state{rule="csat_dip", level="team", state="firing"}')
    assert dip["metric"]["team"] == "billing"
    assert "\nALERT firing: csat_dip of team billing (page, since " in demo.shown
    assert demo.end() == 0
