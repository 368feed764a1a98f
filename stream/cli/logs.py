"""Logging of the worker: one plain line a message on stderr, and one line for a broker that goes away instead of hundreds."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time

from stream.engine.topics import admin
from stream.errors import BrokerUnavailable
from stream.settings import Settings

log = logging.getLogger("stream.cli.broker")

FOREIGN = ("faust", "mode", "aiokafka", "asyncio")
"""Loggers of other people's code: what they say in many lines is cut to one."""
_LONGEST = 200
_PROBE_SECONDS = 1.0
# Said at every start of a broker that has just begun, and whenever a connection breaks; the watch below says it once.
_CONNECTION_NOISE = (
    "NotLeaderForPartition",
    "LeaderNotAvailable",
    "Failed fetch",
    "Crashed reason=",  # what ended the worker is said once, at its end
    "GroupCoordinatorNotAvailable",
    "CoordinatorNotAvailable",
    "Unable connect to",
    "Unable to connect",
    "Unable connect to node",
    "Unable to update metadata",
    "Connection at",
    "ConnectionError",
    "KafkaConnectionError",
    "NodeNotReady",
    "RequestTimedOut",
    "Failed fetch messages",
    "Error sending",
    "Got error produce response",
    "Heartbeat",
    "OffsetCommit failed",
    "Marking the coordinator",
    "Unclosed AIOKafka",
)
_BROKEN = ("Unable connect to", "Unable to connect", "Unable to update metadata", "Connection at")


class PlainFormatter(logging.Formatter):
    """`2026-11-22T10:00:00Z INFO text`, one line a message, no traceback."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    def format(self, record: logging.LogRecord) -> str:
        """The line; of foreign messages the first one, cut."""
        text = record.getMessage()
        if is_foreign(record):
            text = f"{record.name}: {text.strip().splitlines()[0] if text.strip() else ''}"[:_LONGEST]
        plain = logging.makeLogRecord({**record.__dict__, "msg": " ".join(text.split()), "args": None, "exc_info": None, "exc_text": None})
        plain.stack_info = None
        return super().format(plain)


class ConnectionNoise(logging.Filter):
    """Holds back what libraries say about connections, and remembers that one is broken."""

    def __init__(self) -> None:
        super().__init__()
        self.broken = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the message may pass."""
        if not is_foreign(record):
            return True
        text = record.getMessage()
        if record.levelno < logging.ERROR:
            return False
        self.broken = self.broken or any(part in text for part in _BROKEN)
        return not any(part in text for part in _CONNECTION_NOISE)


def is_foreign(record: logging.LogRecord) -> bool:
    """Whether other people's code says it; Faust's services also speak through the loggers of our own classes."""
    return record.name.partition(".")[0] in FOREIGN or str(record.msg).startswith("[^")


def set_up(level: str) -> ConnectionNoise:
    """Log to stderr from `level` on; gives the filter that knows of broken connections."""
    noise = ConnectionNoise()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlainFormatter())
    handler.addFilter(noise)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.disable(logging.DEBUG)
    for name in FOREIGN:
        logging.getLogger(name).setLevel(logging.ERROR)
    threading.excepthook = _thread_ended
    return noise


def _thread_ended(arguments: threading.ExceptHookArgs) -> None:
    """One line for a thread that failed; being cancelled while the program stops is no failure."""
    if arguments.exc_type is not asyncio.CancelledError:
        log.error("a thread has failed: %s", arguments.exc_type.__name__)


def be_quiet() -> None:
    """Commands that end soon tell what went wrong themselves; libraries say nothing."""
    logging.basicConfig(level=logging.CRITICAL + 1, force=True)


async def watch_broker(settings: Settings, noise: ConnectionNoise) -> None:
    """Say once that the broker went away and once that it is back, until cancelled."""
    while True:
        await asyncio.sleep(_PROBE_SECONDS)
        if noise.broken:
            if not await answers(settings):
                log.warning("Kafka at %s does not answer; waiting for it", settings.kafka.bootstrap_servers)
                await until_answer(settings)
                log.info("Kafka at %s answers again", settings.kafka.bootstrap_servers)
            noise.broken = False


async def answers(settings: Settings) -> bool:
    """Whether a broker answers now."""
    try:
        async with admin(settings):
            return True
    except BrokerUnavailable:
        return False


async def until_answer(settings: Settings) -> None:
    """Wait for as long as it takes until a broker answers."""
    while not await answers(settings):  # noqa: ASYNC110  nobody but the broker could set an event
        await asyncio.sleep(_PROBE_SECONDS)
