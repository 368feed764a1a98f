"""Differences between the score topic and what the auditor works out, each score at its own `as_of`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from schemas.scores import Score, score_key
from schemas.times import from_iso, iso
from stream.audit.answers import Answer
from stream.audit.auditor import Auditor, segment_key

LogStart = Mapping[tuple[str, int], int | None]
"""By topic and partition that has lost its beginning: broker time (ms) of its earliest record, None where nothing is left."""

DIGITS = Fraction(1, 10_000)
NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Place:
    """One figure: which, and at what time (ms)."""

    metric: str
    segment: Mapping[str, str]
    window: str
    as_of: int

    def __str__(self) -> str:
        names = " ".join(f"{name}={value}" for name, value in segment_key(self.segment)) or "everything"
        return f"{self.metric} {names} {self.window} at {iso(self.as_of)}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs in one figure: its name, what the topic says and what was recomputed (None: absent), and both n."""

    place: Place
    what: str
    found: str | None
    expected: str | None
    n_found: int | None
    n_expected: int | None

    def __str__(self) -> str:
        found = "nothing" if self.found is None else f"{self.what} {self.found}"
        sizes = ", ".join(str(n) for n in (self.n_found, self.n_expected) if n is not None)
        return f"{self.place}: {found} in the topic, {self.expected or 'nothing'} recomputed (n {sizes})"


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A figure that the log no longer says enough about, and why."""

    place: Place
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


@dataclass(slots=True)
class Comparison:
    """All differences, all figures that could not be judged, and how many were judged.

    `stale`: scores that are right at their own `as_of`, but whose n or counts are others at now: not yet published, or forgotten.
    """

    differences: list[Difference] = field(default_factory=list)
    unjudged: list[Unjudged] = field(default_factory=list)
    stale: list[Difference] = field(default_factory=list)
    judged: int = 0


def compare(auditor: Auditor, scores: Mapping[bytes, Score], now: int, log_start: LogStart) -> Comparison:
    """Every score against its recomputation, and every figure that has an answer at `now` (ms) but no score.

    Where the scores are of a later time, a figure is missing only if it has an answer then, too: its window may have emptied meanwhile.
    """
    comparison = Comparison(differences=list(_wrong_keys(scores)))
    for place, score in _places(auditor, scores, now):
        reason = _unjudgeable(auditor, place, log_start)
        if reason:
            comparison.unjudged.append(Unjudged(place, reason))
            continue
        comparison.judged += 1
        found = list(_judge(auditor, place, score))
        comparison.differences.extend(found)
        if score is not None and not found:
            comparison.stale.extend(_stale(auditor, place, score, now))
    return comparison


def differences(auditor: Auditor, scores: Mapping[bytes, Score], now: int, log_start: LogStart) -> list[Difference]:
    """Only the differences of `compare`."""
    return compare(auditor, scores, now, log_start).differences


def _wrong_keys(scores: Mapping[bytes, Score]) -> Iterator[Difference]:
    for key, score in scores.items():
        if key != score_key(score.metric, score.segment, score.window):
            yield Difference(_place(score), "key", "of another figure", "the figure's own", score.n, None)


def _place(score: Score) -> Place:
    return Place(score.metric, score.segment, score.window, from_iso(score.as_of))


def _places(auditor: Auditor, scores: Mapping[bytes, Score], now: int) -> Iterator[tuple[Place, Score | None]]:
    for score in scores.values():
        yield _place(score), score
    newest = max((from_iso(score.as_of) for score in scores.values()), default=now)
    for metric, segment, window in auditor.keys(now):
        if score_key(metric, segment, window) in scores:
            continue
        if newest <= now or auditor.answer(metric, segment, window, newest) is not None:
            yield Place(metric, segment, window, now), None


def _unjudgeable(auditor: Auditor, place: Place, log_start: LogStart) -> str | None:
    """Why the log can't say, None if it can; an event may be as far ahead of its broker time as `future`."""
    covered = auditor.covered(place.metric, place.segment, place.window, place.as_of)
    for (topic, partition), start in log_start.items():
        if start is None:
            return f"nothing is left of {topic}[{partition}]"
        if covered is None or covered.start <= start + auditor.settings.future:
            return f"{topic}[{partition}] begins at {iso(start)}, the window reaches further back"
    return None


