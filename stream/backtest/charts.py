"""A replay as pictures: the score of a segment over time, and beneath it when which rule fired. One PNG a segment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from stream.alerts.verdict import Floats
from stream.backtest.episodes import Episode
from stream.backtest.history import Segment, Span
from stream.backtest.incidents import Incident, segment_text
from stream.backtest.naive import METRIC
from stream.backtest.run import Outcome, stretches
from stream.backtest.sight import Replay, ReplaySight
from stream.durations import MINUTE, SECOND
from stream.errors import ConfigError, Fault, UsageError
from stream.segments import segment_key

MOST = 12
"""Pictures at most: nobody looks through more."""
_WINDOWS = {"4h": "0.65", "24h": "tab:blue"}
_POINTS = 3_000
_COLOURS = {"new": "tab:red", "current": "tab:orange", "naive": "0.5"}
_LONGEST_NAME = 60


def draw(replay: Replay, outcomes: Mapping[str, Outcome], targets: Floats, incidents: Sequence[Incident], span: Span, folder: Path) -> list[Path]:
    """Write the pictures of the segments with most alerts, and of those with incidents; `targets` (percent) by segment."""
    make = figure_class()
    rows = _interesting(replay, outcomes, incidents)
    if not rows:
        return []
    times, scores = _scores(replay, rows, span)
    written = []
    for number, row in enumerate(rows, start=1):
        segment = replay.members.segments[row]
        own = {name: [one for one in outcome.episodes if one.key.segment == segment_key(segment)] for name, outcome in outcomes.items()}
        figure = make(figsize=(12, 5.5), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        _draw_scores(above, times, {name: values[number - 1] for name, values in scores.items()}, targets[row], segment_text(segment))
        _draw_episodes(below, own, span)
        for incident in incidents:
            if incident.concerns(segment):
                for axes in (above, below):
                    axes.axvspan(_time(incident.begin), _time(incident.end), color="tab:red", alpha=0.12, linewidth=0)
        written.append(_save(figure, folder, f"{number:02}-{_file_name(segment)}.png"))
    return written


def figure_class() -> Any:
    """Matplotlib's figure; UsageError with the extra to install where it is missing."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("--charts needs matplotlib: pip install 'csat-stream[charts]'") from None
    return Figure


def _interesting(replay: Replay, outcomes: Mapping[str, Outcome], incidents: Sequence[Incident]) -> list[int]:
    """Rows of the segments to draw: those with incidents of their own, then by the number of alerts of other rules than the naive one."""
    marked = {segment_key(incident.segment) for incident in incidents}
    alerts: dict[str, int] = {}
    for name, outcome in outcomes.items():
        for episode in outcome.episodes if name != "naive" else ():
            alerts[episode.key.segment] = alerts.get(episode.key.segment, 0) + episode.said
    keys = [segment_key(segment) for segment in replay.members.segments]
    wanted = [row for row, key in enumerate(keys) if key in marked or key in alerts]
    return sorted(wanted, key=lambda row: (keys[row] not in marked, -alerts.get(keys[row], 0)))[:MOST]


def _scores(replay: Replay, rows: Sequence[int], span: Span) -> tuple[list[datetime], dict[str, Floats]]:
    """Scores (percent, NaN where there is none) of some segments, at every so many minutes."""
    first, last = span.begin // MINUTE, span.end // MINUTE - 1
    step = max(1, (last - first + 1) // _POINTS)
    times: list[datetime] = []
    found: dict[str, list[Floats]] = {window: [] for window in _WINDOWS}
    for begin, end in stretches(first, last, len(replay.members.segments)):
        sight = ReplaySight(replay, begin, end)
        times += map(_time, sight.ticks[::step].tolist())
        for window, parts in found.items():
            ratio = sight.ratio(METRIC, window)
            if ratio is not None:
                part, whole = (values[rows, ::step] for values in ratio)
                parts.append(100 * np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))
    return times, {window: np.concatenate(parts, axis=1) for window, parts in found.items() if parts}


def _draw_scores(axes: Any, times: list[datetime], scores: Mapping[str, Floats], target: float, title: str) -> None:
    for window, values in scores.items():
        axes.plot(times, values, color=_WINDOWS[window], linewidth=0.8, label=f"{METRIC} {window}")
    if not np.isnan(target):
        axes.axhline(target, color="0.3", linestyle="--", linewidth=0.8, label="target")
    axes.set_ylabel("%")
    # A name may hold anything; a dollar sign would begin a formula.
    axes.set_title(title[:_LONGEST_NAME].replace("$", r"\$"), loc="left")
    axes.legend(loc="lower left", ncols=3, frameon=False)


def _draw_episodes(axes: Any, outcomes: Mapping[str, Sequence[Episode]], span: Span) -> None:
    """A line for each rule that fired: full where somebody was told, pale where not."""
    lines = list(dict.fromkeys((name, one.key.rule) for name, episodes in outcomes.items() for one in episodes))
    for height, (name, rule) in enumerate(lines):
        for episode in outcomes[name]:
            if episode.key.rule == rule:
                begin, end = _time(episode.fired_at), _time(span.end if episode.ended_at is None else episode.ended_at)
                axes.barh(height, end - begin, left=begin, height=0.7, color=_COLOURS[name], alpha=0.9 if episode.said else 0.35)
    axes.set_yticks(range(len(lines)), [rule if name == rule else f"{name}: {rule}" for name, rule in lines])
    axes.set_ylim(max(len(lines), 1) - 0.5, -0.5)
    axes.set_xlim(_time(span.begin), _time(span.end))


def _save(figure: Any, folder: Path, name: str) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        figure.savefig(folder / name, dpi=110)
    except OSError as error:
        raise ConfigError(str(folder), (Fault("", error.strerror or "can't be written"),)) from None
    return folder / name


def _file_name(segment: Segment) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", segment_text(segment))[:_LONGEST_NAME].strip("-")


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / SECOND, UTC)
