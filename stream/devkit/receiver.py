"""A webhook receiver on a free loopback port: keeps what it gets, and answers as it is told."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple, Self

from aiohttp import web

from stream.devkit.ports import HOST


class Request(NamedTuple):
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """What is answered. `hangs`: not before `release`, or the receiver closes."""

    status: int = 204
    headers: Mapping[str, str] = {}
    hangs: bool = False


OK = Reply()


class WebhookReceiver:
    """`replies` are used up one by one, then everything is answered by `usual`."""

    def __init__(self, *replies: Reply, usual: Reply | Callable[[Request], Reply] = OK) -> None:
        self.replies = deque(replies)
        self.usual = usual
        self.requests: list[Request] = []
        self.url = ""
        self._arrived = asyncio.Condition()
        self._released = asyncio.Event()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, 0)
        await site.start()
        self.url = f"http://{HOST}:{self._runner.addresses[0][1]}/hook"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._released.set()
        await self._runner.cleanup()

    def release(self) -> None:
        """Answer what hangs."""
        self._released.set()

    async def received(self, count: int, seconds: float = 20.0) -> list[Request]:
        """All requests, once there are so many; TimeoutError where they do not come."""
        async with asyncio.timeout(seconds), self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) >= count)
        return self.requests

    async def _take(self, request: web.Request) -> web.Response:
        taken = Request(request.path_qs, request.headers, await request.read())
        reply = self.replies.popleft() if self.replies else self.usual(taken) if callable(self.usual) else self.usual
        async with self._arrived:
            self.requests.append(taken)
            self._arrived.notify_all()
        if reply.hangs:
            await self._released.wait()
        return web.Response(status=reply.status, headers=reply.headers)
