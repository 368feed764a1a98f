"""Slack, Teams, mail, PagerDuty and others by apprise: an optional package that blocks, so it runs in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import threading
from types import ModuleType
from typing import Any

from stream.durations import SECOND
from stream.outlets.notification import Answer, Notification
from stream.outlets.receivers import content, fault
from stream.setting_parts import Receiver

_TYPES = {"page": "failure", "ticket": "warning", "info": "info"}
# They tell parts of the URL, which holds secrets, and of the message.
_TALKATIVE = ("apprise", "urllib3", "requests")


class AppriseOutlet:
    """Sends notifications to one apprise URL. ConfigError where apprise is missing or the file can't serve."""

    def __init__(self, receiver: Receiver) -> None:
        self.name = receiver.name
        self._timeout = receiver.timeout / SECOND
        self._apprise = _notifier(receiver, _package(receiver))
        self._thread: threading.Thread | None = None

    async def send(self, notification: Notification) -> Answer:
        """One attempt. A thread that hangs is left behind, and none is begun before it has ended."""
        if self._thread is not None and self._thread.is_alive():
            await asyncio.sleep(0)
            return Answer("retry", "still busy")
        loop = asyncio.get_running_loop()
        sent: asyncio.Future[bool] = loop.create_future()
        # Neither a pool nor asyncio's own threads: these are waited for at the end of the program, however long they hang.
        self._thread = threading.Thread(target=self._notify, args=(notification, loop, sent), name=f"notify-{self.name}", daemon=True)
        self._thread.start()
        try:
            delivered = await asyncio.wait_for(sent, self._timeout)
        except TimeoutError:
            return Answer("retry", "timeout")
        return Answer("delivered", "ok") if delivered else Answer("retry", "not delivered")

    async def close(self) -> None:
        """Nothing is held open."""

    def _notify(self, notification: Notification, loop: asyncio.AbstractEventLoop, sent: asyncio.Future[bool]) -> None:
        kind = _TYPES[notification.severity]
        delivered = bool(self._apprise.notify(title=notification.title, body=notification.body, notify_type=kind, body_format="text"))
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(_tell, sent, delivered)


def _tell(sent: asyncio.Future[bool], delivered: bool) -> None:  # noqa: FBT001 (call_soon passes arguments by position only)
    if not sent.done():
        sent.set_result(delivered)


def _package(receiver: Receiver) -> ModuleType:
    try:
        return importlib.import_module("apprise")
    except ModuleNotFoundError:
        raise fault(receiver, "kind", "apprise is not installed; install csat-stream[notify]") from None


def _notifier(receiver: Receiver, package: ModuleType) -> Any:
    """An Apprise object for the URL in the receiver's file."""
    if receiver.url_file is None:
        raise fault(receiver, "url_file", "an apprise URL holds secrets: it must come from a file")
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    # With a time limit of its own apprise would use a pool of threads that the end of the program waits for.
    asset = package.AppriseAsset(service_timeout=0, async_mode=False, http_redirects=False, app_id="csat-stream")
    notifier = package.Apprise(asset=asset)
    if not notifier.add(content(receiver, "url_file", receiver.url_file)):
        raise fault(receiver, "url_file", "not an apprise URL")
    return notifier
