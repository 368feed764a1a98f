"""The commands against a real Kafka, as one runs them one after the other."""

from __future__ import annotations

import json
import signal
import uuid
from pathlib import Path
from typing import IO

import pytest
from cli_runs import CSV, MAPPING, end, run, until_scores, worker, write_settings

from stream.devkit.kafka import EmbeddedKafka
from stream.settings import Settings

TOPICS = len(Settings().topics.model_dump())
FIGURES = ("--metric", "csat", "--segment", "all", "--window", "all")


@pytest.fixture
def folder(tmp_path: Path, bootstrap_servers: str) -> Path:
    """A folder with settings and topics of its own."""
    write_settings(tmp_path, bootstrap_servers, f"cli-{uuid.uuid4().hex[:8]}")
    created = run(tmp_path, "topics", "create", "--partitions", "2")
    assert created.returncode == 0, created.stderr
    assert created.stdout.count("created  ") == TOPICS
    return tmp_path


def test_topics_are_made_once(folder: Path) -> None:
    """The second time they exist, whatever number of partitions is asked for."""
    again = run(folder, "topics", "create", "--partitions", "8")
    assert again.returncode == 0
    assert again.stdout.count("exists   ") == TOPICS


def test_from_import_to_recompute(folder: Path) -> None:
    """The whole way: import, worker, scores, recompute, rebuild, reset."""
    assert run(folder, "scores").stderr.startswith("no scores in ")
    imported = run(folder, "import", CSV, "--mapping", MAPPING)
    assert (imported.returncode, imported.stdout) == (0, "2,200 rows, 1,910 events, 290 skipped, 0 could not be read\n")
    with worker(folder) as running:
        refused = run(folder, "reset", "--to", "end", "--yes")
        assert refused.returncode == 2
        assert "1 worker of" in refused.stderr
        until_scores(folder, exist=True)
        code, log, seconds = end(running, signal.SIGTERM)
    assert code == 0, log
    assert seconds < 5
    assert not (folder / "ready").exists()
    assert "caught up" in log
    assert all(line[:4].isdigit() for line in log.splitlines())
    _check_scores(folder)
    _check_generations(folder)


def _check_scores(folder: Path) -> None:
    scores = [json.loads(line) for line in run(folder, "scores", *FIGURES, "--json").stdout.splitlines()]
    assert len(scores) == 1
    recomputed = json.loads(run(folder, "recompute", *FIGURES, "--json").stdout)
    assert (scores[0]["value"], scores[0]["counts"]) == (recomputed["value"], recomputed["counts"])
    compared = run(folder, "recompute", "--diff")
    assert compared.returncode == 0, compared.stdout
    assert compared.stdout.startswith("no differences: ")
    assert json.loads(run(folder, "recompute", "--diff", "--json").stdout)["records"] == 1910
    nothing = run(folder, "scores", "--segment", "team=nobody")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert nothing.stderr.endswith("is segment team=nobody\n")
    unknown = run(folder, "scores", "--metric", "nps")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "--metric nps does not exist; there are csat, " in unknown.stderr


def _check_generations(folder: Path) -> None:
    rebuilt = run(folder, "rebuild", "--delete-old")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert rebuilt.stdout.startswith("generation 2 of the state is now the current one")
    assert rebuilt.stdout.count("deleted  ") == 3
    with worker(folder):
        pass
    assert run(folder, "recompute", "--diff").returncode == 0
    unsure = run(folder, "reset", "--to", "beginning")
    assert unsure.returncode == 2
    assert unsure.stderr.endswith("nothing was changed; confirm with --yes\n")
    assert run(folder, "reset", "--to", "end", "--yes").returncode == 0
    with worker(folder):
        until_scores(folder, exist=False)
    assert run(folder, "recompute", "--diff").returncode == 0


def test_a_score_that_is_wrong_is_a_difference(folder: Path) -> None:
    """Whoever forges one is found out."""
    run(folder, "import", CSV, "--mapping", MAPPING)
    with worker(folder):
        until_scores(folder, exist=True)
    (score,) = (json.loads(line) for line in run(folder, "scores", *FIGURES, "--json").stdout.splitlines())
    _forge(folder, {**score, "value": 12.5})
    compared = run(folder, "recompute", "--diff")
    assert compared.returncode == 1
    assert compared.stdout.startswith("1 difference: ")
    assert "value 12.5 in the topic" in compared.stdout


def _forge(folder: Path, score: dict[str, object]) -> None:
    import asyncio

    from aiokafka import AIOKafkaProducer

    from schemas.scores import score_key
    from stream.settings import load

    settings = load(folder / "csat.yaml")
    key = score_key("csat", {}, "all")

    async def send() -> None:
        # aiokafka's partitioner is the one that the stream's scores were placed by.
        producer = AIOKafkaProducer(bootstrap_servers=settings.kafka.bootstrap_servers)
        await producer.start()
        try:
            await producer.send_and_wait(settings.topics.scores, key=key, value=json.dumps(score).encode())
        finally:
            await producer.stop()

    asyncio.run(send())


def test_rows_that_cannot_be_read_are_listed(folder: Path) -> None:
    """By line number, and all of them into a file on demand; what can be read is imported."""
    bad = str(Path(CSV).with_name("bad.csv"))
    imported = run(folder, "import", bad, "--mapping", MAPPING)
    assert imported.returncode == 1
    assert imported.stdout.endswith("3 events, 0 skipped, 9 could not be read\n")
    assert imported.stderr.count(", line ") == 9
    quiet = run(folder, "import", bad, "--mapping", MAPPING, "--faults", str(folder / "faults.txt"))
    assert quiet.stderr == ""
    assert (folder / "faults.txt").read_text(encoding="utf-8").count(", line ") == 9


@pytest.mark.usefixtures("kafka")
def test_a_worker_outlives_its_broker(tmp_path: Path) -> None:
    """One line when it goes, one when it is back, and the work goes on."""
    with EmbeddedKafka(tmp_path / "kafka") as broker:
        write_settings(tmp_path, broker.bootstrap_servers, "outage")
        assert run(tmp_path, "topics", "create").returncode == 0
        with worker(tmp_path) as running:
            broker.stop()
            assert running.stderr is not None
            log = _lines_until(running.stderr, "does not answer; waiting for it")
            broker.start()
            log += _lines_until(running.stderr, "answers again")
            run(tmp_path, "import", CSV, "--mapping", MAPPING)
            until_scores(tmp_path, exist=True)
            code, rest, _ = end(running, signal.SIGINT)
    assert code == 0
    assert len([line for line in [*log, *rest.splitlines()] if "answer" in line]) == 2
    assert not [line for line in log if " ERROR " in line]


def _lines_until(stream: IO[str], text: str) -> list[str]:
    lines = []
    for line in stream:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"the worker ended without saying: {text}")
