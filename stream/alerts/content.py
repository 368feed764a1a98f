"""Alert records: a change of state, or a single rating, with everything that explains it. Pure."""

from __future__ import annotations

from hashlib import sha256
from math import isfinite
from typing import Any

from schemas.alert_parts import AllClear, ChildOut, Context, CountsOut, LinksOut, OthersOut, RatingOut, Silenced, WhyOut
from schemas.alerts import MOST_TICKETS, Alert, rating_key
from schemas.times import iso
from stream.alerts import loss, words
from stream.alerts.book import Change
from stream.alerts.facts import Facts, Parts
from stream.alerts.links import panel_link, runbook_link, silence_command
from stream.alerts.machine import unit_of
from stream.alerts.memory import Memory, State, idempotency_key
from stream.alerts.needs import windows_of
from stream.alerts.rules import Rule
from stream.alerts.silences import Silence
from stream.alerts.why import Child, Counts, NoWhy, explain
from stream.segments import AGENT, parse_segment
from stream.windows.spans import NOW

MOST_CHILDREN = 10
"""Most children of `why` that are listed; the rest are added up."""
_DIGITS = 4
_SCORES = frozenset({"two_windows", "one_window", "drift", "burn", "custom"})
"""Kinds of rules whose value is the metric itself."""


def alert_record(change: Change, facts: Facts) -> Alert:
    """The record of a change."""
    memory, segment = change.memory, parse_segment(change.key.segment)
    return _worded(
        {
            "id": idempotency_key(*change.key, change.since, memory.state),
            "state": str(memory.state),
            "event": change.event,
            "reason": memory.reason or None if memory.state is State.RESOLVED else None,
            "since": _time(change.since),
            "fired_at": _time(memory.fired_at),
            "ended_at": _time(memory.ended_at),
            **_judged(change, facts),
            **_lately(facts),
            **_why(facts),
            "evidence": [] if AGENT in segment else list(facts.evidence[:MOST_TICKETS]),
            "inhibits": [parse_segment(each) for each in facts.inhibits],
            "inhibited_by": parse_segment(memory.inhibited_by) if memory.inhibited_by else None,
            "all_clear": _all_clear(facts.rule, memory, change.since, facts.episode),
            "notify": change.notify,
            **_common(change.key.rule, segment, facts),
        }
    )


def rating_record(name: str, rating: RatingOut, facts: Facts, *, notify: bool) -> Alert:
    """The record of a single rating on the lowest step of its scale, under the rule `name`, in the segment of everything."""
    return _worded(
        {
            **dict.fromkeys(_NOT_OF_RATINGS),
            "id": sha256(rating_key(name, {}, rating.ticket_id, rating.survey_id or "")).hexdigest(),
            "state": "event",
            "event": "fired",
            "since": rating.rated_at,
            "fired_at": rating.rated_at,
            "metric": "csat",
            "n": 1,
            "counts": {},
            "now_n": 0,
            "why_not": "a single rating",
            "evidence": [rating.ticket_id],
            "rating": rating,
            "inhibits": [],
            "notify": notify,
            **_common(name, {}, facts),
        }
    )


_NOT_OF_RATINGS = (
    *("reason", "ended_at", "window", "unit", "value", "low", "high", "bound", "target", "lost"),
    *("shift_began", "now_value", "direction", "why", "inhibited_by", "all_clear"),
)


def _worded(content: dict[str, Any]) -> Alert:
    alert = Alert.model_validate({**content, "summary": ""})
    return alert.model_copy(update={"summary": words.summary(alert)})


def _common(name: str, segment: dict[str, str], facts: Facts) -> dict[str, Any]:
    """What records of states and of single ratings share."""
    first = facts.first_response
    return {
        "rule": name,
        "kind": facts.rule.kind,
        "severity": facts.rule.severity,
        "segment": segment,
        "as_of": iso(facts.as_of),
        "context": Context(
            backlog=facts.backlog,
            oldest_waiting=_time(facts.oldest_waiting),
            first_response=_finite(first.value) if first else None,
            first_response_n=first.n if first else 0,
        ),
        "silenced": _silenced(facts.silence),
        "links": LinksOut(panel=panel_link(facts.panel_url, name, segment), runbook=runbook_link(facts.runbook_url, name)),
        "silence_command": silence_command(name, segment),
        "revision": facts.revision,
    }