def _judge(auditor: Auditor, place: Place, score: Score | None) -> Iterator[Difference]:
    answer = auditor.answer(place.metric, place.segment, place.window, place.as_of)
    if score is None or answer is None:
        if score is not None:
            yield Difference(place, "value", str(score.value), None, score.n, None)
        if answer is not None:
            yield Difference(place, "value", None, _shown(answer.value), None, answer.n)
        return
    for what, found, expected, equal in _fields(score, answer, auditor.settings.min_n):
        if not equal(found, expected):
            yield Difference(place, what, _shown(found), _shown(expected), score.n, answer.n)


def _stale(auditor: Auditor, place: Place, score: Score, now: int) -> Iterator[Difference]:
    answer = auditor.answer(place.metric, place.segment, place.window, now) if place.as_of < now else None
    if place.as_of >= now or (answer is not None and (answer.n, dict(answer.counts)) == (score.n, score.counts)):
        return
    expected = None if answer is None else f"at {iso(now)} {_shown(answer.value)}"
    yield Difference(place, "value", str(score.value), expected, score.n, None if answer is None else answer.n)


_Value = int | float | str | Fraction | None
_Equal = Callable[[_Value, _Value], bool]


def _fields(score: Score, answer: Answer, min_n: int) -> Iterator[tuple[str, _Value, _Value, _Equal]]:
    yield "n", score.n, answer.n, _same
    yield "value", score.value, answer.value, _rounded
    yield "unit", score.unit, answer.unit, _same
    yield "state", score.state, "insufficient_data" if answer.n < min_n else "ok", _same
    yield "revision", score.revision, max(1, score.revision), _same
    for name in sorted(score.counts.keys() | answer.counts.keys()):
        yield name, score.counts.get(name), answer.counts.get(name), _same
    bound = _bound_of_mean(answer) if answer.unit == "seconds" else _bound_of_share
    yield "low", score.low, answer.low, bound
    yield "high", score.high, answer.high, bound
    quantity = _sketched if answer.unit == "seconds" else _rounded
    for name in sorted(score.stats.keys() | answer.stats.keys()):
        yield name, score.stats.get(name, "absent"), answer.stats.get(name, "absent"), quantity


def _same(found: _Value, expected: _Value) -> bool:
    return found == expected


def _within(found: _Value, expected: _Value, tolerance: float) -> bool:
    """Whether two numbers are no further apart than `tolerance`; what is no number must be the same."""
    if found is None or expected is None or isinstance(found, str) or isinstance(expected, str):
        return found == expected
    return abs(float(found) - float(expected)) <= tolerance + NOISE * max(1.0, abs(float(expected)))


def _rounded(found: _Value, expected: _Value) -> bool:
    """Equal after rounding to 4 digits; a half may be rounded either way."""
    return _within(found, expected, float(DIGITS / 2))


def _bound_of_share(found: _Value, expected: _Value) -> bool:
    return _within(found, expected, 1e-3)


def _sketched(found: _Value, expected: _Value) -> bool:
    """Within the sketch's 1 %, and 1 ms."""
    tolerance = abs(float(expected)) / 100 + 0.001 if isinstance(expected, Fraction) else 0.0
    return _within(found, expected, tolerance)


def _bound_of_mean(answer: Answer) -> _Equal:
    """Within 3 % of the half width and 2 % of the mean: the stream's standard error is read from the sketch."""
    half = (answer.high - answer.low) / 2 if answer.low is not None and answer.high is not None else 0.0
    tolerance = 0.03 * half + 0.02 * float(answer.value) + float(DIGITS)

    def equal(found: _Value, expected: _Value) -> bool:
        return _within(found, expected, tolerance)

    return equal


def _shown(value: _Value) -> str:
    if value is None:
        return "null"
    return str(round(float(value), 4)) if isinstance(value, float | Fraction) else str(value)
