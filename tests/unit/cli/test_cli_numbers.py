"""Numbers on the command line: what is none, or has no end, is refused in words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stream.cli import demo
from stream.cli.app import app

ROOT = Path(__file__).parents[3]
EXAMPLE = (str(ROOT / "examples/helpdesk.csv"), "--mapping", str(ROOT / "examples/helpdesk.yaml"))


@pytest.mark.parametrize(("option", "value"), [("--dip-hours", "nan"), ("--dip-hours", "inf"), ("--dip-hours", "1e300"), ("--dip-to", "nan")])
def test_a_dip_of_no_number(option: str, value: str) -> None:
    """One line that names the option, exit code 2."""
    given = {"--dip": "all", "--dip-from": "2026-05-11T06:00:00Z", "--dip-hours": "24", "--dip-to": "0.2", option: value}
    command = [sys.executable, "-m", "stream.cli", "backtest", *EXAMPLE, *(text for pair in given.items() for text in pair)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("csat-stream: --dip-hours is a number above 0")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("option", ["--seconds", "--speed", "--rate"])
@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_demo_of_no_number(option: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused before anything is started."""
    started: list[Any] = []
    monkeypatch.setattr(demo, "run_demo", lambda *given: started.append(given))
    done = CliRunner().invoke(app, ["demo", option, value])
    assert (done.exit_code, started) == (2, [])
    assert option in done.output
