"""`worker`: the main job. Waits for its broker, works until it is told to stop, and says in plain lines what it does."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys

from stream.cli.logs import ConnectionNoise, answers, set_up, until_answer, watch_broker
from stream.engine.control import current_generation
from stream.engine.worker import Worker
from stream.settings import Settings

log = logging.getLogger(__name__)

_LEFT_SECONDS = 3.0


def run_worker(settings: Settings, *, log_level: str = "info", end_at_eof: bool = False) -> None:
    """Work until SIGTERM or SIGINT; a second one ends at once, as does the end of standard input where that is wanted. The settings are checked."""
    noise = set_up(log_level)
    asyncio.run(_work(settings, noise, end_at_eof=end_at_eof))


async def _work(settings: Settings, noise: ConnectionNoise, *, end_at_eof: bool) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    if end_at_eof:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _end_when_over)
    if not await _broker_before(settings, stop):
        return
    watch = asyncio.create_task(watch_broker(settings, noise))
    try:
        generation = await current_generation(settings)
        log.info("%s, generation %d of the state, Kafka at %s", settings.app, generation.number, settings.kafka.bootstrap_servers)
        await Worker(settings, generation).run(stop)
    finally:
        watch.cancel()
    log.info("stopped")
    # Python waits for tasks that are left; what is not durable is read again, and one that does not listen must not keep the process.
    asyncio.get_running_loop().call_later(_LEFT_SECONDS, os._exit, 0)


async def _broker_before(settings: Settings, stop: asyncio.Event) -> bool:
    """Wait until a broker answers; False where the stop came first."""
    if await answers(settings):
        return True
    log.warning("Kafka at %s does not answer; waiting for it", settings.kafka.bootstrap_servers)
    answered, stopped = asyncio.create_task(until_answer(settings)), asyncio.create_task(stop.wait())
    await asyncio.wait((answered, stopped), return_when=asyncio.FIRST_COMPLETED)
    for task in (answered, stopped):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await answered
    if stop.is_set():
        return False
    log.info("Kafka at %s answers", settings.kafka.bootstrap_servers)
    return True


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop_or_end, stop, number)


def _stop_or_end(stop: asyncio.Event, number: signal.Signals) -> None:
    """The first signal stops cleanly, a second one ends at once, as a crash would."""
    if stop.is_set():
        os._exit(128 + number)
    log.info("stopping")
    stop.set()


def _end_when_over() -> None:
    """Standard input has ended: so has the process that started this one, and with it the broker; there is nothing to save."""
    if not os.read(sys.stdin.fileno(), 4096):
        os._exit(1)
