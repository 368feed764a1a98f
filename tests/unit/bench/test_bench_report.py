"""The page about speed, the growth of a curve, and the guard of the core's CPU."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench import core, curves, guard, report
from stream.devkit.load import standard_load
from stream.durations import DAY

_MACHINE = {"cpu": "Some CPU", "cores": 2, "memory_gb": 8.0, "system": "Linux", "load_before": 0.1, "commit": "abc"}
_LATEST: dict[str, Any] = {
    "standard_job": {"events_per_second": 1234.0, "cpu_seconds_per_million": 12.3, "broker_cpu_seconds_per_million": 0.7, "peak_rss_mb": 456.0},
    "latency_ms": {"p50": 1.0, "p99": 2.0},
    "loaded_latency_ms": {"p50": 3.0, "p99": 4.0},
    "spread": {
        "standard_job": {"cpu_seconds_per_million": [11.0, 13.0]},
        "latency_ms": {"p50": [1.0, 1.0], "p99": [2.0, 3.0]},
        "loaded_latency_ms": {"p50": [3.0, 3.0], "p99": [4.0, 5.0]},
    },
    "runs": [{}, {}, {}],
    "machine": _MACHINE,
    "options": {"events": 1_000_000},
    "versions": {"python": "3.11"},
}


def test_what_was_not_measured_is_said() -> None:
    """Every target has a line, with the figure or the word that there is none."""
    page = report.pages({"latest": _LATEST})["performance.md"]
    assert "1,234 events/s, 12.3 CPU s of the worker and 0.7 of the broker, 456 MB (median of 3, CPU s from 11.0 to 13.0)" in page
    assert "p50 1 ms, p99 2 ms (behind a backlog of 1,000,000 events; median of 3; 1 to 1, 2 to 3)" in page
    assert page.count("not measured yet") == sum(report.measured_of(target, {"latest": _LATEST}) is None for target in report.TARGETS) > 0


def test_a_target_is_met_or_missed_by_its_figures() -> None:
    """The verdict follows the measurement; what limits it stands where it is missed, commit and machine always."""
    line = next(each for each in _targets_of(_LATEST) if each.startswith("| standard job |"))
    assert "**missed**: plain Python" in line
    quick = {**_LATEST, "standard_job": {**_LATEST["standard_job"], "events_per_second": 100_000.0, "cpu_seconds_per_million": 10.0}}
    line = next(each for each in _targets_of(quick) if each.startswith("| standard job |"))
    assert line.endswith("| met | abc, Some CPU |")
    assert "| met | abc, Some CPU |" in next(each for each in _targets_of(quick) if each.startswith("| lone rating"))


def _targets_of(latest: dict[str, Any]) -> list[str]:
    return report.pages({"latest": latest})["performance.md"].splitlines()


def test_peers_with_and_without_figures() -> None:
    """A contestant that could not be had is listed with the reason; a wrong answer is called so."""
    measured = {
        "job": "w1",
        "contestant": "csat-stream",
        "events_per_second": 10.0,
        "cpu_seconds_per_million": 2.5,
        "peak_rss_mb": 3.0,
        "correct": False,
    }
    skipped = {"job": "w1", "contestant": "Other", "events_per_second": None, "correct": None, "skipped": "no JDK"}
    runs = [{**measured, "cpu_seconds_per_million": seconds} for seconds in (2.5, 3.0, 2.25)]
    machine = {"commit": "abcdef01", "cpu": "one", "reference_ms": 84.5}
    page = report.pages({"latest": _LATEST, "peers": [measured, skipped], "peers_runs": {"machine": machine, "runs": [*runs, skipped]}})[
        "performance.md"
    ]
    assert "| w1 | csat-stream | 10 | 2.5 | 2.2 | 3.0 | 3 | wrong |" in page
    assert "| w1 | Other | - | - | - | - | - | no JDK |" in page
    assert "Measured on abcdef01, one; the fixed loop took 84 ms in that run." in page
    assert "2.5 CPU s, 10 events/s" in page


def test_faults() -> None:
    """Every fault has a line; a check that was taken out is named with what was found, without names of one run's topics."""
    removed = {"check": "end of a log", "found": "ends: no topic ta6ec8b5040.scores", "beside": "a watch"}
    growth = {"figure": "memory_mb", "mean": 982.2, "growth": -3.4, "at_most": 12.0, "allowed": 98.2}
    faults = [
        {"fault": "broker: away", "times": 2, "differences": 0, "seed": 7, "commit": "abcdef01"},
        {"fault": "soak", "times": 3, "differences": 0, "seed": 7, "growth": [growth]},
        {"fault": "each check", "times": 1, "differences": 3, "seed": 8, "removed": [removed]},
        {"fault": "takeover of 1,000,000 tickets", "times": 2, "differences": 0, "seed": 9, "seconds": {"with a standby": 8.21, "without": 20.0}},
    ]
    pages = report.pages({"latest": _LATEST, "faults": faults})
    assert "| broker: away | 2 | 0 | 7 | abcdef01 |" in pages["faults.md"]
    assert "| memory_mb | 982 | -3 | +12 | 98 |" in pages["faults.md"]
    assert "| each check | 1 | 3 | 8 |" in pages["faults.md"]
    assert "| end of a log (beside: a watch) | ends: no topic csat.scores |" in pages["faults.md"]
    assert "| with a standby 8.2, without 20.0 |" in pages["faults.md"]
    assert "| 8.2 s, 20.0 s without a standby |" in pages["performance.md"]


