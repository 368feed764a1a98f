"""Serves the metrics over HTTP: values are taken in the event loop, the text is made in the thread of the scrape."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError
from socket import AF_INET6
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import ThreadingWSGIServer, make_wsgi_app

from stream.errors import CsatStreamError, UsageError
from stream.outlets.prometheus import Collector
from stream.outlets.snapshot import Readings, Snapshot
from stream.setting_parts import Metrics

log = logging.getLogger(__name__)

# Prometheus gives up after 10 s by default: the answer must come before that.
SNAPSHOT_SECONDS = 5.0
_POLL_SECONDS = 0.1
_REQUEST_SECONDS = 10.0


class SnapshotUnavailable(CsatStreamError):
    """The event loop did not give a snapshot in time; the scrape is answered with 503."""


class MetricsServer:
    """The metrics endpoint of one worker."""

    def __init__(self, settings: Metrics, readings: Readings, *, snapshot_seconds: float = SNAPSHOT_SECONDS) -> None:
        self._settings = settings
        self._readings = readings
        self._snapshot_seconds = snapshot_seconds
        self._server: ThreadingWSGIServer | None = None

    def start(self) -> int:
        """Listen; call it in the event loop that snapshots are taken in. Gives the port. UsageError where the address can't be had."""
        loop = asyncio.get_running_loop()
        registry = CollectorRegistry()
        registry.register(Collector(lambda: self._take(loop), agents=self._settings.agents))
        ProcessCollector(registry=registry)
        host, port = self._settings.host, self._settings.port or 0
        try:
            server = make_server(host, port, _answering(make_wsgi_app(registry)), _Server6 if ":" in host else _Server, handler_class=_Handler)
        except OSError as error:
            raise UsageError(f"metrics: cannot listen on {host}:{port} ({error.strerror}); choose another metrics.port") from None
        self._server = server
        Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name="metrics", daemon=True).start()
        log.info("metrics: http://%s:%d/metrics", host, server.server_port)
        return server.server_port

    async def stop(self) -> None:
        """Listen no more. A scrape under way may still be answered meanwhile."""
        server, self._server = self._server, None
        if server is not None:
            await asyncio.to_thread(server.shutdown)
            server.server_close()

    def _take(self, loop: asyncio.AbstractEventLoop) -> Snapshot:
        """A snapshot, from the thread of a scrape."""
        if self._server is None:
            raise SnapshotUnavailable("the worker is stopping")
        waiting = asyncio.run_coroutine_threadsafe(self._readings.snapshot(), loop)
        try:
            return waiting.result(self._snapshot_seconds)
        except TimeoutError:
            waiting.cancel()
            raise SnapshotUnavailable(f"no scores within {self._snapshot_seconds:g} s") from None
        except CancelledError:
            raise SnapshotUnavailable("the worker is stopping") from None


class _Server(ThreadingWSGIServer):
    """One thread a request; a worker that starts again takes its port at once."""

    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (the base class's signature)
        """One line where a connection breaks off, in place of a traceback."""
        log.warning("metrics: a connection broke off (%s)", type(sys.exception()).__name__)


class _Server6(_Server):
    """The same for an IPv6 address."""

    address_family = AF_INET6


class _Handler(WSGIRequestHandler):
    """Says nothing of single requests, and waits for none forever."""

    timeout = _REQUEST_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        """Nothing: scrapes are no news."""


def _answering(metrics: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """The application, with a plain 503 in place of a traceback where there is no snapshot."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            return metrics(environ, start_response)
        except SnapshotUnavailable as error:
            log.warning("metrics: a scrape was not answered: %s", error)
            start_response("503 Service Unavailable", [("Content-Type", "text/plain; charset=utf-8")])
            return [f"{error}\n".encode()]

    return answer
