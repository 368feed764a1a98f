"""The embedded Kafka of `try` and `demo`: started with a word to the user, thrown away afterwards."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from stream.devkit import jars
from stream.devkit.kafka import EmbeddedKafka
from stream.engine import topics
from stream.settings import Settings

Result = TypeVar("Result")


def starting_text() -> str:
    """What starting takes, the first time and later."""
    return "starting Kafka" if jars.is_cached() else "downloading Kafka (about 50 MB, only this time) and starting it"


@contextmanager
def throwaway_kafka() -> Iterator[EmbeddedKafka]:
    """A broker in a temporary folder; its data are worth nothing afterwards, so it ends at once."""
    jars.require_packages()
    with EmbeddedKafka() as kafka:
        yield kafka
        kafka.kill()


def embedded(kafka: EmbeddedKafka) -> dict[str, Any]:
    """Settings that lead to this broker, whatever the user's own say."""
    return {"kafka": {"bootstrap_servers": kafka.bootstrap_servers, "security_protocol": "PLAINTEXT", "replication_factor": 1}}


def end_on_sigterm() -> None:
    """Let SIGTERM unwind the program, so that Kafka, worker and temporary folders go with it."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, end)


def run_until_sigterm(work: Coroutine[Any, Any, Result]) -> Result:
    """Run this in an event loop of its own. SIGTERM cancels it: an exception at any place of a loop would leave other tasks without their end."""

    async def cancellable() -> Result:
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    try:
        return asyncio.run(cancellable())
    except asyncio.CancelledError:
        raise SystemExit(128 + signal.SIGTERM) from None
    finally:
        end_on_sigterm()


async def create_all(settings: Settings, partitions: int) -> None:
    """The source and output topics."""
    async with topics.admin(settings) as client:
        await topics.create(client, settings, [*topics.source_topics(settings, partitions), *topics.output_topics(settings, partitions)])
