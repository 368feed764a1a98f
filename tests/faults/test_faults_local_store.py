"""Workers with a copy of the state on the local disk: whatever of it survives a kill, the figures are right, and little is read again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from stream.devkit.kafka import EmbeddedKafka
from tests.faults.feed import feeding, standard_load
from tests.faults.stage import PATIENCE, NewStage, Stage
from tests.faults.test_faults_kills import LONG, SHORT, Plan, kill, moments
from tests.faults.test_faults_takeover import taken_over

pytest.importorskip("rocksdict")

PLAN = Plan(places=1, each=1, anywhere=1, events=SHORT.events, per_second=SHORT.per_second, span=SHORT.span, latest=SHORT.latest)


@dataclass
class Folders:
    """Where the stores are, and a copy of them as they once were."""

    store: Path
    old: Path

    def remember(self) -> None:
        """Copy what the disk has now."""
        shutil.copytree(self.store, self.old)

    def go_back(self) -> None:
        """Let the disk have what it had then, as a restored backup would."""
        shutil.rmtree(self.store)
        shutil.move(self.old, self.store)


@pytest.mark.timeout(900)
async def test_killed_with_a_local_store(
    kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], seed: int, tmp_path: Path, *, is_long: bool
) -> None:
    """Kills at any moment and a disk that went back in time: every worker goes on from what its disk has; in the end hardly anything is read."""
    plan = LONG if is_long else PLAN
    folders = Folders(tmp_path / "local", tmp_path / "old")
    stage = new_stage(kafka.bootstrap_servers, local_store=str(folders.store))
    stage.module = "tests.faults.eager_disk"
    await stage.case.create_topics()
    died = moments(stage, plan)
    async with feeding(stage.case, standard_load(plan.events, seed, plan.span), plan.per_second) as feed:
        (await stage.joined()).kill()
        folders.remember()
        for point in died:
            await kill(stage, point, plan.latest)
        folders.go_back()
        last = await stage.joined()
        await asyncio.sleep(2)
    assert feed.produced < plan.events, "the load ended before the faults did"
    found = await stage.verdict(PATIENCE if is_long else 60)
    assert found.letters > 0
    assert await last.stop() == 0
    assert [begin for worker in stage.workers[1:] for _, begin in taken_over(worker.log) if begin], "nothing was ever kept"
    await _read_again_nothing(stage)
    note("kill -9 of a worker with a local store, which once went back in time", len(died) + 1, found.differences)


async def _read_again_nothing(stage: Stage) -> None:
    """After an orderly end a worker reads its own claim and nothing else, and the figures stand."""
    after = await stage.joined()
    places = taken_over(after.log)
    assert places, after.log
    assert all(begin == end for end, begin in places), places
    await stage.verdict()
    await stage.stop_all()