def _judged(change: Change, facts: Facts) -> dict[str, Any]:
    """The figure that was judged, and what it was compared with."""
    rule, verdict = facts.rule, change.verdict
    reading = facts.reading if rule.kind in _SCORES else None
    return {
        "metric": getattr(rule, "metric", None),
        "window": facts.window or next(windows_of(rule), NOW),
        "unit": unit_of(rule),
        "value": _finite(verdict.value),
        "n": verdict.n,
        "low": _finite(reading.low) if reading else None,
        "high": _finite(reading.high) if reading else None,
        "bound": _finite(verdict.bound),
        "target": _finite(verdict.target),
        "counts": dict(facts.reading.counts) if facts.reading else {},
        "lost": loss.lost(rule, _ratio(facts), verdict.target),
        "shift_began": _time(loss.shift_began(rule, facts.hourly, verdict.target if facts.usual is None else facts.usual)),
    }


def _ratio(facts: Facts) -> Counts | None:
    """The proportion that was judged; None where the rule judges something else."""
    is_share = facts.rule.kind == "intake" or (facts.rule.kind in _SCORES and unit_of(facts.rule) == "percent")
    return facts.ratio if is_share else None


def _lately(facts: Facts) -> dict[str, Any]:
    """The last hour, for rules that judge the metric itself."""
    lately = facts.lately if facts.rule.kind in _SCORES else None
    return {
        "now_value": lately.value if lately else None,
        "now_n": lately.n if lately else 0,
        "direction": loss.direction(facts.rule, lately, facts.before_lately),
    }


def _why(facts: Facts) -> dict[str, Any]:
    parts = facts.parts if _ratio(facts) else NoWhy("not a proportion of cases")
    why = explain(parts.dimension, parts.before, parts.after, parts.min_n) if isinstance(parts, Parts) else parts
    if isinstance(parts, NoWhy) or isinstance(why, NoWhy):
        return {"why": None, "why_not": why.reason if isinstance(why, NoWhy) else None}
    shown = WhyOut(
        dimension=why.dimension,
        compared_with=parts.compared_with,
        before=_counts(why.before),
        after=_counts(why.after),
        points=why.points,
        children=[_child(child) for child in why.children[:MOST_CHILDREN]],
        others=_others(why.children[MOST_CHILDREN:]),
        simpson=why.simpson,
    )
    return {"why": shown, "why_not": None}


def _counts(counts: Counts) -> CountsOut:
    return CountsOut(part=counts.part, whole=counts.whole)


def _child(child: Child) -> ChildOut:
    return ChildOut(name=child.name, rate=child.rate_points, mix=child.mix_points, before=_counts(child.before), after=_counts(child.after))


def _others(children: tuple[Child, ...]) -> OthersOut | None:
    rate = round(sum(child.rate_points for child in children), 1)
    mix = round(sum(child.mix_points for child in children), 1)
    return OthersOut(children=len(children), rate=rate, mix=mix) if children else None


def _silenced(silence: Silence | None) -> Silenced | None:
    return Silenced(until=iso(silence.until), who=silence.who, why=silence.why) if silence else None


def _all_clear(rule: Rule, memory: Memory, since: int, episode: Counts | None) -> AllClear | None:
    if memory.state is not State.RESOLVED:
        return None
    bad = loss.bad_cases(rule, episode) if episode else None
    return AllClear(duration_ms=memory.ended_at - since, bad=bad, n=episode.whole if episode else None)


def _time(ms: int | None) -> str | None:
    """0 stands for no time."""
    return iso(ms) if ms else None


def _finite(value: float | None) -> float | None:
    return round(value, _DIGITS) if value is not None and isfinite(value) else None
