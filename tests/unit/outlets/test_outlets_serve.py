"""The endpoint: serves what the event loop gives, refuses plainly when it gives nothing, never holds it up."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
import struct
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from stream.errors import UsageError
from stream.outlets.serve import MetricsServer
from stream.outlets.snapshot import Snapshot
from stream.setting_parts import Metrics
from tests import metrics_sample as sample
from tests.metrics_text import series, text


class Given:
    """Readings from a function."""

    def __init__(self, give: Callable[[], Awaitable[Snapshot]]) -> None:
        self._give = give

    async def snapshot(self) -> Snapshot:
        """What the function gives."""
        return await self._give()


async def at_once() -> Snapshot:
    """The whole sample."""
    return sample.snapshot()


def scrape(port: int, headers: dict[str, str] | None = None) -> tuple[int, str, bytes]:
    """Status, content type and body of one scrape."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read()


@asynccontextmanager
async def serving(give: Callable[[], Awaitable[Snapshot]], seconds: float = 5.0) -> AsyncIterator[int]:
    """A server in this event loop; its port."""
    server = MetricsServer(Metrics(port=0), Given(give), snapshot_seconds=seconds)
    port = server.start()
    try:
        yield port
    finally:
        await server.stop()


async def test_a_scrape_gives_the_snapshot() -> None:
    """All series of the sample, and the process's own."""
    async with serving(at_once) as port:
        status, kind, body = await asyncio.to_thread(scrape, port)
    assert status == 200
    assert kind.startswith("text/plain")
    found = series(body.decode())
    assert series(text(sample.snapshot())).items() <= found.items()
    assert found["process_resident_memory_bytes"] > 0


async def test_the_format_is_negotiated() -> None:
    """Prometheus asks for OpenMetrics and compression, and gets both."""
    asked = {"Accept": "application/openmetrics-text;version=1.0.0", "Accept-Encoding": "gzip"}
    async with serving(at_once) as port:
        _, kind, body = await asyncio.to_thread(scrape, port, asked)
    assert kind.startswith("application/openmetrics-text")
    shown = gzip.decompress(body).decode()
    assert "# TYPE cx_first_response_seconds gaugehistogram" in shown
    assert shown.endswith("# EOF\n")


async def test_each_scrape_is_fresh() -> None:
    """Nothing is kept between two scrapes."""
    health = sample.health()

    async def give() -> Snapshot:
        return Snapshot(health.copy())

    async with serving(give) as port:
        before = series((await asyncio.to_thread(scrape, port))[2].decode())
        health.events["rating.submitted"] += 1
        after = series((await asyncio.to_thread(scrape, port))[2].decode())
    assert after['cx_events_total{type="rating.submitted"}'] == before['cx_events_total{type="rating.submitted"}'] + 1


async def test_a_slow_event_loop_is_answered_with_503(caplog: pytest.LogCaptureFixture) -> None:
    """No snapshot in time: a plain answer and a line in the log, and the loop's task is given up."""
    given_up = asyncio.Event()

    async def never() -> Snapshot:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            given_up.set()
            raise
        raise AssertionError

    with caplog.at_level(logging.WARNING):
        async with serving(never, seconds=0.2) as port:
            status, _, body = await asyncio.to_thread(scrape, port)
            await asyncio.wait_for(given_up.wait(), 5)
    assert (status, body) == (503, b"no scores within 0.2 s\n")
    assert "a scrape was not answered" in caplog.text
    assert "Traceback" not in caplog.text


async def test_scoring_goes_on_while_the_text_is_made() -> None:
    """The loop is asked for the values alone: between two of its turns there is never as long as a scrape takes."""
    many = sample.snapshot()
    many = many._replace(scores=list(many.scores) * 200)
    longest = 0.0

    async def give() -> Snapshot:
        return many

    async def tick() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.001)
            longest = max(longest, time.monotonic() - before)

    async with serving(give) as port:
        ticking = asyncio.create_task(tick())
        begun = time.monotonic()
        await asyncio.to_thread(scrape, port)
        took = time.monotonic() - begun
        ticking.cancel()
    assert longest < took / 2


async def test_a_stopped_server_is_gone() -> None:
    """Its port is free at once, and a worker that starts again takes it."""
    async with serving(at_once) as port:
        pass
    with pytest.raises(urllib.error.URLError):
        await asyncio.to_thread(scrape, port)
    again = MetricsServer(Metrics(port=port), Given(at_once))
    assert again.start() == port
    await again.stop()


async def test_a_port_in_use_is_named() -> None:
    """One line that says what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"cannot listen on 127\.0\.0\.1:{port} .*metrics\.port"):
            MetricsServer(Metrics(port=port), Given(at_once)).start()


async def test_a_broken_connection_is_one_line(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """A client that goes away in the middle leaves one line and no traceback, and the server goes on."""
    with caplog.at_level(logging.WARNING):
        async with serving(at_once) as port:
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"GET /metrics HTTP/1.1\r\n")
                # Closed with a reset, as by a machine that is gone.
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            status, _, _ = await asyncio.to_thread(scrape, port)
            async with asyncio.timeout(5):
                while "a connection broke off" not in caplog.text:  # noqa: ASYNC110 (another thread writes it)
                    await asyncio.sleep(0.01)
    assert status == 200
    assert capfd.readouterr().err == ""
