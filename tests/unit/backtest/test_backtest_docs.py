"""docs/backtest.md is true: its example is run, and its figures are those of the last bench."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from bench.alerts import RESULT
from stream.cli.backtest import Backtest, dip_of, run_backtest
from stream.cli.common import Common

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/backtest.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The first fenced block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)
    assert found
    return found[1]


def test_the_example_prints_what_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the rules shown above it, every line shown, in that order."""
    command, *lines = block("console").strip().splitlines()
    words = shlex.split(command)[3:]
    options = dict(zip(words[1::2], words[2::2], strict=True))
    rules = tmp_path / options["--rules"]
    rules.write_text(block("yaml"), encoding="utf-8")
    empty = tmp_path / "csat.yaml"
    empty.write_text("", encoding="utf-8")
    dip = dip_of(options["--dip"], options["--dip-from"], float(options["--dip-hours"]), float(options["--dip-to"]), 1)
    run_backtest(Common(empty), Backtest([ROOT / words[0]], ROOT / options["--mapping"], rules=rules, dip=dip))
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if line in lines] == lines


def test_the_figures_are_those_of_the_bench() -> None:
    """As rounded there."""
    figures = {name: value for trial in json.loads(RESULT.read_text(encoding="utf-8"))["trials"] for name, value in trial["figures"].items()}
    rows = dict(re.findall(r"^\| ([^|]*) \| ([^|]*) \|$", PAGE.partition("## How good")[2], flags=re.MULTILINE))
    shown = {case.split(",")[0]: [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)] for case, text in rows.items()}
    naive = [figures[f"healthy, {rate}/h: naive rule, false episodes a month"] for rate in (5, 20)]
    assert shown["healthy segment"][1:3] == [round(value) for value in naive]
    assert shown["healthy helpdesk of 20 teams"] == [
        round(figures["healthy fleet: pages (csat_dip) a month"], 1),
        round(figures["healthy fleet: csat_low tickets a month"], 2),
    ]
    dip = [figures[f"0.90 to 0.60 at 20/h: csat_dip, {name} (h)"] for name in ("median", "p95")]
    assert shown["0.90 falls to 0.60 at 20 an hour"][:1] + shown["0.90 falls to 0.60 at 20 an hour"][1:2] == [round(value, 1) for value in dip]
    drift = [figures[f"0.90 to 0.80 at {rate}/h: csat_drift, median (h)"] for rate in (20, 5)]
    false = [figures[f"healthy, {rate}/h: csat_drift, false alarms in 40 months"] for rate in (20, 5)]
    found = shown["0.90 falls to 0.80"]
    assert [found[0], found[2], found[4], found[5]] == [round(drift[0]), round(drift[1]), *false]
