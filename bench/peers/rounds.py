"""All runs of the bench: every contestant at every job, round after round, so that noise is spread over all of them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.peers.cache import cache_folder
from bench.peers.contestant import Command, Contestant, NotToBeHad
from bench.peers.job import Job
from bench.peers.load import load_of, produce
from bench.peers.results import Series
from bench.peers.run import Failure, Figures, Patience, run
from bench.peers.truth import Answer, expected
from stream.devkit.kafka import EmbeddedKafka

Say = Callable[[str], None]
Keep = Callable[[list[Series]], None]


@dataclass(frozen=True)
class Plan:
    """What to run: contestants, jobs, events of the load, how often each, and from when on the load lies (ms)."""

    contestants: Sequence[Contestant]
    jobs: Sequence[str]
    events: int
    times: int
    start: int
    patience: Patience = field(default_factory=Patience)


def prepare(contestants: Sequence[Contestant], say: Say) -> tuple[dict[str, Command], dict[str, str]]:
    """The commands of those that can run, and why the others can't."""
    commands: dict[str, Command] = {}
    skipped: dict[str, str] = {}
    for contestant in contestants:
        try:
            commands[contestant.name] = contestant.prepare()
            say(f"{contestant.name}: {commands[contestant.name].versions}")
        except NotToBeHad as error:
            skipped[contestant.name] = str(error)
            say(f"{contestant.name}: skipped, {error}")
    return commands, skipped


async def run_all(
    kafka: EmbeddedKafka, plan: Plan, commands: Mapping[str, Command], skipped: Mapping[str, str], say: Say, keep: Keep
) -> list[Series]:
    """Fill the topics once, then go round; one series for each contestant and job, skipped ones too.

    `keep` gets the series after every whole round, so that a stop later on costs the last round only.
    """
    series = [Series(job, one.name, one.events(plan.events), skipped=skipped.get(one.name)) for job in plan.jobs for one in plan.contestants]
    answers: dict[tuple[str, int], Answer] = {}
    for one in series:
        if not one.skipped and (one.job, one.events) not in answers:
            say(f"filling {one.job}: {one.events:,} events ...")
            answers[one.job, one.events] = await _fill(kafka, one.job, one.events, plan.start)
    for number in range(plan.times):
        for one in series:
            if one.skipped:
                continue
            figures = await _run_one(kafka, commands[one.contestant], one, answers[one.job, one.events], plan.patience)
            one.runs.append(figures)
            say(f"round {number + 1}, {one.job}, {one.contestant}: {_told(figures)}")
        keep(series)
    return series


async def _fill(kafka: EmbeddedKafka, job: str, events: int, start: int) -> Answer:
    records = load_of(job, events, start)
    await produce(kafka.bootstrap_servers, _prefix(events), job, records)
    return expected(record.value for record in records)


async def _run_one(kafka: EmbeddedKafka, command: Command, one: Series, right: Answer, patience: Patience) -> Figures | Failure:
    app = f"peer-{one.contestant}-{one.job}-{len(one.runs)}"
    with tempfile.TemporaryDirectory(prefix="csat-stream-peer-", ignore_cleanup_errors=True) as state:
        job = Job(one.job, kafka.bootstrap_servers, _prefix(one.events), f"{app}-out", app, Path(state), 1)
        figures = await run(command, job, right, one.events, kafka.pid, patience)
        if isinstance(figures, Failure):
            kept = cache_folder() / f"{one.contestant}-{one.job}.log"
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(job.state / "log", kept)
            return Failure(f"{figures.reason}; its log: {kept}")
    return figures


def _prefix(events: int) -> str:
    """Loads of different size lie in topics of their own."""
    return f"load-{events}."


def _told(run: Figures | Failure) -> str:
    if isinstance(run, Failure):
        return f"failed, {run.reason}"
    right = "correct" if run.wrong == 0 else f"{run.wrong:,} of {run.windows:,} windows wrong, {run.lost:,} cases lost"
    return f"{run.events_per_second:,.0f} events/s, {run.cpu_seconds_per_million:.1f} CPU s per 1M, {run.peak_rss_mb:,.0f} MB, {right}"
