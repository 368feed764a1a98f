"""Ends and interruptions that are nobody's fault: a clean stop, a restart, a broker that goes away for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from engine_case import Case, Input, event, new_case, produced, this_minute
from engine_worker import WorkerProcess

from schemas.scores import Score
from stream.clock import real_ms
from stream.devkit.kafka import EmbeddedKafka
from stream.devkit.load import standard_load
from stream.durations import DAY, HOUR, MINUTE
from stream.windows.published import REVISION_HEADER

STOP_SECONDS = 10
QUICK = {"min": "1s", "max": "1s"}


async def assert_revisions_count(case: Case) -> None:
    """The records of every key are numbered one by one, whoever wrote them."""
    revisions: dict[bytes, int] = {}
    for record in await case.score_records():
        assert record.key is not None
        revision = int(dict(record.headers)[REVISION_HEADER])
        assert revision == revisions.get(record.key, 0) + 1
        revisions[record.key] = revision


@pytest.mark.timeout(120)
async def test_stopped_under_load(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """SIGTERM: exit code 0 within 10 s and no ready file; who goes on loses nothing, and revisions go on."""
    case = new(publish=QUICK)
    await case.create_topics()
    first = start(case, "first")
    await first.until_ready()
    async with produced(case, standard_load(10_000, start=real_ms() - 30 * DAY - MINUTE), per_second=5_000):
        assert await first.until_logged("caught up")
        begun = time.monotonic()
        assert await first.stop() == 0
        assert time.monotonic() - begun < STOP_SECONDS
        assert not first.ready_file.exists()
        second = start(case, "second")
    await second.until_ready()
    await case.until_read()
    await case.audit()
    await assert_revisions_count(case)


async def test_stopped_while_it_starts(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """SIGTERM when the thread of the consumer is just coming up: nobody has to wait for it for ever."""
    case = new()
    await case.create_topics()
    worker = start(case, "late", "tests.engine.late_thread_worker")
    assert await worker.until_logged("a thread comes up")
    assert await worker.stop(STOP_SECONDS) == 0


async def test_restart_when_nothing_happened(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """A restarted worker publishes the scores that stand, the same but for their revision."""
    now = this_minute()
    case = new(clock={"fixed": now}, publish=QUICK)
    await case.create_topics()
    await case.produce([Input(3, b"t%d" % n, event("rating.submitted", f"t{n}", now - HOUR, f"r-{n}", score=1 + n % 5, team="x")) for n in range(20)])
    first = start(case, "first")
    await first.until_ready()
    assert await first.stop() == 0
    before = await case.score_records()
    second = start(case, "second")
    await second.until_ready()
    assert await second.stop() == 0
    after = await case.score_records()
    known = {record.key: Score.model_validate_json(record.value or b"") for record in before}
    again = [Score.model_validate_json(record.value or b"") for record in after]
    assert len(again) > len(known)
    for record, score in zip(after, again, strict=True):
        assert score.model_copy(update={"revision": 0}) == known[record.key].model_copy(update={"revision": 0})
    await assert_revisions_count(case)


@pytest.mark.timeout(180)
async def test_broker_restarts(installed_kafka: type[EmbeddedKafka], tmp_path: Path, start: Callable[..., WorkerProcess]) -> None:
    """The broker goes away and comes back while workers run: they go on by themselves, and no figure differs."""
    records = standard_load(10_000, start=real_ms() - 30 * DAY - MINUTE)
    with installed_kafka() as broker:
        case = new_case(broker.bootstrap_servers, tmp_path, publish=QUICK)
        await case.create_topics()
        workers = [start(case, "one"), start(case, "two")]
        for worker in workers:
            await worker.until_ready()
        async with produced(case, records[:5_000], per_second=5_000):
            pass
        broker.restart()
        async with produced(case, records[5_000:], per_second=5_000):
            pass
        broker.kill()
        broker.start()
        await case.until_read(60)
        await case.audit(60)
        assert [worker.exit_code for worker in workers] == [None, None]
        assert [await worker.stop() for worker in workers] == [0, 0]


@pytest.mark.timeout(120)
async def test_a_deaf_scorer_is_replaced(new: Callable[..., Case], start: Callable[..., WorkerProcess]) -> None:
    """A scorer that waits for ever for its client is given up, and the next one publishes what it has missed."""
    now = this_minute()
    case = new(clock={"fixed": now}, publish=QUICK)
    await case.create_topics()
    worker = start(case, "a", module="tests.engine.deaf_worker")
    await worker.until_logged("scorer: took over")
    for first in (0, 5):
        await case.produce(
            Input(3, b"t%d" % n, event("rating.submitted", f"t{n}", now - HOUR, f"r-{n}", score=5, team="x")) for n in range(first, first + 5)
        )
        await worker.until_quiet()
    assert await worker.until_logged("scorer: it hears no more of what is flushed; starting it anew", 30), worker.log
    await case.until_read()
    await case.audit()
    await assert_revisions_count(case)
    assert await worker.stop() == 0