def test_growth() -> None:
    """Constant, linear and square costs have slopes 0, 1 and 2."""
    for power in (0, 1, 2):
        assert curves.growth([(x, 3.0 * x**power) for x in (10, 100, 1000)]) == pytest.approx(power)


def test_the_guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifteen per cent above the record passes, a little more does not; an interpreter without a record is compared with the dearest."""
    recorded = tmp_path / "core.json"
    recorded.write_text(json.dumps({"3.1, plain": {"a": 1.0, "b": 2.0}, "3.2, plain": {"a": 0.1, "b": 4.0}}), encoding="utf-8")
    monkeypatch.setattr(guard, "RECORDED", recorded)
    monkeypatch.setattr(guard, "usual_ratio", lambda measure: measure())
    for own, a, b, code in (
        ("3.1, plain", 0.5, 2.0, 0),
        ("3.1, plain", 1.149, 2.298, 0),
        ("3.1, plain", 1.151, 2.0, 1),
        ("3.1, plain", 1.0, 2.302, 1),
        ("3.2, plain", 0.116, 4.0, 1),
        ("3.3, plain", 1.149, 4.598, 0),
        ("3.3, plain", 1.0, 4.602, 1),
    ):
        monkeypatch.setattr(guard, "interpreter", lambda own=own: own)
        monkeypatch.setattr(guard, "GUARDED", {"a": lambda a=a: a, "b": lambda b=b: b})
        assert guard.guard(Console(quiet=True)) == code


@pytest.mark.parametrize(("found", "code", "taken"), [([1.1], 0, 1), ([1.2, 1.1], 0, 2), ([1.3, 1.2, 1.1], 0, 3), ([1.3, 1.2, 1.16], 1, 3)])
def test_what_seems_too_dear_is_measured_again(found: list[float], code: int, taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to three times, and no more often than it takes: an unquiet machine is no slower code."""
    recorded = tmp_path / "core.json"
    recorded.write_text(json.dumps({"3.1, plain": {"a": 1.0}}), encoding="utf-8")
    monkeypatch.setattr(guard, "RECORDED", recorded)
    monkeypatch.setattr(guard, "interpreter", lambda: "3.1, plain")
    measured = iter(found)
    monkeypatch.setattr(guard, "usual_ratio", lambda measure: measure())
    monkeypatch.setattr(guard, "GUARDED", {"a": lambda: next(measured)})
    assert guard.guard(Console(quiet=True)) == code
    assert len(found) - len(list(measured)) == taken


def test_the_record_of_others_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter writes down its own figures, and those alone."""
    monkeypatch.setattr(guard, "RECORDED", tmp_path / "core.json")
    monkeypatch.setattr(guard, "usual_ratio", lambda measure: measure())
    for own, cost in (("3.1, plain", 1.0), ("3.2, plain", 2.0), ("3.1, plain", 3.0)):
        monkeypatch.setattr(guard, "interpreter", lambda own=own: own)
        monkeypatch.setattr(guard, "GUARDED", {"a": lambda cost=cost: cost})
        guard.record()
    assert json.loads(guard.RECORDED.read_text(encoding="utf-8")) == {"3.1, plain": {"a": 3.0}, "3.2, plain": {"a": 2.0}}


def test_an_event_costs_what_its_phases_cost() -> None:
    """The core takes in a small load; every phase is measured."""
    load = core.records_of(standard_load(2_000, start=core.START, span=DAY))
    phases = core.run(load, core.START + DAY)
    assert {"read and apply", "settle", "flush", "board settle", "move", "current"} <= phases.spent.keys()
    assert all(spent >= 0 for spent in phases.spent.values())
