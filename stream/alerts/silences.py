"""Silences: nobody is notified of some alerts for a time; their state goes on. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from stream.alerts.rules import Rating, Rule
from stream.alerts.verdict import Key
from stream.segments import AGENT, parse_segment

Lists = Sequence[Collection[str]]
"""Lists of dimensions."""


class Silence(NamedTuple):
    """Alerts that nobody is notified of, until when (ms), who asked for it, and why.

    `rule`: the empty text is any. `segment`: values that must all be in the alert's segment; none is any.
    """

    id: str
    rule: str
    segment: Mapping[str, str]
    until: int
    who: str
    why: str


def matching(silences: Sequence[Silence], key: Key, now: int) -> Silence | None:
    """The silence that holds for a key at `now`; of several the one that holds longest, then the first by id."""
    found = [silence for silence in silences if now < silence.until and _covers(silence, key)]
    return min(found, key=lambda silence: (-silence.until, silence.id), default=None)


def lists_of(rule: Rule, configured: Lists) -> list[frozenset[str]]:
    """Dimensions of the segments that a rule can have alerts in; single ratings are told of everything only."""
    if isinstance(rule, Rating):
        return [frozenset()]
    lists = [frozenset(dimensions) for dimensions in configured]
    chosen = [found for found in lists if AGENT not in found] if rule.lists is None else [found for found in lists if found in _sets(rule.lists)]
    return [found for found in chosen if found >= set(rule.segment or ())]


def can_be_silenced(rule: Rule, segment: Mapping[str, str], configured: Lists) -> bool:
    """Whether a rule can have an alert in a segment or within it."""
    only = {} if isinstance(rule, Rating) else rule.segment or {}
    fits = all(segment.get(name, value) == value for name, value in only.items())
    return fits and any(found >= set(segment) for found in lists_of(rule, configured))


def _sets(lists: Lists) -> set[frozenset[str]]:
    return {frozenset(dimensions) for dimensions in lists}


def _covers(silence: Silence, key: Key) -> bool:
    return silence.rule in {"", key.rule} and silence.segment.items() <= parse_segment(key.segment).items()
