"""Real Prometheus and Alertmanager on free loopback ports with temporary data, a receiver of their webhooks, and an exporter to scrape.

The configuration is the one in `deploy/`, with waiting times cut to seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from stream.deploy import alertmanager, prometheus
from stream.deploy.files import yaml_text
from stream.devkit.ports import HOST, free_ports
from stream.outlets.serve import MetricsServer
from stream.outlets.snapshot import Snapshot
from stream.setting_parts import Metrics

PROGRAMS = ("prometheus", "promtool", "prometheus-alertmanager", "amtool")
EVERY = "1s"
# A worker that is not scraped yet is silent: what waits must wait longer than the first scrape takes on a busy machine.
_WAITS = {"for": "8s", "group_wait": "1s", "group_interval": "2s", "repeat_interval": "1h"}
_KEPT = {"5m": "2s", "6m": "6s"}
"""How long what is over goes on; the longer one by four evaluations, as it is in `deploy/`."""
_START_SECONDS = 30
_STOP_SECONDS = 10


def program(name: str) -> str | None:
    """Path of a program; Alertmanager has another name outside Debian."""
    return shutil.which(name) or shutil.which(name.removeprefix("prometheus-"))


def missing() -> list[str]:
    """Programs that are not on this machine."""
    return [name for name in PROGRAMS if program(name) is None]


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait until it holds; AssertionError otherwise."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.1)


def quick(config: Any) -> Any:
    """The same configuration with waiting times of seconds."""
    if isinstance(config, Mapping):
        return {key: _KEPT[value] if key == "keep_firing_for" else _WAITS[key] if key in _WAITS else quick(value) for key, value in config.items()}
    return [quick(value) for value in config] if isinstance(config, list) else config


class Exporter:
    """A worker's metrics endpoint without the worker: shows whatever `snapshot` is."""

    def __init__(self, snapshot: Callable[[], Snapshot], port: int = 0) -> None:
        self.give = snapshot
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server = MetricsServer(Metrics(host=HOST, port=port), self)
        self._thread.start()
        self.port = self._run(self._start())

    async def snapshot(self) -> Snapshot:
        """What is shown now."""
        return self.give()

    async def _start(self) -> int:
        return self._server.start()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_STOP_SECONDS)

    def stop(self) -> None:
        """Listen no more."""
        if self._loop.is_closed():
            return
        self._run(self._server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_SECONDS)
        self._loop.close()


class Receiver:
    """Receives Alertmanager's webhooks; `alerts` are those that came by path, newest last."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, Any]]] = []
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                received.extend((self.path, alert) for alert in body["alerts"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
                pass

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self.url = f"http://{HOST}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def alerts(self, path: str, status: str = "firing") -> list[dict[str, str]]:
        """Labels of the alerts that came at a path."""
        return [alert["labels"] for where, alert in list(self.received) if where == path and alert["status"] == status]

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()


class Program:
    """One process, stopped by its own id."""

    def __init__(self, arguments: Sequence[str], folder: Path, port: int) -> None:
        self.port = port
        self.url = f"http://{HOST}:{port}"
        self._log = folder / f"{Path(arguments[0]).name}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(arguments, cwd=folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=_environment())
        try:
            wait_for(self._is_ready, f"{arguments[0]} is ready", _START_SECONDS)
        except AssertionError:
            self.stop()
            raise AssertionError(self._log.read_text(encoding="utf-8", errors="replace")[-2000:]) from None

    def get(self, path: str, **query: str) -> Any:
        """The JSON answer of its API."""
        address = f"{self.url}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 (loopback)
            return json.load(answer)

    def _is_ready(self) -> bool:
        if self._process.poll() is not None:
            raise AssertionError("it has ended")
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:  # noqa: S310 (loopback)
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        """End it."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(_STOP_SECONDS)


class Running(NamedTuple):
    """Everything that runs."""

    exporter: Exporter
    receiver: Receiver
    alertmanager: Program
    prometheus: Program


def start_alertmanager(folder: Path, receiver: Receiver, teams: Sequence[str]) -> Program:
    """Alertmanager with the committed routes and inhibition, sending to a receiver."""
    (port,) = free_ports(1)
    path = folder / "alertmanager.yml"
    path.write_text(yaml_text(quick(alertmanager.config(teams, receiver.url))), encoding="utf-8")
    arguments = [f"--config.file={path}", f"--storage.path={folder / 'alertmanager'}", f"--web.listen-address={HOST}:{port}"]
    return Program([_program("prometheus-alertmanager"), *arguments, "--cluster.listen-address="], folder, port)


def start_prometheus(folder: Path, scraped: Sequence[int], alerts_to: Program, every: str = EVERY) -> Program:
    """Prometheus with the committed rules, scraping these ports, every second by default."""
    (port,) = free_ports(1)
    path = folder / "prometheus.yml"
    targets = {"static_configs": [{"targets": [f"{HOST}:{number}" for number in scraped]}]}
    path.write_text(yaml_text(prometheus.config(targets, f"{HOST}:{alerts_to.port}", every)), encoding="utf-8")
    (folder / prometheus.RULES_FILE).write_text(yaml_text(quick(prometheus.rules(["billing"]))), encoding="utf-8")
    arguments = [f"--config.file={path}", f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={HOST}:{port}"]
    # What is sent before Alertmanager is known is lost; by default it is sent again after a minute.
    return Program([_program("prometheus"), *arguments, "--rules.alert.resend-delay=2s"], folder, port)


def dashboard_queries(dashboard: Mapping[str, Any], **chosen: str) -> list[str]:
    """Every query of every panel, with variables filled in: `team`, `channel` (everything by default) and `window`."""
    values = {"team": "^$", "channel": "^$", "window": "24h", **chosen}
    found = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    for name, value in values.items():
        found = [query.replace(f"${name}", value) for query in found]
    return found


def query(server: Program, expr: str) -> list[dict[str, Any]]:
    """The instant vector that a query gives."""
    answer = server.get("/api/v1/query", query=expr)
    result: list[dict[str, Any]] = answer["data"]["result"]
    return result


def suppressed(server: Program) -> list[str]:
    """Segments of the alerts that Alertmanager inhibits."""
    return [alert["labels"]["segment"] for alert in server.get("/api/v2/alerts") if alert["status"]["inhibitedBy"]]


def _program(name: str) -> str:
    path = program(name)
    if path is None:
        raise AssertionError(f"{name} is not on this machine")
    return path


def _environment() -> dict[str, str]:
    """Without proxies: everything is on this machine."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
