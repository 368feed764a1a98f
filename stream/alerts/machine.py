"""The state machine of one rule in one segment: ok, pending, firing, stale, resolved; and what is due to be said. Pure.

    ok --hot--> pending --hot for `wait`--> firing --clear for `clear_for`, with data--> resolved
     ^             |                       no data |^ data                                  |
     +--not hot----+                         stale-+--24 h--> resolved (no_data)   hot: a new episode

Everything goes by whole minutes of event time, so that two looks within a minute, or after a restart, make one episode.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from math import isnan
from types import MappingProxyType
from typing import Literal

from msgspec.structs import replace

from stream.alerts.memory import Memory, State, whole_minute
from stream.alerts.rules import Custom, Oldest, OneWindow, Rule
from stream.alerts.verdict import Verdict
from stream.durations import DAY, MINUTE
from stream.kpis.registry import all_metrics

Event = Literal["", "pending", "cancelled", "fired", "stale", "back", "resolved", "worse", "still", "inhibited", "released"]
"""What happened; the last four leave the state as it is. Empty: nothing."""

STALE_FOR = DAY
"""A stale alert ends after this long without data."""
_ROUNDING = 1e-9
"""Of values that are quotients: 58.3 less 48.3 is ten points."""


def step(rule: Rule, memory: Memory, now: int, verdict: Verdict) -> tuple[Memory, Event]:
    """The memory after a verdict, and what happened. `now` must not go back."""
    minute = whole_minute(now)
    memory = _with_target(memory, verdict)
    if memory.state is State.PENDING:
        return _pending(rule, memory, minute, verdict)
    if memory.state in {State.FIRING, State.STALE}:
        return _active(rule, memory, minute, verdict)
    return _resting(rule, memory, minute, verdict)


def thaw(memory: Memory, now: int) -> Memory:
    """The memory after standing still: the time in between does not count."""
    return replace(memory, last_minute=whole_minute(now)) if memory.state is State.PENDING else memory


def is_hot(memory: Memory, verdict: Verdict) -> bool:
    """Whether an alert is firing and its condition holds now."""
    return memory.state is State.FIRING and verdict.hot and verdict.data


def due(rule: Rule, memory: Memory, now: int, verdict: Verdict) -> Event:
    """What is to be said of a memory now if nothing forbids it: `worse`, `still` (also the first time), or nothing."""
    if not is_hot(memory, verdict):
        return ""
    if _is_worse(rule, memory, verdict):
        return "worse"
    cooling = whole_minute(now) < memory.cooldown_until
    # A lowered page target is one ticket, until a person sets another target.
    once = memory.said and isinstance(rule, OneWindow) and rule.lowers_page_target_by is not None
    return "" if cooling or once else "still"


def notified(rule: Rule, memory: Memory, now: int, verdict: Verdict) -> Memory:
    """The memory once somebody has been notified that it fires; the cooldown begins."""
    minute = whole_minute(now)
    return replace(
        memory,
        notified_at=minute,
        notified_value=_known(verdict.value),
        notified_episode=memory.since,
        cooldown_until=minute + max(rule.cooldown, MINUTE),
    )


def unit_of(rule: Rule) -> str | None:
    """Unit of the values a rule gives: `percent`, `seconds`, ..., `cases`; None where its metric is unknown."""
    if isinstance(rule, OneWindow | Custom):
        return _units().get(rule.metric)
    return {"oldest": "seconds", "signal_lost": "cases", "signal_low": "cases"}.get(rule.kind, "percent")


@cache
def _units() -> Mapping[str, str]:
    return MappingProxyType({metric.name: metric.unit for _, metric in all_metrics()})


def _resting(rule: Rule, memory: Memory, minute: int, verdict: Verdict) -> tuple[Memory, Event]:
    # An episode is named by its first minute: none begins in the minute in which the last one ended.
    if not (verdict.hot and verdict.data) or minute <= memory.ended_at:
        return memory, ""
    begun = replace(_at_rest(memory, minute), state=State.PENDING, since=minute, last_minute=minute)
    return (begun, "pending") if rule.wait else _fire(rule, begun, minute, verdict)


def _pending(rule: Rule, memory: Memory, minute: int, verdict: Verdict) -> tuple[Memory, Event]:
    if not (verdict.hot and verdict.data):
        return _at_rest(memory, minute), "cancelled"
    held = memory.held + minute - memory.last_minute
    waited = replace(memory, held=held, last_minute=minute)
    return _fire(rule, waited, minute, verdict) if held >= rule.wait else (waited, "")


def _fire(rule: Rule, memory: Memory, minute: int, verdict: Verdict) -> tuple[Memory, Event]:
    fired = replace(memory, state=State.FIRING, fired_at=minute, last_minute=minute, side=_side(verdict))
    if isinstance(rule, OneWindow) and rule.lowers_page_target_by is not None and not isnan(verdict.value):
        fired = replace(fired, page_target=verdict.value - rule.lowers_page_target_by, page_target_for=_known(verdict.target))
    return fired, "fired"


def _active(rule: Rule, memory: Memory, minute: int, verdict: Verdict) -> tuple[Memory, Event]:
    if not verdict.data:
        return _without_data(memory, minute)
    event: Event = "back" if memory.state is State.STALE else ""
    is_clear = verdict.clear and not verdict.hot
    counted = memory.clear_minutes + (minute > memory.last_minute) if is_clear else 0
    seen = replace(memory, state=State.FIRING, stale_since=0, clear_minutes=counted, last_minute=minute)
    if is_clear and counted * MINUTE >= rule.clear_for:
        return _end(seen, minute, "cleared"), "resolved"
    return seen, event


def _without_data(memory: Memory, minute: int) -> tuple[Memory, Event]:
    if memory.state is State.FIRING:
        return replace(memory, state=State.STALE, stale_since=minute), "stale"
    if minute - memory.stale_since >= STALE_FOR:
        return _end(memory, minute, "no_data"), "resolved"
    return memory, ""


def _end(memory: Memory, minute: int, reason: str) -> Memory:
    return replace(memory, state=State.RESOLVED, ended_at=minute, reason=reason, stale_since=0, inhibited_by="", all_clear_due=memory.said)


def _at_rest(memory: Memory, minute: int) -> Memory:
    """What outlives an episode: the cooldown while it lasts, and the page target."""
    kept = Memory(page_target=memory.page_target, page_target_for=memory.page_target_for)
    if memory.cooldown_until <= minute:
        return kept
    return replace(
        kept,
        notified_at=memory.notified_at,
        notified_value=memory.notified_value,
        notified_episode=memory.notified_episode,
        cooldown_until=memory.cooldown_until,
    )


def _with_target(memory: Memory, verdict: Verdict) -> Memory:
    """Without the lowered page target once another target is configured than the one it was made for."""
    if memory.page_target is None or isnan(verdict.target) or verdict.target == memory.page_target_for:
        return memory
    return replace(memory, page_target=None, page_target_for=None)


def _is_worse(rule: Rule, memory: Memory, verdict: Verdict) -> bool:
    """Whether the value is worse by `worse_by` than the one last said; NaN is not."""
    if memory.notified_value is None:
        return False
    by = _step(rule, memory.notified_value, verdict.target)
    return by > 0 and memory.side * (verdict.value - memory.notified_value) >= by - _ROUNDING


def _step(rule: Rule, said: float, target: float) -> float:
    """By how much a value must be worse. A ticket that waits gets older by itself: a share of its target would be said again and again."""
    if isinstance(rule, Oldest):
        return rule.worse_by * abs(said) / 100
    return rule.worse_by * abs(target) / 100 if unit_of(rule) == "seconds" else rule.worse_by


def _side(verdict: Verdict) -> int:
    return (verdict.value > verdict.target) - (verdict.value < verdict.target)


def _known(value: float) -> float | None:
    return None if isnan(value) else value
