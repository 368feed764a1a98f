"""docs/performance.md from the result files: `python -m bench.report` writes it, `--check` compares it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
RESULTS = Path(__file__).parent / "results"
_NOT_MEASURED = "not measured yet"

Results = dict[str, Any]


class Target(NamedTuple):
    """What is asked for, what was measured (from the results by file name), and a word where it falls short."""

    what: str
    asked: str
    measured: Callable[[Results], str]
    word: str = ""


def _own(job: str, results: Results) -> dict[str, Any]:
    return next(one for one in results["peers"] if one["job"] == job and one["contestant"] == "csat-stream")


def _peer(job: str) -> Callable[[Results], str]:
    def measured(results: Results) -> str:
        own = _own(job, results)
        return f"{own['cpu_seconds_per_million']:.1f} CPU s, {own['events_per_second']:,.0f} events/s"

    return measured


def _standard(results: Results) -> str:
    job = results["latest"]["standard_job"]
    return f"{job['events_per_second']:,.0f} events/s, {job['cpu_seconds_per_million']:.1f} CPU s, {job['peak_rss_mb']:,.0f} MB"


def _latency(part: str) -> Callable[[Results], str]:
    return lambda results: f"p50 {results['latest'][part]['p50']:.0f} ms, p99 {results['latest'][part]['p99']:.0f} ms"


def _year(results: Results) -> str:
    job = results["year"]["standard_job"]
    return f"{job['events_per_second']:,.0f} events/s, {job['cpu_seconds_per_million']:.1f} CPU s, {job['peak_rss_mb']:,.0f} MB"


_FLAT = (
    "plain Python: the profile is flat (docs/architecture.md), an event costs about 20 us in the pure core alone; most of it is reading, working "
    "out and comparing what tickets contribute to eight figures in six segment lists. Compiling the pure folders with mypyc takes 8 % off and was "
    "left out"
)
TARGETS = (
    Target("W1, CPU of 1M events", "7 CPU s at most", _peer("w1")),
    Target("W2, CPU of 1M events", "9 CPU s at most, 110,000 events/s", _peer("w2")),
    Target("standard job", "100,000 events/s, 10 CPU s", _standard, _FLAT),
    Target("backlog of a year, 10,000,000 events", "80 % of the rate of the standard job", _year),
    Target("lone rating to its score", "p50 50 ms, p99 150 ms", _latency("latency_ms")),
    Target(
        "1h score under load",
        "p50 700 ms, p99 1,500 ms",
        _latency("loaded_latency_ms"),
        "measured at 2,000 events/s; scores of 1h are published once a second",
    ),
    Target("start to first score, empty state", "3 s", lambda results: f"{results['latest']['startup_seconds']:.1f} s"),
    Target("memory of an open ticket of five events", "500 bytes", lambda results: f"{results['memory']['bytes_per_ticket']} bytes"),
    Target("memory of a sum of one pane and segment", "200 bytes", lambda results: f"{results['memory']['bytes_per_sum']} bytes"),
)


def page(results: Results) -> str:
    """The whole page."""
    parts = [_intro(results), _targets(results), _peers(results), _curves(results), _how()]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _intro(results: Results) -> Iterator[str]:
    machine, versions = results["latest"]["machine"], results["latest"]["versions"]
    yield "# How fast it is"
    yield ""
    yield "<!-- Made by `python -m bench.report` from bench/results; do not edit. -->"
    yield ""
    yield (
        f"Measured on {machine['cores']} virtual cores ({machine['cpu']}, {machine['memory_gb']:.0f} GB, {machine['system']}) with the broker "
        "beside it, "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + ". Calm runs of one machine differ by up to 30 %, so CPU seconds count first."
    )


def _targets(results: Results) -> Iterator[str]:
    yield "## What is asked for, and what was measured"
    yield ""
    yield "| what | asked for | measured | |"
    yield "| --- | --- | --- | --- |"
    for target in TARGETS:
        yield f"| {target.what} | {target.asked} | {measured_of(target, results) or _NOT_MEASURED} | {target.word} |"


def measured_of(target: Target, results: Results) -> str | None:
    """The figure of a target; None where its result file is missing."""
    try:
        return target.measured(results)
    except (KeyError, StopIteration):
        return None


def _peers(results: Results) -> Iterator[str]:
    yield "## Beside other stream processors"
    yield ""
    yield "`make bench-peers`; bench/peers/README.md says what the two jobs are and how they are measured. Medians; *correct*: equal to plain Python."
    yield ""
    yield "| job | contestant | events/s | CPU s for 1M | peak MB | result |"
    yield "| --- | --- | ---: | ---: | ---: | --- |"
    for one in results.get("peers", []):
        yield f"| {one['job']} | {one['contestant']} | {_figures(one)} |"


def _figures(one: dict[str, Any]) -> str:
    if one["events_per_second"] is None:
        return f"- | - | - | {one.get('skipped') or one.get('failed', ['failed'])[0]}"
    right = "correct" if one["correct"] else "wrong"
    return f"{one['events_per_second']:,.0f} | {one['cpu_seconds_per_million']:.1f} | {one['peak_rss_mb']:,.0f} | {right}"


def _curves(results: Results) -> Iterator[str]:
    yield "## How the cost grows"
    yield ""
    yield (
        "`python -m bench.curves`: CPU microseconds of an event in the pure core. Growth is the slope through the logarithms: 0 is a constant cost, "
        "1 one that doubles with what grows."
    )
    yield ""
    yield "| what grows | CPU us an event | growth |"
    yield "| --- | --- | ---: |"
    for curve in results.get("curves", {}).get("curves", []):
        yield f"| {curve['grows']} | {', '.join(f'{x:,}: {cost:.1f}' for x, cost in curve['points'])} | {curve['growth']:+.2f} |"
    yield ""
    yield (
        "With more segments fewer events share a sum, so each is unpacked and packed for fewer of them; the cost of an event levels off where every "
        "one has sums of its own."
    )


def _how() -> Iterator[str]:
    yield "## Measure it yourself"
    yield ""
    yield "| command | what |"
    yield "| --- | --- |"
    yield "| `make bench` | the standard job and the latencies |"
    yield "| `make bench-peers` | the two jobs beside five other stream processors |"
    yield "| `.venv/bin/python -m bench.alert_latency` | from a rating to the alert that it makes true |"
    yield "| `.venv/bin/python -m bench.core` | CPU of an event in the pure core, by phase; `--guard` compares it with the record, as CI does |"
    yield "| `.venv/bin/python -m bench.curves` | the cost curves |"
    yield "| `.venv/bin/python -m bench.memory` | bytes of a ticket and of a sum |"


def results(folder: Path = RESULTS) -> Results:
    """What result files hold, by their names."""
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or compare it; exit code 1 where it is another."""
    parser = argparse.ArgumentParser(prog="python -m bench.report", description="docs/performance.md from the result files.")
    parser.add_argument("--check", action="store_true", help="compare only")
    text = page(results())
    if not parser.parse_args(arguments).check:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write("docs/performance.md is not what the result files make: run `python -m bench.report`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
