"""Ending work that may not listen: Python 3.11's wait_for, which aiokafka and Faust use, swallows a cancellation that comes at the wrong moment."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

_ASKED_AGAIN = 12.0
"""Seconds; more than a scorer takes to close what it has when the broker is away."""


def end_if_asked() -> None:
    """CancelledError where the current task was asked to end and goes on; for the head of a loop that would go on for ever."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def cancelled(task: asyncio.Task[Any], again: float = _ASKED_AGAIN) -> None:
    """End a task, asking again after so many seconds; what it failed with was told where it happened, and must not keep others from ending."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=again)
    if not task.cancelled():
        task.exception()


async def within(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    """Do something for so long and no longer: it is cancelled then, and left behind where it does not listen. Raises what it raises."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        task.cancel()
    if task.done():
        task.result()
