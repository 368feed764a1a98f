"""Results of the peer bench: medians over the runs, two files, one table."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table

from bench.peers.run import Failure, Figures

Entry = dict[str, Any]
_MEASURES = ("events_per_second", "cpu_seconds_per_million", "peak_rss_mb")


@dataclass
class Series:
    """All runs of one contestant at one job, or why there are none."""

    job: str
    contestant: str
    events: int
    runs: list[Figures | Failure] = field(default_factory=list)
    skipped: str | None = None


def entry(series: Series) -> Entry:
    """The record of a contestant at a job: medians of its runs with figures; null and the reason where it has none.

    `correct` holds only where every run ended with the right answer.
    """
    measured = [run for run in series.runs if isinstance(run, Figures)]
    failures = [run.reason for run in series.runs if isinstance(run, Failure)]
    found: Entry = {"job": series.job, "contestant": series.contestant}
    for name in _MEASURES:
        found[name] = statistics.median(getattr(run, name) for run in measured) if measured else None
    found["correct"] = None if series.skipped else bool(measured) and not failures and all(run.wrong == 0 for run in measured)
    found |= {"events": series.events, "runs": len(series.runs)}
    if series.skipped:
        found["skipped"] = series.skipped
    if failures:
        found["failed"] = failures
    return found


def write(out: Path, series: Sequence[Series], about: Mapping[str, Any]) -> None:
    """Write the list of entries, and beside it every run with machine, versions and options (`<name>_runs.json`)."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps([entry(one) for one in series], indent=2) + "\n", encoding="utf-8")
    runs_file = out.with_name(f"{out.stem}_runs.json")
    runs = [{"job": one.job, "contestant": one.contestant} | run._asdict() for one in series for run in one.runs]
    runs_file.write_text(json.dumps({**about, "runs": runs}, indent=2) + "\n", encoding="utf-8")


def table(entries: Sequence[Entry]) -> Table:
    """The entries as people read them; the events of each, since a slow contestant gets fewer."""
    names = ("job", "contestant", "events", "events/s", "CPU s per 1M", "peak MB", "result")
    found = Table(*names, title="Peer bench, medians", title_justify="left", caption=_fewer(entries), caption_justify="left")
    for column in found.columns[2:6]:
        column.justify = "right"
    for one in entries:
        figures = [_number(one["events_per_second"], 0), _number(one["cpu_seconds_per_million"], 1), _number(one["peak_rss_mb"], 0)]
        found.add_row(one["job"], one["contestant"], _number(one["events"], 0), *figures, _outcome(one))
    return found


def _fewer(entries: Sequence[Entry]) -> str | None:
    """Names those that got fewer events than the others."""
    most = max((one["events"] for one in entries), default=0)
    fewer = {one["contestant"]: one["events"] for one in entries if one["events"] < most}
    return "Fewer events, for it is slow: " + ", ".join(f"{name} ({events:,})" for name, events in fewer.items()) if fewer else None


def _outcome(one: Entry) -> str:
    if "skipped" in one:
        return f"skipped: {one['skipped']}"
    if "failed" in one:
        return f"failed: {one['failed'][0]}"
    return "correct" if one["correct"] else "WRONG"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"
