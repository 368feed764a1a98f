"""What can be typed: help, settings, and mistakes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stream.cli.config import publishing_interval
from stream.settings import Settings

COMMANDS = (
    "worker",
    "topics",
    "config",
    "import",
    "scores",
    "recompute",
    "rebuild",
    "reset",
    "try",
    "demo",
    "rules",
    "silence",
    "silences",
    "backtest",
)


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command in an empty folder."""
    return subprocess.run(
        [sys.executable, "-m", "stream.cli", *arguments], capture_output=True, text=True, check=False, cwd=folder, stdin=subprocess.DEVNULL
    )


def test_help_lists_every_command(tmp_path: Path) -> None:
    """All of them."""
    shown = run("--help", folder=tmp_path)
    assert shown.returncode == 0
    assert all(f"  {command} " in shown.stdout for command in COMMANDS)


def test_help_imports_neither_kafka_nor_the_models() -> None:
    """They take most of the time of a start, far more than half a second."""
    code = "import sys, stream.cli.app; print(*(name for name in ('faust', 'aiokafka', 'numpy', 'pydantic', 'rich.live') if name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""


@pytest.mark.parametrize("arguments", [("worker", "--no-such-option"), ("no-such-command",), ("reset",), ("scores", "--segment", "billing")])
def test_mistakes_end_with_2(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """And with a text, no traceback."""
    ended = run(*arguments, folder=tmp_path)
    assert ended.returncode == 2
    assert ended.stderr
    assert "Traceback" not in ended.stderr


def test_config_check_tells_every_fault(tmp_path: Path) -> None:
    """With the path of each, never its value."""
    (tmp_path / "csat.yaml").write_text("segments: [[tem]]\nlateness: 3x\nkafka: {bootstrap_servers: 1}\nfoo: hunter2\n", encoding="utf-8")
    ended = run("config", "check", folder=tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.startswith("csat-stream: csat.yaml: 4 faults\n")
    for path in ("segments.0.0", "lateness", "kafka.bootstrap_servers", "foo"):
        assert f"  {path}: " in ended.stderr
    assert "hunter2" not in ended.stderr


def test_config_check_sums_up_what_is_right(tmp_path: Path) -> None:
    """`on` needs no quotes; an empty file is fine."""
    (tmp_path / "csat.yaml").write_text("agents: on\nsegments: [[], [team, agent]]\n", encoding="utf-8")
    ended = run("config", "check", folder=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "segments      everything, team x agent" in ended.stdout
    (tmp_path / "csat.yaml").write_text("", encoding="utf-8")
    assert run("config", "check", folder=tmp_path).returncode == 0


def test_no_broker_is_one_line(tmp_path: Path) -> None:
    """Commands that ask Kafka something fail at once, with exit code 1."""
    for arguments in (("scores",), ("recompute", "--diff"), ("rebuild",), ("reset", "--to", "end", "--yes"), ("topics", "create")):
        ended = run(*arguments, "--bootstrap-servers", "127.0.0.1:1", folder=tmp_path)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr == "csat-stream: no Kafka broker answers at 127.0.0.1:1\n"


@pytest.mark.parametrize(("window", "interval"), [("15m", 1_000), ("4h", 4_000), ("24h", 24_000), ("30d", 60_000), ("all", 60_000)])
def test_publishing_intervals(window: str, interval: int) -> None:
    """The window / 3600, between a second and a minute."""
    assert publishing_interval(Settings(), window) == interval
