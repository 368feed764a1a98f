"""The peer bench on a real Kafka, with a contestant in plain Python: right, wrong, stubborn and crashing."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from bench.peers.contestant import Command, Contestant, NotToBeHad
from bench.peers.load import recent_start
from bench.peers.results import Series, entry
from bench.peers.rounds import Plan, prepare, run_all
from bench.peers.run import Failure, Figures, Patience
from stream.devkit.kafka import EmbeddedKafka

pytestmark = pytest.mark.kafka

PLAIN = Path(__file__).parent / "plain_job.py"
PATIENCE = Patience(quiet=1.0, stuck=8.0, limit=60.0, calm=0.0)


def plain(**environment: str) -> Contestant:
    """The plain contestant, with what makes it misbehave."""
    return Contestant("plain", lambda: Command((sys.executable, str(PLAIN)), "plain 1", environment))


async def bench(kafka: EmbeddedKafka, contestants: list[Contestant], jobs: list[str], events: int, times: int = 1) -> list[Series]:
    """A whole bench on the shared broker; `events` differs from test to test, so that each has topics of its own."""
    commands, skipped = prepare(contestants, print)
    kept: list[list[int]] = []
    plan = Plan(contestants, jobs, events, times, recent_start(), PATIENCE)
    series = await run_all(kafka, plan, commands, skipped, print, lambda found: kept.append([len(one.runs) for one in found]))
    # After every round all who take part have run once more.
    assert kept == [[0 if one.skipped else number + 1 for one in series] for number in range(times)]
    return series


async def topics(kafka: EmbeddedKafka) -> set[str]:
    """Topics of the broker."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        return set(await admin.list_topics())
    finally:
        await admin.close()


def kept_log(cache: Path) -> Path:
    """The one log that a cache folder holds."""
    (log,) = cache.rglob("*.log")
    return log


async def test_both_jobs_two_rounds(kafka: EmbeddedKafka) -> None:
    """Every run is measured and right, whoever can't be had is skipped, and no run leaves a topic behind."""

    def nothing() -> Command:
        raise NotToBeHad("no JDK")

    contestants = [Contestant("gone", nothing), plain(), Contestant("few", plain().prepare, most_events=1_500)]
    series = await bench(kafka, contestants, ["w1", "w2"], 3_000, times=2)
    assert [(one.job, one.contestant, one.events, len(one.runs)) for one in series] == [
        (job, name, events, runs) for job in ("w1", "w2") for name, events, runs in (("gone", 3_000, 0), ("plain", 3_000, 2), ("few", 1_500, 2))
    ]
    runs = [run for one in series for run in one.runs]
    assert all(isinstance(run, Figures) and run.wrong == run.lost == 0 for run in runs)
    assert all(run.cpu_seconds_per_million > 0 and run.peak_rss_mb > 10 and run.startup_seconds > 0 for run in runs if isinstance(run, Figures))
    assert [entry(one)["correct"] for one in series] == [None, True, True] * 2
    assert not [topic for topic in await topics(kafka) if topic.startswith("peer-")]


async def test_one_lost_rating_is_seen(kafka: EmbeddedKafka) -> None:
    """One window of thousands is wrong by one: not correct."""
    (one,) = await bench(kafka, [plain(PLAIN_FAULT="lose")], ["w2"], 2_001)
    (run,) = one.runs
    assert isinstance(run, Figures)
    assert (run.wrong, run.lost, entry(one)["correct"]) == (1, 1, False)


async def test_who_stays_is_stopped_with_its_children(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    """A contestant whose output rests is measured up to its last result, long before the limit, and nothing of it runs on."""
    child, began = tmp_path / "child", time.monotonic()
    (one,) = await bench(kafka, [plain(PLAIN_FAULT="stay", PLAIN_CHILD=str(child))], ["w1"], 2_002)
    (run,) = one.runs
    assert isinstance(run, Figures)
    assert run.wrong == 0
    assert time.monotonic() - began < PATIENCE.limit
    pid = int(child.read_text(encoding="utf-8"))
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_who_halts_is_late_and_not_wrong(kafka: EmbeddedKafka) -> None:
    """Longer without a result than right results may rest, and right in the end: the halt is in the time that it took."""
    (one,) = await bench(kafka, [plain(PLAIN_FAULT="halt")], ["w2"], 2_004)
    (run,) = one.runs
    assert isinstance(run, Figures)
    assert run.wrong == 0
    assert run.seconds > PATIENCE.quiet


async def test_who_sticks_is_stopped_and_wrong(kafka: EmbeddedKafka) -> None:
    """Half of the results and nothing more: stopped before the limit, and not correct."""
    began = time.monotonic()
    (one,) = await bench(kafka, [plain(PLAIN_FAULT="stick")], ["w2"], 2_005)
    (run,) = one.runs
    assert isinstance(run, Figures)
    assert run.wrong > 0
    assert PATIENCE.stuck < time.monotonic() - began < PATIENCE.limit


async def test_who_crashes_has_no_figures(kafka: EmbeddedKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason names the exit code and the log that is kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (one,) = await bench(kafka, [plain(PLAIN_FAULT="crash")], ["w1"], 2_003)
    (run,) = one.runs
    assert isinstance(run, Failure)
    assert "exit code 3" in run.reason
    assert run.reason.endswith(f"its log: {kept_log(tmp_path)}")
    assert entry(one)["correct"] is False
