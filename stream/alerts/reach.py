"""What a configuration lets nobody ever hear: rules of segments that there are not, and receivers that no rule speaks to. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

from stream.alerts.rules import Rating, Rule
from stream.errors import Fault
from stream.segments import AGENT
from stream.setting_parts import Dimension, Receiver

Lists = Collection[frozenset[str]]
"""Configured segment lists, as sets of dimensions."""

_KNOWN = frozenset(get_args(Dimension))


def lists_of(segments: Iterable[Sequence[str]]) -> Lists:
    """Segment lists as sets."""
    return {frozenset(dimensions) for dimensions in segments}


def rule_faults(rule: Rule, written: Mapping[str, Any], lists: Lists) -> Iterator[Fault]:
    """Segments that a rule as it is `written` names though no such list is configured, with the path within the rule.

    A shipped rule may have lists of its own that an installation does not have. Unknown dimensions are another fault.
    """
    unlisted = [place for place, own in enumerate(rule.lists or ()) if frozenset(own) not in lists and _KNOWN.issuperset(own)]
    if rule.lists == ():
        yield Fault("lists", "at least one is needed; without it, all are covered")
        return
    if "lists" in written:
        for place in unlisted:
            yield Fault(f"lists.{place}", "is none of the segment lists of the settings")
    values = rule.segment or {}
    if "segment" in written and not unlisted and _KNOWN.issuperset(values) and not any(own.issuperset(values) for own in _covered(rule, lists)):
        yield Fault("segment", "no segment list that the rule covers has these dimensions")


def receiver_faults(receiver: Receiver, known: Collection[str], rules: Mapping[str, Rule], lists: Lists | None) -> Iterator[Fault]:
    """What keeps a receiver from ever getting anything, with the path within it.

    `known`: names of all rules; `rules`: those that are right. Of what depends on others nothing is said, nor of segments where the `lists` are None.
    """
    for place, name in enumerate(receiver.rules or ()):
        if name not in known:
            yield Fault(f"rules.{place}", "there is no such rule")
    if lists is None:
        return
    if not any(own.issuperset(receiver.segment) for own in lists):
        yield Fault("segment", "no segment list of the settings has these dimensions")
    elif rules.keys() >= set(receiver.rules or known) and not any(_hears(receiver, name, rule, lists) for name, rule in rules.items()):
        yield Fault("", "never gets anything: its rules are of other severities or of other segments")


def _hears(receiver: Receiver, name: str, rule: Rule, lists: Lists) -> bool:
    """Whether a rule can have an alert that goes to a receiver."""
    # One that is switched off may be switched on again: that is no reason to refuse its receiver.
    wanted = rule.severity in receiver.severities and (receiver.rules is None or name in receiver.rules)
    values = {} if isinstance(rule, Rating) else rule.segment or {}
    fits = all(values.get(dimension, value) == value for dimension, value in receiver.segment.items())
    return wanted and fits and any(own.issuperset({*values, *receiver.segment}) for own in _covered(rule, lists))


def _covered(rule: Rule, lists: Lists) -> Lists:
    """Configured lists that a rule has alerts in; single ratings are said in the whole alone."""
    if isinstance(rule, Rating):
        return {frozenset()}
    if rule.lists is None:
        return [own for own in lists if AGENT not in own]
    return [own for own in map(frozenset, rule.lists) if own in lists]
