"""Work that does not listen when it is asked to end, as under Python 3.11's wait_for: whoever stops gets to its end all the same."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest

from stream.engine.ending import cancelled, end_if_asked, within

PATIENCE = 5
MOST_ROUNDS = 3


async def deaf(times: int) -> None:
    """Work that does not listen so many times."""
    for _ in range(times):
        try:
            await asyncio.sleep(PATIENCE)
        except asyncio.CancelledError:
            continue
    await asyncio.sleep(PATIENCE)


async def test_it_is_asked_again() -> None:
    """Once is not enough."""
    task = asyncio.create_task(deaf(3))
    await asyncio.sleep(0)
    begun = time.monotonic()
    await cancelled(task, again=0.01)
    assert task.cancelled()
    assert time.monotonic() - begun < PATIENCE


async def test_an_error_at_the_end_is_no_error_of_the_stop() -> None:
    """It was told where it happened."""

    async def fails() -> None:
        try:
            await asyncio.sleep(PATIENCE)
        finally:
            raise ValueError("at its end")

    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    await cancelled(task)
    assert isinstance(task.exception(), ValueError)


async def test_a_loop_ends_at_its_head() -> None:
    """The cancellation was swallowed in the middle of it."""
    rounds = 0

    async def work() -> None:
        nonlocal rounds
        while rounds < MOST_ROUNDS:
            end_if_asked()
            rounds += 1
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.1)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=1)
    assert task.cancelled()
    assert rounds == 1


async def test_a_timeout_inside_is_no_wish_to_end() -> None:
    """It is a cancellation that was taken back."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await asyncio.sleep(PATIENCE)
    end_if_asked()


async def test_what_takes_too_long_is_left_behind() -> None:
    """Also where it does not listen; what is done in time is waited for, with its error."""
    begun = time.monotonic()
    await within(0.01, deaf(1))
    assert time.monotonic() - begun < PATIENCE

    async def fails() -> None:
        raise ValueError("in time")

    with pytest.raises(ValueError, match="in time"):
        await within(PATIENCE, fails())
