"""Delivers notifications: the scorer hands them over and goes on, one worker per receiver sends them.

At least once: a notification stands in the outbox topic before it is sent, and leaves it after it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from stream.clock import real_ms
from stream.durations import SECOND
from stream.outlets.apprise_outlet import AppriseOutlet
from stream.outlets.health import Health
from stream.outlets.limits import HourlyLimit, digest, digest_key
from stream.outlets.notification import Answer, Notification, Record
from stream.outlets.outbox import Accepted, Outbox
from stream.outlets.receivers import wants
from stream.outlets.webhook import Webhook
from stream.segments import segment_key
from stream.setting_parts import Receiver
from stream.settings import Settings

log = logging.getLogger(__name__)

_GRACE_SECONDS = 1.0
"""How long an attempt under way may take once all is to stop."""


class Message(NamedTuple):
    """An alert to be sent. `alert`: its JSON form (`event`, `rule`, `severity`, `segment` are read). `title`, `text`: the same in words.

    `spoken_for`: the segment that speaks for this one: only receivers that hear nothing of that one are told.
    """

    alert: Mapping[str, Any]
    key: str
    title: str
    text: str
    spoken_for: Mapping[str, str] | None = None


class Outlet(Protocol):
    """A way to one receiver."""

    @property
    def name(self) -> str:
        """Name of the receiver."""

    async def send(self, notification: Notification) -> Answer:
        """One attempt, bounded in time."""

    async def close(self) -> None:
        """Let go of connections."""


class Timer(Protocol):
    """Time as the workers see it."""

    def now(self) -> int:
        """Wall-clock ms."""

    async def until(self, event: asyncio.Event, ms: int | None) -> None:
        """Wait for an event, for this long at most."""


class WallTimer:
    """The machine's time."""

    def now(self) -> int:
        """Wall-clock ms."""
        return real_ms()

    async def until(self, event: asyncio.Event, ms: int | None) -> None:
        """Wait for an event, for this long at most."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), None if ms is None else ms / SECOND)


class Deliverer:
    """Sends what the scorer submits. `write` appends records to the outbox topic, in order; ConfigError where a receiver can't serve."""

    def __init__(
        self,
        settings: Settings,
        outbox: Outbox,
        write: Callable[[list[Record]], Awaitable[None]],
        health: Health,
        *,
        rule_limits: Mapping[str, int] | None = None,
        timer: Timer | None = None,
    ) -> None:
        self._receivers = settings.notify
        self._outbox = outbox
        self._write = write
        self._health = health
        self._timer = timer or WallTimer()
        self._outlets = [outlet_of(receiver, self._timer.now) for receiver in self._receivers]
        self._limits = {receiver.name: HourlyLimit(receiver.at_most_an_hour, rule_limits or {}) for receiver in self._receivers}
        self._wake = {receiver.name: asyncio.Event() for receiver in self._receivers}
        # Whoever changes the outbox holds it until the records are written, so that nothing is sent that is not in the topic.
        self._turn = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._running = False
        self._ended = asyncio.Event()

    async def load(self, records: Sequence[Record]) -> None:
        """Take over what a run before left in the outbox topic; ValueError where a record can't be read."""
        async with self._turn:
            await self._commit(self._count_dropped(self._outbox.load(records)))
        self._wake_all()

    async def submit(self, alert: Mapping[str, Any], key: str, *, title: str | None = None, text: str = "") -> None:
        """Hand over one alert with its idempotency key; returns once it is written. `title` is the alert's summary where absent."""
        await self.submit_all([Message(alert, key, alert["summary"] if title is None else title, text)])

    async def submit_all(self, messages: Sequence[Message]) -> None:
        """Hand over several alerts as one batch; what `write` raises is raised, and nothing is sent any more then."""
        async with self._turn:
            wanted = [(receiver, message) for message in messages for receiver in self._receivers if _is_for(receiver, message)]
            await self._commit([record for receiver, message in wanted for record in self._accept(receiver, message)])
        for receiver, _ in wanted:
            self._wake[receiver.name].set()

    async def run(self) -> None:
        """Deliver until `stop` or cancelled; what `write` raises ends it."""
        self._running = True
        workers = [asyncio.create_task(self._work(outlet)) for outlet in self._outlets]
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([*workers, stopping], return_when=asyncio.FIRST_COMPLETED)
            if workers:
                self._stop_workers()
                await asyncio.wait(workers, timeout=_GRACE_SECONDS)
        finally:
            for task in (*workers, stopping):
                task.cancel()
            await asyncio.gather(*workers, stopping, return_exceptions=True)
            for outlet in self._outlets:
                await outlet.close()
            self._ended.set()
        for worker in workers:
            if not worker.cancelled():
                worker.result()

    async def stop(self) -> None:
        """End `run`: attempts under way may end within a moment, the rest stays in the outbox."""
        self._stop_workers()
        if self._running:
            await self._ended.wait()

    async def _work(self, outlet: Outlet) -> None:
        wake = self._wake[outlet.name]
        while not self._stopping.is_set():
            wake.clear()
            notification = await self._next(outlet.name)
            if notification is None:
                now = self._timer.now()
                due = self._outbox.due(outlet.name, now)
                await self._timer.until(wake, None if due is None else max(0, due - now))
            else:
                await self._settle(notification, await outlet.send(notification))

    async def _next(self, name: str) -> Notification | None:
        async with self._turn:
            if self._stopping.is_set():
                return None
            expired = self._outbox.expired(name, self._timer.now())
            if expired:
                log.warning("notify %s: %d given up after a day", name, len(expired))
                self._health.notifications[name, "dropped"] += len(expired)
            await self._commit(expired)
            return self._outbox.next(name, self._timer.now())

    async def _settle(self, notification: Notification, answer: Answer) -> None:
        name, key = notification.receiver, notification.key
        async with self._turn:
            if answer.fate == "retry":
                self._outbox.failed(name, key, self._timer.now(), answer.wait)
                self._health.notifications[name, "failed"] += 1
                if self._outbox.failures(name) == 1:
                    log.warning("notify %s: failed (%s), trying again", name, answer.status)
                return
            self._note_end(name, answer)
            await self._commit(self._outbox.done(name, key))

    def _note_end(self, name: str, answer: Answer) -> None:
        if answer.fate == "refused":
            log.error("notify %s: refused (%s), given up", name, answer.status)
            self._health.notifications[name, "dropped"] += 1
            return
        if self._outbox.failures(name):
            log.info("notify %s: delivers again", name)
        self._health.notifications[name, "sent"] += 1

    def _accept(self, receiver: Receiver, message: Message) -> list[Record]:
        """Queue a message for a receiver, or count it where the hour's limit is reached; gives what must be written."""
        rule, now = message.alert["rule"], self._timer.now()
        if message.alert["severity"] != "info":
            return self._count_dropped(self._outbox.put(_notification(receiver, message, now)))
        if self._outbox.held(receiver.name, message.key):
            return []
        under_way = self._outbox.held(receiver.name, digest_key(rule, now))
        if under_way is None and self._limits[receiver.name].admits(rule, now):
            return self._count_dropped(self._outbox.put(_notification(receiver, message, now)))
        count = 1 + (under_way.count if under_way else 0)
        return self._count_dropped(self._outbox.replace(digest(receiver.name, rule, count, now, as_json=receiver.kind == "webhook")))

    def _count_dropped(self, accepted: Accepted) -> list[Record]:
        """Count and tell what was dropped; gives what must be written."""
        for name, dropped in Counter(accepted.dropped).items():
            log.error("notify %s: %d dropped, the queue is full or the receiver is gone", name, dropped)
            self._health.notifications[name, "dropped"] += dropped
        return accepted.records

    async def _commit(self, records: list[Record]) -> None:
        """Write; where that fails nothing is sent any more, since what is queued is not in the topic."""
        self._health.notifications_waiting = len(self._outbox)
        if not records:
            return
        written = False
        try:
            await self._write(records)
            written = True
        finally:
            if not written:
                self._stop_workers()

    def _stop_workers(self) -> None:
        self._stopping.set()
        self._wake_all()

    def _wake_all(self) -> None:
        for wake in self._wake.values():
            wake.set()


def outlet_of(receiver: Receiver, now: Callable[[], int]) -> Outlet:
    """The way to a receiver; ConfigError where its files or packages are missing."""
    return AppriseOutlet(receiver) if receiver.kind == "apprise" else Webhook(receiver, now)


def _is_for(receiver: Receiver, message: Message) -> bool:
    if not wants(receiver, message.alert):
        return False
    return message.spoken_for is None or not wants(receiver, {**message.alert, "segment": message.spoken_for})


def _notification(receiver: Receiver, message: Message, now: int) -> Notification:
    alert = message.alert
    about = message.key if alert.get("state") == "event" else f"{alert['rule']} {segment_key(alert['segment'])}"
    if receiver.kind == "apprise":
        return Notification(receiver.name, message.key, about, alert["severity"], now, message.title, message.text)
    body = msgspec.json.encode({**alert, "key": message.key}).decode()
    return Notification(receiver.name, message.key, about, alert["severity"], now, "", body)
