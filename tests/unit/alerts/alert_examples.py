"""Changes and facts that the tests of alerts' content and words are made of."""

from __future__ import annotations

from typing import Any

from schemas.alerts import Alert
from stream.alerts.book import Change
from stream.alerts.content import alert_record
from stream.alerts.facts import Facts, Parts
from stream.alerts.memory import Memory, State
from stream.alerts.rules import Rule
from stream.alerts.shipped import shipped_rules
from stream.alerts.verdict import Key, Verdict
from stream.alerts.why import Counts
from stream.durations import HOUR, MINUTE
from stream.kpis.definition import Reading
from stream.segments import segment_key

TEN = 1_763_805_600_000
"""2025-11-22 10:00 UTC in ms."""
RULES: dict[str, Rule] = shipped_rules()
NAN = float("nan")


def verdict(value: float = 61.22449, n: int = 49, bound: float = 78.94, target: float = 80.0) -> Verdict:
    """A hot verdict."""
    return Verdict(hot=True, clear=False, data=n > 0, value=value, n=n, bound=bound, target=target)


def firing(**changed: Any) -> Memory:
    """The memory of an episode that began at ten and fired five minutes later."""
    return Memory(**{"state": State.FIRING, "since": TEN, "fired_at": TEN + 5 * MINUTE, **changed})


def resolved(reason: str = "cleared") -> Memory:
    """The memory of an episode that ended after three hours and twenty minutes."""
    return firing(state=State.RESOLVED, ended_at=TEN + 3 * HOUR + 20 * MINUTE, reason=reason)


def change(rule: str = "csat_dip", segment: dict[str, str] | None = None, event: Any = "fired", **parts: Any) -> Change:
    """A change of state of a shipped rule."""
    where = segment_key({"team": "billing"} if segment is None else segment)
    given = {"memory": firing(), "event": event, "notify": True, "verdict": verdict(), "since": TEN, **parts}
    return Change(key=Key(rule, where), **given)


def facts(rule: str | Rule = "csat_dip", **known: Any) -> Facts:
    """Facts of 30 satisfied of 49, of which chat has lost most."""
    parts = Parts("channel", "previous_window", {"chat": (45, 50), "email": (45, 50)}, {"chat": (10, 25), "email": (20, 24)}, min_n=10)
    given = {
        "as_of": TEN + 5 * MINUTE,
        "revision": 2,
        "reading": Reading(61.2245, 49, {"satisfied": 30, "rated": 49}, 47.2, 73.6),
        "ratio": Counts(30, 49),
        "parts": parts,
        **known,
    }
    return Facts(rule=RULES[rule] if isinstance(rule, str) else rule, **given)


def alert(rule: str = "csat_dip", known: dict[str, Any] | None = None, **changed: Any) -> Alert:
    """The record of a change of a shipped rule."""
    return alert_record(change(rule, **changed), facts(rule, **(known or {})))
