"""`recompute`: the figures worked out a second time from the raw events, and compared with the score topic."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from schemas.scores import Score
from schemas.times import from_iso, iso
from stream.audit.answers import Answer
from stream.audit.auditor import Auditor
from stream.audit.diff import Comparison, Difference, Place, Unjudged, compare
from stream.audit.log import Judged, judge
from stream.audit.topics import ScoreLog, SourceLog, read_agent_key, read_scores, read_sources
from stream.board.table import in_order
from stream.cli.common import Choice, err, require_broker, write_lines
from stream.cli.scores import by_key, json_line, print_scores
from stream.settings import Settings

_DIGITS = 4


async def run_recompute(settings: Settings, choice: Choice, as_of: int | None, *, diff: bool, as_json: bool) -> int:
    """Show the figures at `as_of` (ms), or compare; 1 on any difference, otherwise 0."""
    agent_key = read_agent_key(settings)
    await require_broker(settings)
    scores, sources = await read_scores(settings), await read_sources(settings)
    judged = judge(sources.records, settings)
    auditor = Auditor(judged, settings, agent_key)
    now = _now(as_of, scores, judged)
    if now is None:
        err().print("no events and no scores yet", markup=False)
        return 0
    if diff:
        return _diff(auditor, sources, scores, judged, now, choice, as_json=as_json)
    _show(auditor, choice, now, as_json=as_json)
    return 0


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
        err().print(f"no such figures at {iso(now)}", markup=False)
    elif as_json:
        write_lines([json_line(score) for score in in_order(found)])
    else:
        print_scores(found)
        err().print(f"recomputed as of {iso(now)}", markup=False)


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


def _diff(auditor: Auditor, sources: SourceLog, scores: ScoreLog, judged: Judged, now: int, choice: Choice, *, as_json: bool) -> int:  # noqa: PLR0913
    comparison = _chosen(compare(auditor, by_key(scores.scores, choice), now, sources.start), choice)
    letters = dict(sorted(Counter(judged.dead_letters.values()).items()))
    if as_json:
        write_lines([json.dumps(_as_json(comparison, letters, now, len(sources.records), scores.unreadable))])
    else:
        write_lines(list(_readable(comparison, letters, len(sources.records))))
        if scores.unreadable:
            write_lines([f"{scores.unreadable} records of {auditor.settings.topics.scores} are no scores"])
    return 1 if comparison.differences or scores.unreadable else 0


def _chosen(comparison: Comparison, choice: Choice) -> Comparison:
    """Only the figures that were asked for; those that have no score come from the whole log."""

    def asked(item: Difference | Unjudged) -> bool:
        return choice.takes(item.place.metric, item.place.segment, item.place.window)

    differences, stale = [item for item in comparison.differences if asked(item)], [item for item in comparison.stale if asked(item)]
    return Comparison(differences, [item for item in comparison.unjudged if asked(item)], stale, comparison.judged)


def _readable(comparison: Comparison, letters: Mapping[str, int], records: int) -> Iterable[str]:
    found = len(comparison.differences)
    head = "no differences" if not found else f"{found:,} difference{'s' if found > 1 else ''}"
    classes = ", ".join(f"{name} {count:,}" for name, count in letters.items()) or "none"
    yield f"{head}: {comparison.judged:,} scores judged, {records:,} records read, dead letters: {classes}"
    yield from (f"  {item}" for item in comparison.differences)
    if comparison.stale:
        yield f"{len(comparison.stale):,} right at their own time, but older than what is known now:"
        yield from (f"  {item}" for item in comparison.stale)
    yield from _unjudged(comparison.unjudged)


def _unjudged(items: Iterable[Unjudged]) -> Iterable[str]:
    """Figures that the log no longer says enough about, by reason and window."""
    counts = Counter((item.place.window, item.reason) for item in items)
    for (window, reason), count in sorted(counts.items()):
        yield f"window {window}: {count:,} scores not judged, {reason}"


def _as_json(comparison: Comparison, letters: Mapping[str, int], now: int, records: int, unreadable: int) -> dict[str, Any]:
    return {
        "as_of": iso(now),
        "judged": comparison.judged,
        "records": records,
        "dead_letters": dict(letters),
        "unreadable_scores": unreadable,
        "differences": [_difference(item) for item in comparison.differences],
        "stale": [_difference(item) for item in comparison.stale],
        "unjudged": [{**_place(item.place), "reason": item.reason} for item in comparison.unjudged],
    }


def _difference(item: Difference) -> dict[str, Any]:
    return {**_place(item.place), "what": item.what, "found": item.found, "expected": item.expected, "n": [item.n_found, item.n_expected]}


def _place(place: Place) -> dict[str, Any]:
    return {"metric": place.metric, "segment": dict(place.segment), "window": place.window, "as_of": iso(place.as_of)}
