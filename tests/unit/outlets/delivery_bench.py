"""A bench for delivery: a clock that moves only when told, and a list that stands for the outbox topic."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from stream.devkit.receiver import WebhookReceiver
from stream.outlets.deliver import Deliverer
from stream.outlets.health import Health
from stream.outlets.notification import Record
from stream.outlets.outbox import Outbox
from stream.setting_parts import Receiver
from stream.settings import Settings

NOW = 1_784_023_200_000  # 2026-07-14T10:00:00Z, a full hour


class ToldTimer:
    """Time that moves only by `advance`; who waits for it is woken then."""

    def __init__(self) -> None:
        self.time = NOW
        self._moved = asyncio.Event()

    def now(self) -> int:
        """The time told last."""
        return self.time

    async def until(self, event: asyncio.Event, ms: int | None) -> None:
        """Wait for the event or for that time."""
        ends = None if ms is None else self.time + ms
        while not event.is_set() and (ends is None or self.time < ends):
            waits = [asyncio.create_task(event.wait()), asyncio.create_task(self._moved.wait())]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for task in waits:
                task.cancel()

    async def advance(self, ms: int) -> None:
        """Let so much time pass."""
        self.time += ms
        self._moved.set()
        self._moved = asyncio.Event()
        await asyncio.sleep(0)


class Bench:
    """A deliverer with its topic, its counts and its clock."""

    def __init__(self, *receivers: Receiver, capacity: int = 1_000, log: list[Record] | None = None, **more: Any) -> None:
        self.log: list[Record] = [] if log is None else log
        self.health = Health()
        self.timer = ToldTimer()
        self.writable = asyncio.Event()
        self.writable.set()
        outbox = Outbox([receiver.name for receiver in receivers], random.Random(3), capacity)
        self.deliverer = Deliverer(Settings(notify=receivers), outbox, self.write, self.health, timer=self.timer, **more)

    async def write(self, records: list[Record]) -> None:
        """Append to the topic."""
        await asyncio.sleep(0)
        await self.writable.wait()
        self.log += records

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Bench]:
        """Take over what is in the topic and deliver."""
        await self.deliverer.load(list(self.log))
        task = asyncio.create_task(self.deliverer.run())
        try:
            yield self
        finally:
            await self.deliverer.stop()
            await task

    async def until(self, holds: Callable[[], bool], step: int = 0) -> None:
        """Wait until something holds, letting time pass in steps."""
        async with asyncio.timeout(20):
            while not holds():
                await self.timer.advance(step)
                await asyncio.sleep(0.002)

    @property
    def left(self) -> set[bytes]:
        """Keys of what the topic still holds."""
        last = dict(self.log)
        return {key for key, value in last.items() if value is not None}


def hook(url: str, name: str = "desk", **more: Any) -> Receiver:
    """A webhook receiver."""
    return Receiver(name=name, kind="webhook", url=url, **more)


def alert(rule: str = "csat_dip", severity: str = "page", state: str = "firing", **segment: str) -> dict[str, Any]:
    """What of an alert's record delivery reads."""
    return {"rule": rule, "severity": severity, "state": state, "segment": segment, "summary": "CSAT fell", "value": 61.0}


def keys(receiver: WebhookReceiver) -> list[str]:
    """Idempotency keys in the order in which they came."""
    return [request.headers["Idempotency-Key"] for request in receiver.requests]
