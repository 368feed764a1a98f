"""The worker around its scorer."""

from __future__ import annotations

import asyncio
import gc
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from aiokafka.errors import KafkaConnectionError

from stream.engine.control import Generation
from stream.engine.ending import cancelled
from stream.engine.scorer import Scorer
from stream.engine.slots import Slots
from stream.engine.worker import Worker
from stream.errors import UsageError
from stream.settings import Settings


class Failing:
    """A scorer that the broker fails, deep inside a client that keeps the error."""

    def __init__(self) -> None:
        self.kept: list[BaseException] = []

    async def run(self, _owned: asyncio.Event | None) -> None:
        """Fail."""
        error = KafkaConnectionError("away")
        self.kept.append(error)
        raise error


async def test_a_scorer_that_failed_is_let_go_at_once() -> None:
    """Its tables do not wait for the garbage collector, which comes seldom: while a broker was away memory grew by gigabytes."""
    worker = Worker(Settings(), cast("Generation", SimpleNamespace(number=1)))
    scorer = Failing()
    errors, alive = scorer.kept, weakref.ref(scorer)
    gc.collect()
    gc.disable()
    try:
        assert await worker._run(cast("Scorer", scorer), asyncio.Event()) == "KafkaConnectionError"
        del scorer
        await asyncio.sleep(0)
        assert errors
        assert alive() is None
    finally:
        gc.enable()


async def test_a_watcher_that_fails_ends_the_worker() -> None:
    """Its error is told at once, and does not keep others from ending in order."""
    worker = Worker(Settings(), cast("Generation", SimpleNamespace(number=1)))
    worker._failed = asyncio.get_running_loop().create_future()

    async def watch() -> None:
        raise ValueError("nobody has thought of it")

    task = worker._watching(watch())
    with pytest.raises(ValueError, match="thought of"):
        await asyncio.wait_for(worker._failed, 1)
    await cancelled(task)
    assert task.done()


async def test_a_ready_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """As the user's own mistake, with the file."""
    worker = Worker(Settings(), cast("Generation", SimpleNamespace(number=1)))
    with pytest.raises(UsageError, match=r"ready_file: .*nowhere/ready can't be written: No such file or directory"):
        worker._write_ready(tmp_path / "nowhere" / "ready")


async def test_a_fault_of_our_own_is_no_failure_of_the_broker() -> None:
    """It is raised, not taken for a reason to begin anew."""
    worker = Worker(Settings(), cast("Generation", SimpleNamespace(number=1)))
    broken = SimpleNamespace(run=lambda _: asyncio.sleep(0))
    with pytest.raises(RuntimeError, match="ended by itself"):
        await worker._run(cast("Scorer", broken), asyncio.Event())


async def test_the_tickets_come_back_first() -> None:
    """The scorer is not begun before, and until then nothing is called current that it has not published."""
    worker = Worker(Settings(), cast("Generation", SimpleNamespace(number=1)))
    slots = SimpleNamespace(is_recovering=True, has_joined=True, owns_scorer=True, is_caught_up=lambda _: True)
    worker._slots = cast("Slots", slots)
    waiting = asyncio.create_task(worker._give_way())
    await asyncio.sleep(0.1)
    assert (waiting.done(), worker._is_caught_up({})) == (False, False)
    slots.is_recovering = False
    await asyncio.wait_for(waiting, 1)
    assert not worker._is_caught_up({})
    scorer = SimpleNamespace(complete=asyncio.Event())
    worker._scorer = cast("Scorer", scorer)
    assert not worker._is_caught_up({})
    scorer.complete.set()
    assert worker._is_caught_up({})
