"""A worker at work in a small installation, and the way in which it must end when its topics are other ones."""

from __future__ import annotations

from engine_case import this_minute
from engine_worker import WorkerProcess, until

from stream.devkit.kafka import EmbeddedKafka
from tests.faults.situation import rate
from tests.faults.stage import NewStage, Stage, Verdict

REBUILD = "run `csat-stream rebuild`"


async def at_work(new_stage: NewStage, kafka: EmbeddedKafka) -> tuple[Stage, WorkerProcess]:
    """A worker that has read ten ratings, in an installation of one partition."""
    stage = new_stage(kafka.bootstrap_servers, partitions=1, clock={"fixed": this_minute()})
    await stage.case.create_topics()
    await rate(stage.case, 0)
    worker = await stage.joined()
    await stage.case.until_read()
    return stage, worker


async def rebuilt(stage: Stage) -> Verdict:
    """Do what the refusal says: after a rebuild a worker starts, and no figure differs from what the topics hold now."""
    await stage.rebuild()
    await stage.launch().until_ready()
    found = await stage.right()
    await stage.stop_all()
    return found


async def assert_ends(worker: WorkerProcess, problem: str, remedy: str = REBUILD) -> None:
    """It ends with exit code 2 within seconds; its last line names problem and remedy."""
    assert await until(lambda: not worker.is_running, 20), worker.log
    last = worker.log.splitlines()[-1]
    assert (worker.exit_code, problem in last, remedy in last, "Traceback" in worker.log) == (2, True, True, False), worker.log
