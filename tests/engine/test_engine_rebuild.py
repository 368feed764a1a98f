"""Other settings: refused on the old state, taken after a rebuild, and nothing of the old segments is left."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_case import Case, this_minute
from engine_worker import WorkerProcess, until

from stream.devkit.fill import fill
from stream.devkit.load import standard_load
from stream.durations import DAY
from stream.settings import load

_REPOSITORY = Path(__file__).resolve().parents[2]


async def rebuild(case: Case) -> str:
    """Run the command to its end; what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "stream.cli", "rebuild", "--config", str(case.config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=_REPOSITORY,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, printed.decode()
    return printed.decode()


@pytest.mark.timeout(120)
async def test_other_segments(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """By team, then by product: a worker is refused until the rebuild, an old one ends by itself, old scores become tombstones."""
    now = this_minute()
    case: Case = new(clock={"fixed": now}, segments=[[], ["team"]], publish={"min": "1s", "max": "1s"})
    await case.create_topics()
    await fill(case.settings, standard_load(2_000, start=now - 3 * DAY, span=3 * DAY))
    old = start(case, "old")
    await old.until_ready()
    case.change(segments=[[], ["product"]])
    refused = start(case, "refused")
    assert await until(lambda: not refused.is_running, 30)
    assert (refused.exit_code, "csat-stream rebuild" in refused.log) == (2, True)
    assert "generation 2" in await rebuild(case)
    assert await until(lambda: not old.is_running, 20), old.log
    assert old.exit_code == 1
    new_worker = start(case, "new")
    await new_worker.until_ready()

    rebuilt = Case(load(case.config), case.config, case.folder, case.partitions)
    await rebuilt.audit()
    segments = [set(score.segment) for score in (await rebuilt.scores()).values()]
    assert {"product"} in segments
    assert {"team"} not in segments
