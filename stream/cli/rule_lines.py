"""One rule in one segment as `rules` shows it: for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan

from schemas.times import iso
from stream.alerts.phrases import expected, figure, limit, moment
from stream.alerts.silences import Silence
from stream.alerts.verdict import Verdict
from stream.segment_text import printable, segment_text

UNDER_WAY = frozenset({"pending", "firing", "stale"})
_LIMITS = {"drift": "usually", "intake": "limit"}
_SIGNALS = frozenset({"signal_lost", "signal_low"})
_COLUMN = 9
"""Width of the states, so that what belongs to a line stands under its segment."""


@dataclass(frozen=True, slots=True)
class Line:
    """A rule in a segment. `state`: as in the alert topic, or dormant or absent; `note`: why.

    `kind` and `unit`: of the rule and its values. `inhibited_by`: the segment that speaks for it; `silence`: the one that holds for it.
    """

    rule: str
    severity: str
    segment: Mapping[str, str]
    state: str
    note: str = ""
    since: int = 0
    verdict: Verdict | None = None
    kind: str = ""
    unit: str | None = None
    inhibited_by: Mapping[str, str] | None = None
    silence: Silence | None = None

    @property
    def is_quiet(self) -> bool:
        """Whether nobody is notified of it though it is under way."""
        return self.state in UNDER_WAY and (self.inhibited_by is not None or self.silence is not None)


def texts(line: Line) -> Iterator[str]:
    """`firing   team=billing  59.6 % (n 47, target 80 %)  since 2026-11-17 15:07 UTC`, and under it why it is quiet."""
    parts = [f"{line.state:{_COLUMN - 2}}", segment_text(line.segment), _figures(line), line.note]
    if line.since and line.state in UNDER_WAY:
        parts.append(f"since {moment(iso(line.since))}")
    yield "  ".join(part for part in parts if part)
    if line.inhibited_by is not None:
        yield f"{'':{_COLUMN}}quiet: {segment_text(line.inhibited_by)} speaks for it"
    if line.silence is not None:
        until, who, why = moment(iso(line.silence.until)), printable(line.silence.who), printable(line.silence.why)
        yield f"{'':{_COLUMN}}silenced until {until} by {who}: {why}"


def json_line(line: Line) -> str:
    """One line of JSON; `inhibited_by` and `silenced` are null where it may speak."""
    verdict, silence = line.verdict, line.silence
    figures: dict[str, float | int | str | None] = {}
    if verdict is not None:
        figures = {"value": _or_none(verdict.value), "n": verdict.n, "bound": _or_none(verdict.bound), "target": _or_none(verdict.target)}
        figures["unit"] = line.unit
    fields = {"rule": line.rule, "severity": line.severity, "segment": dict(line.segment), "state": line.state, "note": line.note}
    quiet = {
        "inhibited_by": None if line.inhibited_by is None else dict(line.inhibited_by),
        "silenced": silence and {"id": silence.id, "until": iso(silence.until), "who": silence.who, "why": silence.why},
    }
    return json.dumps({**fields, "since": iso(line.since) if line.since else None, **quiet, **figures}, ensure_ascii=False)


def _figures(line: Line) -> str:
    verdict = line.verdict
    if verdict is None or line.state == "absent" or isnan(verdict.value):
        return ""
    parts = [] if line.kind == "oldest" or line.kind in _SIGNALS else [f"n {verdict.n:,}"]
    if not isnan(verdict.target):
        named = f"expected {expected(verdict.target)}" if line.kind in _SIGNALS else _limit(line, verdict.target)
        parts.append(named)
    return figure(verdict.value, line.unit) + (f" ({', '.join(parts)})" if parts else "")


def _limit(line: Line, target: float) -> str:
    return f"{_LIMITS.get(line.kind, 'target')} {limit(target, line.unit)}"


def _or_none(value: float) -> float | None:
    return None if isnan(value) else value
