"""`try` and `demo`: each brings its own Kafka and worker, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import psutil
import pytest
from cli_runs import CSV, MAPPING, end, run, start

from stream.devkit.kafka import EmbeddedKafka


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kafka: EmbeddedKafka) -> Path:
    """A folder, with another for temporary files in it. The shared broker shows that Kafka can run here."""
    assert kafka.is_running
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    return tmp_path


def leftovers(folder: Path) -> list[str]:
    """Temporary files, and processes that work in the folder."""
    files = [path.name for path in (folder / "scratch").iterdir()]
    return files + [process.name() for process in psutil.process_iter() if _scratch_of(process) == str(folder / "scratch")]


def _scratch_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("TMPDIR") if process.pid != os.getpid() else None
    except psutil.Error:
        return None


def test_try_scores_a_file(folder: Path) -> None:
    """A table on stdout, progress on stderr, all scores in a file."""
    tried = run(folder, "try", CSV, "--mapping", MAPPING, "--out", "scores.jsonl")
    assert tried.returncode == 0, tried.stderr
    scores = [json.loads(line) for line in (folder / "scores.jsonl").read_text(encoding="utf-8").splitlines()]
    (whole,) = (score for score in scores if (score["metric"], score["segment"], score["window"]) == ("csat", {}, "all"))
    assert (whole["n"], whole["counts"]["satisfied"]) == (127, 87)
    assert f"csat all tickets all: {whole['value']:.1f} %" in tried.stdout
    assert len({score["as_of"] for score in scores}) == 1
    assert tried.stderr.splitlines()[-1].startswith(f"2,200 rows, 1,910 events, 290 skipped, 0 could not be read; {len(scores)} scores as of ")
    assert leftovers(folder) == []


def test_try_stands_still_where_it_is_told(folder: Path) -> None:
    """`--as-of` is the now of every score; later events are not in them."""
    tried = run(folder, "try", CSV, "--mapping", MAPPING, "--out", "scores.jsonl", "--as-of", "2026-05-12")
    assert tried.returncode == 0, tried.stderr
    scores = [json.loads(line) for line in (folder / "scores.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {score["as_of"] for score in scores} == {"2026-05-12T00:00:00.000Z"}
    (whole,) = (score for score in scores if (score["metric"], score["segment"], score["window"]) == ("csat", {}, "all"))
    assert 0 < whole["n"] < 127


def test_try_tells_what_it_cannot_use(folder: Path) -> None:
    """One line each, exit code 2, and no Kafka is started."""
    (folder / "empty.jsonl").write_text("", encoding="utf-8")
    nothing = run(folder, "try", "empty.jsonl")
    assert nothing.returncode == 2
    assert "no events to score" in nothing.stderr
    (folder / "mapping.yaml").write_text("ticket_id: {column: a}\nevents: []\nsettings: {windows: [5x]}\n", encoding="utf-8")
    wrong = run(folder, "try", "empty.jsonl", "--mapping", "mapping.yaml")
    assert wrong.returncode == 2
    assert "settings.windows" in wrong.stderr


def test_demo_shows_scores_and_ends(folder: Path) -> None:
    """Plain lines where there is no terminal."""
    shown = run(folder, "demo", "--seconds", "2", "--metrics-port", "0")
    assert shown.returncode == 0, shown.stderr
    assert re.search(r"^metrics for Prometheus at http://127\.0\.0\.1:[1-9][0-9]*/metrics; ", shown.stderr, flags=re.MULTILINE)
    assert "all teams: csat 1h " in shown.stdout
    assert "billing: csat 1h " in shown.stdout
    assert leftovers(folder) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_demo_ends_soon_and_leaves_nothing(folder: Path, number: signal.Signals, code: int) -> None:
    """Ctrl-C is how a demo ends; the processes and folders go with it."""
    demo = start(folder, "demo")
    assert demo.stdout is not None
    assert demo.stdout.readline().startswith("Simulated helpdesk, ")
    ended, errors, seconds = end(demo, number)
    assert ended == code, errors
    assert "Traceback" not in errors
    assert seconds < 3
    assert leftovers(folder) == []


def test_parts_do_not_outlive_a_demo_that_is_killed(folder: Path) -> None:
    """Even kill -9 leaves no broker and no worker."""
    demo = start(folder, "demo")
    assert demo.stdout is not None
    demo.stdout.readline()
    parts = psutil.Process(demo.pid).children(recursive=True)
    assert len(parts) >= 2
    end(demo, signal.SIGKILL)
    _, alive = psutil.wait_procs(parts, timeout=15)
    assert alive == []
