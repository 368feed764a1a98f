"""docs/performance.md and docs/faults.md from the result files: `python -m bench.report` writes them, `--check` compares them."""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
RESULTS = Path(__file__).parent / "results"
FAULTS = ROOT / "tests" / "faults" / "results.json"
_NOT_MEASURED = "not measured yet"
_BENCH = ".venv/bin/python -m bench.standard"

Results = dict[str, Any]


class Limit(NamedTuple):
    """A figure of the results, and the most or the least that it may be."""

    figure: Callable[[Results], float]
    most: float = math.inf
    least: float = 0


class Target(NamedTuple):
    """What is asked for, what was measured (from the results by file name), the limits it is held against; a remark, and what limits it if missed."""

    what: str
    asked: str
    file: str
    measured: Callable[[Results], str]
    limits: Sequence[Limit]
    remark: str = ""
    limited_by: Callable[[Results], str] | None = None


def _own(job: str, results: Results) -> dict[str, Any]:
    return _first(one for one in results["peers"] if one["job"] == job and one["contestant"] == "csat-stream")


def _first(found: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The first of them; KeyError where there is none, as for a file that is missing."""
    for one in found:
        return one
    raise KeyError(_NOT_MEASURED)


def _peer(job: str) -> Callable[[Results], str]:
    def measured(results: Results) -> str:
        own = _own(job, results)
        return f"{own['cpu_seconds_per_million']:.1f} CPU s, {own['events_per_second']:,.0f} events/s"

    return measured


def _standard(results: Results) -> str:
    return _job(results["latest"])


def _job(found: dict[str, Any]) -> str:
    job = found["standard_job"]
    text = (
        f"{job['events_per_second']:,.0f} events/s, {job['cpu_seconds_per_million']:.1f} CPU s of the worker and "
        f"{job['broker_cpu_seconds_per_million']:.1f} of the broker, {job['peak_rss_mb']:,.0f} MB"
    )
    least, most = found["spread"]["standard_job"]["cpu_seconds_per_million"]
    return f"{text} ({_runs(len(found['runs']))}, CPU s from {least:.1f} to {most:.1f})"


def _runs(number: int) -> str:
    return "one run" if number == 1 else f"median of {number}"


def _latency(file: str, part: str) -> Callable[[Results], str]:
    def measured(results: Results) -> str:
        found, spread = results[file][part], results[file]["spread"][part]
        (least50, most50), (least99, most99) = spread["p50"], spread["p99"]
        backlog, runs = results[file]["options"]["events"], _runs(len(results[file]["runs"]))
        return (
            f"p50 {found['p50']:.0f} ms, p99 {found['p99']:.0f} ms (behind a backlog of {backlog:,} events; {runs}; "
            f"{least50:.0f} to {most50:.0f}, {least99:.0f} to {most99:.0f})"
        )

    return measured


def _busy(results: Results) -> str:
    found = results["live"]["loaded_latency_ms"]
    return (
        "500 ms of the median are waiting for the turn, since an hour's score is published once a second. The rest is the wait for the next "
        f"flush, and a worker that uses {found['worker_cores']:.2f} of a core: a third of it for tickets, which are worked out for every event "
        "instead of once for five, a third for scores and rules (`python -m bench.live`), the rest for fetching and sending"
    )


def _year(results: Results) -> str:
    return _job(results["year"])


def _recovery(results: Results) -> str:
    found = results["recovery"]
    all_seconds = [run["seconds"] for run in found["runs"]]
    return (
        f"{found['tickets']:,.0f} in {found['seconds']:.2f} s ({_runs(len(all_seconds))}, {min(all_seconds):.2f} to {max(all_seconds):.2f}), "
        f"{found['records_per_second']:,.0f} records/s; from the command to all scores current {found['start_to_ready_seconds']:.1f} s"
    )


def _first_score(results: Results) -> str:
    found = results["start"]
    return f"{found['seconds_to_first_score']:.2f} s ({_runs(len(found['runs']))}, {min(found['runs']):.2f} to {max(found['runs']):.2f})"


def _takeover(results: Results) -> str:
    found = _takes(results)
    return f"{found['with a standby']:.1f} s, {found['without']:.1f} s without a standby"


def _local_store(results: Results) -> str:
    found = results["memory"]["local_store"]
    return (
        f"{found['memory_mb']:,} MB opened, in {found['opened_seconds']:.1f} s and without the changelog; {found['peak_mb_while_filled']:,} MB while "
        f"filled; {found['disk_mb']:,} MB on the disk"
    )


def _at(*path: str) -> Callable[[Results], float]:
    """The figure that stands there: file, and names on the way."""

    def figure(results: Results) -> float:
        found: Any = results
        for name in path:
            found = found[name]
        return float(found)

    return figure


def _of_peers(job: str, name: str) -> Callable[[Results], float]:
    return lambda results: float(_own(job, results)[name])


def _delays(file: str, part: str, p50: float, p99: float) -> tuple[Limit, Limit]:
    return Limit(_at(file, part, "p50"), most=p50), Limit(_at(file, part, "p99"), most=p99)


def _takes(results: Results) -> dict[str, float]:
    seconds: dict[str, float] = _takeover_of(results)["seconds"]
    return seconds


def _takeover_of(results: Results) -> dict[str, Any]:
    return _first(one for one in results["faults"] if one["fault"].startswith("takeover of 1,000,000"))


def _flat(_: Results) -> str:
    return (
        "plain Python: the profile is flat (docs/architecture.md), and well over half of an event's cost is the core's: "
        "reading, working out and comparing what tickets contribute to eight figures in six segment lists. Compiling the pure folders with mypyc "
        "took 8 % off and was left out"
    )


def _reading(_: Results) -> str:
    return "hardly more records than tickets here; the time is CPU of the worker, some microseconds a record"


TARGETS = (
    Target("W1, CPU of 1M events", "7 CPU s at most", "peers_runs", _peer("w1"), [Limit(_of_peers("w1", "cpu_seconds_per_million"), most=7)]),
    Target(
        "W2, CPU of 1M events",
        "9 CPU s at most, 110,000 events/s",
        "peers_runs",
        _peer("w2"),
        [Limit(_of_peers("w2", "cpu_seconds_per_million"), most=9), Limit(_of_peers("w2", "events_per_second"), least=110_000)],
    ),
    Target(
        "standard job",
        "100,000 events/s, 10 CPU s",
        "latest",
        _standard,
        [
            Limit(_at("latest", "standard_job", "events_per_second"), least=100_000),
            Limit(_at("latest", "standard_job", "cpu_seconds_per_million"), most=10),
        ],
        limited_by=_flat,
    ),
    Target(
        "backlog of a year: 10,000,000 events, 2,080,000 tickets",
        "80,000 events/s",
        "year",
        _year,
        [Limit(_at("year", "standard_job", "events_per_second"), least=80_000)],
        limited_by=lambda _: "as the standard job",
    ),
    Target("lone rating to its score", "p50 50 ms, p99 150 ms", "latest", _latency("latest", "latency_ms"), _delays("latest", "latency_ms", 50, 150)),
    Target("1h score at 2,000 events/s", "-", "latest", _latency("latest", "loaded_latency_ms"), (), "published once a second"),
    Target(
        "1h score at 10,000 events/s",
        "p50 700 ms, p99 1,500 ms",
        "live",
        _latency("live", "loaded_latency_ms"),
        _delays("live", "loaded_latency_ms", 700, 1_500),
        limited_by=_busy,
    ),
    Target(
        "recovery of 1,000,000 open tickets",
        "5 s, 300,000 changelog records/s",
        "recovery",
        _recovery,
        [Limit(_at("recovery", "seconds"), most=5), Limit(_at("recovery", "records_per_second"), least=300_000)],
        limited_by=_reading,
    ),
    Target(
        "takeover of 1,000,000 tickets after kill -9",
        "10 s with a standby",
        "faults",
        _takeover,
        [Limit(lambda results: _takes(results)["with a standby"], most=10)],
        "a session timeout of 6 s is in it",
    ),
    Target("start to first score, empty state", "3 s", "start", _first_score, [Limit(_at("start", "seconds_to_first_score"), most=3)]),
    Target(
        "memory of an open ticket of five events",
        "500 bytes",
        "memory",
        lambda results: f"{results['memory']['bytes_per_ticket']} bytes",
        [Limit(_at("memory", "bytes_per_ticket"), most=500)],
    ),
    Target(
        "10,000,000 tickets with a local store",
        "2,000 MB",
        "memory",
        _local_store,
        [Limit(_at("memory", "local_store", "peak_mb_while_filled"), most=2_000)],
        "the store and state of one partition, without Kafka",
    ),
    Target(
        "memory of a sum of one pane and segment",
        "200 bytes",
        "memory",
        lambda results: f"{results['memory']['bytes_per_sum']} bytes",
        [Limit(_at("memory", "bytes_per_sum"), most=200)],
    ),
)


def pages(results: Results) -> dict[str, str]:
    """The pages by file name."""
    return {
        "performance.md": _page([_intro(results), _targets(results), _peers(results), _curves(results), _how()]),
        "faults.md": _page([_faults(results), _growth(results), _removed(results), _seconds(results)]),
    }


def _title(title: str, source: str) -> Iterator[str]:
    yield f"# {title}"
    yield ""
    yield f"<!-- Made by `python -m bench.report` from {source}; do not edit. -->"
    yield ""


def _head(*columns: str) -> Iterator[str]:
    """Head of a table; columns of numbers end with a colon."""
    yield _cells(column.rstrip(":") for column in columns)
    yield _cells("---:" if column.endswith(":") else "---" for column in columns)


def _cells(cells: Iterable[str]) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


def _page(parts: Sequence[Iterator[str]]) -> str:
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _intro(results: Results) -> Iterator[str]:
    machine, versions = results["latest"]["machine"], results["latest"]["versions"]
    loop = f" A fixed loop of plain Python (bench/machine.py) takes {machine['reference_ms']:.0f} ms there." if "reference_ms" in machine else ""
    yield from _title("How fast it is", "bench/results")
    yield (
        f"Measured on {machine['cores']} virtual cores ({machine['cpu']}, {machine['memory_gb']:.0f} GB, {machine['system']}) with the broker "
        "beside it, "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + f".{loop} Calm runs of one machine differ by up to 30 %, so CPU seconds count first; the last column names the machine of each benchmark."
    )


def _targets(results: Results) -> Iterator[str]:
    yield "## What is asked for, and what was measured"
    yield ""
    yield from _head("what", "asked for", "measured", "", "commit, machine")
    for target in TARGETS:
        measured = measured_of(target, results) or _NOT_MEASURED
        yield _cells((target.what, target.asked, measured, _verdict(target, results), _where(target.file, results)))


def _verdict(target: Target, results: Results) -> str:
    """Whether a target is met, with its remark and, if it is missed, what limits it; nothing where it was not measured."""
    try:
        if all(limit.least <= limit.figure(results) <= limit.most for limit in target.limits):
            return ": ".join(filter(None, ("met" if target.limits else "", target.remark)))
        return ": ".join(filter(None, ("**missed**", target.remark, target.limited_by(results) if target.limited_by else "")))
    except KeyError:
        return ""


def _where(file: str, results: Results) -> str:
    """The commit and the machine that a result was measured on, as far as it says so."""
    try:
        machine = {"commit": _takeover_of(results)["commit"]} if file == "faults" else results[file]["machine"]
    except KeyError:
        return ""
    return ", ".join(machine[name] for name in ("commit", "cpu") if name in machine)


def _measured_on(file: str, results: Results) -> str:
    where = _where(file, results)
    if not where:
        return ""
    loop = results[file]["machine"].get("reference_ms")
    return f" Measured on {where}" + (f"; the fixed loop took {loop:.0f} ms in that run." if loop else ".")


def measured_of(target: Target, results: Results) -> str | None:
    """The figure of a target; None where its result file is missing."""
    try:
        return target.measured(results)
    except KeyError:
        return None


def _peers(results: Results) -> Iterator[str]:
    yield "## Beside other stream processors"
    yield ""
    yield (
        f"`make bench-peers`; bench/peers/README.md says what the two jobs are and how they are measured. {_runs(_rounds(results)).capitalize()}; "
        "*correct*: equal to plain Python. Both jobs are far smaller than what csat-stream is for, so it runs them as its engine with these two "
        "figures in place of its own: same transport, fences, changelog and recovery, but no dead letters, no tickets that events of other kinds "
        f"change, no scores. What all of it costs is the standard job above.{_measured_on('peers_runs', results)}"
    )
    yield ""
    yield from _head("job", "contestant", "events/s:", "CPU s for 1M:", "from:", "to:", "peak MB:", "result")
    for one in results.get("peers", []):
        yield f"| {one['job']} | {one['contestant']} | {_figures(one, _spread(one, results))} |"


def _rounds(results: Results) -> int:
    """Runs of each contestant."""
    return int(results.get("peers_runs", {}).get("options", {}).get("times", 1))


def _spread(one: dict[str, Any], results: Results) -> str:
    """The least and the most CPU seconds of the runs of a contestant, as cells."""
    runs = [run for run in results.get("peers_runs", {}).get("runs", []) if (run["job"], run["contestant"]) == (one["job"], one["contestant"])]
    seconds = [run["cpu_seconds_per_million"] for run in runs if run.get("cpu_seconds_per_million") is not None]
    return f"{min(seconds):.1f} | {max(seconds):.1f}" if seconds else "- | -"


def _figures(one: dict[str, Any], spread: str) -> str:
    if one["events_per_second"] is None:
        return f"- | - | {spread} | - | {one.get('skipped') or one.get('failed', ['failed'])[0]}"
    right = "correct" if one["correct"] else "wrong"
    return f"{one['events_per_second']:,.0f} | {one['cpu_seconds_per_million']:.1f} | {spread} | {one['peak_rss_mb']:,.0f} | {right}"


def _curves(results: Results) -> Iterator[str]:
    yield "## How the cost grows"
    yield ""
    yield (
        "`python -m bench.curves`: CPU microseconds of an event in the pure core; with several workers those of the whole standard job. "
        "Growth is the slope through the logarithms: 0 is a constant cost, "
        f"1 one that doubles with what grows.{_measured_on('curves', results)}"
    )
    yield ""
    yield from _head("what grows", "CPU us an event", "growth:")
    for curve in results.get("curves", {}).get("curves", []):
        yield f"| {curve['grows']} | {', '.join(f'{x:,}: {cost:.1f}' for x, cost in curve['points'])} | {curve['growth']:+.2f} |"
    yield ""
    yield (
        "With more segments fewer events share a sum, so each is unpacked and packed for fewer of them, until every event has sums of its own. "
        f"{_of_workers(results)}Within the first month of a backlog nothing is let go of; after it tickets are forgotten and panes folded into "
        "the sum of all time, which is the rest of the cost of many events."
    )


def _of_workers(results: Results) -> str:
    """How much more an event costs with several workers than with one; each point is one run."""
    for curve in results.get("curves", {}).get("curves", []):
        if curve["name"] == "workers":
            (_, one), *several = curve["points"]
            more = [f"{cost / one - 1:+.0%} with {number}" for number, cost in several]
            return f"Several workers beside one: {', '.join(more)}, one run each, where 10 % was asked for. " if more else ""
    return ""


def _how() -> Iterator[str]:
    yield "## Measure it yourself"
    yield ""
    yield from _head("command", "what")
    yield "| `make bench` | the standard job and the latencies |"
    yield f"| `{_BENCH} --rate 10000 --out bench/results/live.json` | the latencies at 10,000 events/s |"
    yield f"| `{_BENCH} --events 10000000 --days 365 --runs 1 --no-latency --out bench/results/year.json` | the backlog of a year |"
    yield "| `.venv/bin/python -m bench.start` | from the start of a worker to its first score |"
    yield "| `make bench-peers` | the two jobs beside five other stream processors |"
    yield "| `.venv/bin/python -m bench.alert_latency` | from a rating to the alert that it makes true |"
    yield "| `.venv/bin/python -m bench.core` | CPU of an event in the pure core, by phase |"
    yield "| `.venv/bin/python -m bench.guard` | the same beside its record, as CI does |"
    yield "| `.venv/bin/python -m bench.live` | the same for a live load of 10,000 events/s, scores and rules included |"
    yield "| `.venv/bin/python -m bench.curves` | the cost curves |"
    yield "| `.venv/bin/python -m bench.memory` | bytes of a ticket and of a sum |"
    yield "| `.venv/bin/python -m bench.recovery` | how fast a worker has a million open tickets back |"


def _faults(results: Results) -> Iterator[str]:
    yield from _title("What was broken, and what it did to the figures", "tests/faults/results.json")
    yield (
        "`make faults` and `make soak`, on a real Kafka. Each series ends with `recompute --diff`, which works out every score again from the source "
        "topics, and with every dead letter accounted for; where records themselves are gone (retention, the soak), the totals are compared instead, "
        "and the fuzzer compares what two ways of reading a record make of it. *Times*: kills, pauses, records or events, as the fault says. "
        "*Differences*: scores (totals, records) that were not the same once all was read and had been published: the comparison is repeated for a "
        "while, so a score that comes late, or that a successor corrects, is none. A series that finds any fails and is not written down. Of the "
        "checks that are taken out, one that refuses something is asked for its refusal instead. A seed makes the same "
        "moments again: `CSAT_SEED=...`."
    )
    yield ""
    yield from _head("fault", "times:", "differences:", "seed:", "commit")
    for one in results.get("faults", []):
        yield f"| {one['fault']} | {one['times']:,} | {one['differences']:,} | {one['seed']} | {one.get('commit', '')} |"


def _growth(results: Results) -> Iterator[str]:
    yield "## What grows in half an hour of full load"
    yield ""
    yield (
        "`make soak`: time runs 48 times as fast: tickets are opened and forgotten and panes come and go within the warm-up (the first 45 %). "
        "Topics are cleaned at once. Growth is that of a straight line from the end of the warm-up to the end, the bound what it is at most (99 %). "
        "Of memory, *allocated* is what C holds (arrays among it), *unused* what its allocator keeps for later, and blocks are Python's objects: "
        "where memory grows and these stand still with tickets and sums, it grows between what is held."
    )
    yield ""
    yield from _head("figure", "mean:", "growth:", "bound:", "allowed:")
    for one in results.get("faults", []):
        for line in one.get("growth", []):
            allowed = "-" if line["allowed"] is None else f"{line['allowed']:,.0f}"
            yield f"| {line['figure']} | {line['mean']:,.0f} | {line['growth']:+,.0f} | {line['at_most']:+,.0f} | {allowed} |"


def _removed(results: Results) -> Iterator[str]:
    yield "## What each check is for"
    yield ""
    yield (
        "Each of these checks was taken out once in the situation that needs it: with it nothing differs, without it this was found. Where another "
        "check would find the same a moment later, that one was taken out of both runs; it is named in brackets."
    )
    yield ""
    yield from _head("check taken out", "found without it")
    for one in results.get("faults", []):
        for removed in one.get("removed", []):
            beside = f" (beside: {removed['beside']})" if "beside" in removed else ""
            yield f"| {removed['check']}{beside} | {_plain(removed['found'])} |"


def _plain(found: str) -> str:
    """Without the names of one run's topics."""
    return re.sub(r"\bt[0-9a-f]{10}\b", "csat", found).replace("|", "\\|")


def _seconds(results: Results) -> Iterator[str]:
    yield "## How long it took"
    yield ""
    yield from _head("what", "seconds")
    for one in results.get("faults", []):
        if "seconds" in one:
            yield f"| {one['fault']} | {', '.join(f'{name} {seconds:.1f}' for name, seconds in one['seconds'].items())} |"


def results(folder: Path = RESULTS) -> Results:
    """What result files hold, by their names; `faults` is what the fault series found."""
    files = {file.stem: file for file in sorted(folder.glob("*.json"))} | {"faults": FAULTS}
    return {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or compare them; exit code 1 where one is another."""
    parser = argparse.ArgumentParser(prog="python -m bench.report", description="docs/performance.md and docs/faults.md from the result files.")
    parser.add_argument("--check", action="store_true", help="compare only")
    made = pages(results())
    if not parser.parse_args(arguments).check:
        for name, text in made.items():
            (DOCS / name).write_text(text, encoding="utf-8")
        return 0
    others = [name for name, text in made.items() if not (DOCS / name).exists() or (DOCS / name).read_text(encoding="utf-8") != text]
    for name in others:
        sys.stderr.write(f"docs/{name} is not what the result files make: run `python -m bench.report`\n")
    return 1 if others else 0


if __name__ == "__main__":
    sys.exit(main())
