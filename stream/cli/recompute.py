"""`recompute`: the figures worked out a second time from the raw events, and compared with the score topic."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from schemas.scores import Score
from schemas.times import from_iso, iso
from stream import durations
from stream.audit.answers import Answer
from stream.audit.auditor import Auditor
from stream.audit.diff import Comparison, Difference, Place, Unjudged, compare
from stream.audit.log import Judged, judge
from stream.audit.topics import ScoreLog, SourceLog, read_agent_key, read_scores, read_sources
from stream.board.table import in_order
from stream.cli.common import Choice, remark, require_broker, write_lines
from stream.cli.scores import by_key, json_line, print_scores
from stream.clock import real_ms
from stream.engine.control import Generation, current_generation
from stream.settings import Settings

_DIGITS = 4


async def run_recompute(settings: Settings, choice: Choice, as_of: int | None, *, diff: bool, as_json: bool) -> int:
    """Show the figures at `as_of` (ms), or compare; 1 on any difference, otherwise 0."""
    agent_key = read_agent_key(settings)
    await require_broker(settings)
    generation = await current_generation(settings)
    scores, sources = await read_scores(settings), from_start(await read_sources(settings), generation)
    judged = judge(sources.records, settings)
    auditor = Auditor(judged, settings, agent_key)
    now = _now(as_of, scores, judged)
    if now is None:
        remark("no events and no scores yet")
        return 0
    if diff:
        comparison = _chosen(compare(auditor, by_key(scores.scores, choice), now, sources.start), choice)
        found = Findings(comparison, dict(Counter(judged.dead_letters.values())), len(sources.records), scores.unreadable, now)
        write_lines([json.dumps(found.as_json())] if as_json else list(found.lines()))
        if found.exit_code and scores.newest is not None and real_ms() - scores.newest < 2 * settings.publish.max:
            remark(f"scores are still being published; long windows follow within {durations.text(settings.publish.max)}, so look again then")
        return found.exit_code
    _show(auditor, choice, now, as_json=as_json)
    return 0


def from_start(sources: SourceLog, generation: Generation) -> SourceLog:
    """The part of the log that the current generation of the state was made from: after a `reset` it begins later."""
    if not generation.start:
        return sources
    first: dict[tuple[str, int], int] = {}
    for record in sources.records:
        first.setdefault((record.topic, record.partition), record.offset)
    records = [record for record in sources.records if record.offset >= generation.first_offset(record.topic, record.partition)]
    # Where the log still holds the record that the generation began at, nothing is missing.
    lost = {place: time for place, time in sources.start.items() if first.get(place, 0) > generation.first_offset(*place) or place not in first}
    return SourceLog(records, lost)


def _now(as_of: int | None, scores: ScoreLog, judged: Judged) -> int | None:
    """The time asked for, else the greatest `as_of` in the score topic, else the newest event."""
    if as_of is not None:
        return as_of
    published = max((from_iso(score.as_of) for score in scores.scores.values()), default=None)
    return published if published is not None else max(judged.newest.values(), default=None)


def _show(auditor: Auditor, choice: Choice, now: int, *, as_json: bool) -> None:
    found = [
        _score(auditor, metric, segment, window, now, answer)
        for metric, segment, window in auditor.keys(now)
        if choice.takes(metric, segment, window) and (answer := auditor.answer(metric, segment, window, now))
    ]
    if not found:
        remark(f"no such figures at {iso(now)}")
    elif as_json:
        write_lines([json_line(score) for score in in_order(found)])
    else:
        print_scores(found)
        remark(f"recomputed as of {iso(now)}")


def _score(auditor: Auditor, metric: str, segment: Mapping[str, str], window: str, now: int, answer: Answer) -> Score:
    """An answer in the shape of a score; exact values are rounded to 4 digits."""
    return Score.model_validate(
        {
            "metric": metric,
            "segment": dict(segment),
            "window": window,
            "value": _rounded(answer.value),
            "unit": answer.unit,
            "n": answer.n,
            "counts": dict(answer.counts),
            "stats": {name: _rounded(value) for name, value in answer.stats.items()},
            "low": _rounded(answer.low),
            "high": _rounded(answer.high),
            "state": "insufficient_data" if answer.n < auditor.settings.min_n else "ok",
            "as_of": iso(now),
            "revision": 1,
            "definition": "recomputed",
        }
    )


def _rounded(value: Fraction | float | None) -> float | None:
    return None if value is None else round(float(value), _DIGITS)


def _chosen(comparison: Comparison, choice: Choice) -> Comparison:
    """Only the figures that were asked for; those that have no score come from the whole log."""

    def asked(item: Difference | Unjudged) -> bool:
        return choice.takes(item.place.metric, item.place.segment, item.place.window)

    differences, stale = [item for item in comparison.differences if asked(item)], [item for item in comparison.stale if asked(item)]
    return Comparison(differences, [item for item in comparison.unjudged if asked(item)], stale, comparison.judged)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a comparison at `now` (ms) found, over how many records, and which of them were dead letters by class."""

    comparison: Comparison
    letters: Mapping[str, int]
    records: int
    unreadable: int
    now: int

    @property
    def exit_code(self) -> int:
        """1 on any difference."""
        return 1 if self.comparison.differences or self.unreadable else 0

    def lines(self) -> Iterator[str]:
        """For people."""
        found = len(self.comparison.differences)
        head = "no differences" if not found else f"{found:,} difference{'s' if found > 1 else ''}"
        classes = ", ".join(f"{name} {count:,}" for name, count in sorted(self.letters.items())) or "none"
        yield f"{head}: {self.comparison.judged:,} scores judged, {self.records:,} records read, dead letters: {classes}"
        yield from (f"  {item}" for item in self.comparison.differences)
        if self.unreadable:
            yield f"{self.unreadable:,} records of the score topic are no scores"
        if self.comparison.stale:
            yield f"{len(self.comparison.stale):,} right at their own time, but older than what is known now:"
            yield from (f"  {item}" for item in self.comparison.stale)
        yield from _unjudged(self.comparison.unjudged)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "as_of": iso(self.now),
            "judged": self.comparison.judged,
            "records": self.records,
            "dead_letters": dict(sorted(self.letters.items())),
            "unreadable_scores": self.unreadable,
            "differences": [_difference(item) for item in self.comparison.differences],
            "stale": [_difference(item) for item in self.comparison.stale],
            "unjudged": [{**_place(item.place), "reason": item.reason} for item in self.comparison.unjudged],
        }


def _unjudged(items: Iterable[Unjudged]) -> Iterator[str]:
    """Figures that the log no longer says enough about, by reason and window."""
    counts = Counter((item.place.window, item.reason) for item in items)
    for (window, reason), count in sorted(counts.items()):
        yield f"window {window}: {count:,} scores not judged, {reason}"


def _difference(item: Difference) -> dict[str, Any]:
    return {**_place(item.place), "what": item.what, "found": item.found, "expected": item.expected, "n": [item.n_found, item.n_expected]}


def _place(place: Place) -> dict[str, Any]:
    return {"metric": place.metric, "segment": dict(place.segment), "window": place.window, "as_of": iso(place.as_of)}
