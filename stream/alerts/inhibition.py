"""Inhibition: of alerts of one rule in a segment and in its parts, the one that says most speaks for the others. Pure.

A part of a segment (its child) has the same values and exactly one more dimension. Of alerts of one rule:
1. a child that explains at least half of its parent's shortfall inhibits the parent when that would be said;
2. otherwise the parent inhibits those children that begin to fire while it fires (or in the same tick).
Who inhibits must be hot at that moment. A parent that its child speaks for inhibits no other child. What has been said is never inhibited.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import lru_cache
from math import isnan
from typing import NamedTuple

from stream.alerts.machine import is_hot, unit_of
from stream.alerts.memory import ACTIVE, Memory
from stream.alerts.rules import Rule
from stream.alerts.verdict import Key, Verdict
from stream.segments import parse_segment, segment_key

_ROUNDING = 1e-9
"""Of shortfalls that are made of quotients, in cases."""


class Scene(NamedTuple):
    """What the state machine has made of a tick: all memories, and the verdicts of the keys that do not stand still."""

    rules: Mapping[str, Rule]
    memories: Mapping[Key, Memory]
    verdicts: Mapping[Key, Verdict]


@lru_cache(maxsize=65_536)
def parents(segment: str) -> tuple[str, ...]:
    """The segments that have this one as a child: one dimension less each."""
    values = parse_segment(segment)
    return tuple(segment_key({name: value for name, value in values.items() if name != left_out}) for left_out in values)


def shortfall(rule: Rule, verdict: Verdict, target: float, side: int) -> float | None:
    """Cases by which a percentage misses a target on one side (-1: below): n (target - value) / 100. None for other figures."""
    if unit_of(rule) != "percent" or isnan(verdict.value) or isnan(target):
        return None
    return side * (verdict.value - target) / 100 * verdict.n


def is_over(memories: Mapping[Key, Memory], key: Key) -> bool:
    """Whether what inhibits a key does so no more: its episode has ended, or a child of its own speaks for it."""
    by = memories[key].inhibited_by
    if not by:
        return False
    inhibitor = memories.get(Key(key.rule, by))
    return inhibitor is None or inhibitor.state not in ACTIVE or (by in parents(key.segment) and _by_child(by, inhibitor.inhibited_by))


def inhibitors(scene: Scene, fresh: Collection[Key], asking: Collection[Key]) -> dict[Key, str]:
    """Who speaks for whom from this tick on: the inhibiting segment by key; "" for a key that nothing speaks for any more.

    `fresh`: keys that begin to fire at this tick. `asking`: others that were never said and would be said now.
    """
    council = _Council(scene)
    asked = sorted({*fresh, *asking})
    while asked:
        inhibited = [key for key in asked if council.hear_children(key)]
        # Whoever these spoke for must speak for themselves; they lie deeper, so this comes to an end.
        asked = [key for parent in inhibited for key in council.release(parent)]
    for key in sorted(fresh):
        council.hear_parents(key)
    return council.found


class _Council:
    """Works out one tick: `found` says by key which segment speaks for it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.found: dict[Key, str] = {}
        self._hot = {key for key, verdict in scene.verdicts.items() if key in scene.memories and is_hot(scene.memories[key], verdict)}
        self._children: dict[Key, list[Key]] = defaultdict(list)
        for key in self._hot:
            for parent in parents(key.segment):
                self._children[Key(key.rule, parent)].append(key)

    def hear_children(self, parent: Key) -> bool:
        """Let the child that explains most, and at least half, of a parent's shortfall speak for it; whether there is one."""
        rule, verdict, side = self._scene.rules[parent.rule], self._scene.verdicts[parent], self._scene.memories[parent].side
        whole = shortfall(rule, verdict, verdict.target, side)
        if whole is None or whole <= 0:
            return False
        shares = [
            (-share, child.segment)
            for child in self._children.get(parent, ())
            if parent not in self._chain(child)
            if (share := shortfall(rule, self._scene.verdicts[child], verdict.target, side)) is not None and 2 * share >= whole - _ROUNDING
        ]
        if shares:
            self.found[parent] = min(shares)[1]
        return bool(shares)

    def hear_parents(self, child: Key) -> None:
        """Let the parent that has fired for longest speak for a child; not one that a child speaks for."""
        if self.found.get(child):
            return
        known = [Key(child.rule, parent) for parent in parents(child.segment)]
        speaking = [key for key in known if key in self._hot and not _by_child(key.segment, self._by(key))]
        if speaking:
            self.found[child] = min(speaking, key=lambda key: (self._scene.memories[key].fired_at, key.segment)).segment

    def release(self, parent: Key) -> list[Key]:
        """End what a parent does for its children; those that are hot."""
        children = [key for key in self._scene.verdicts if key.rule == parent.rule and parent.segment in parents(key.segment)]
        freed = [key for key in children if self._by(key) == parent.segment]
        self.found.update(dict.fromkeys(freed, ""))
        return [key for key in freed if key in self._hot]

    def _chain(self, key: Key) -> list[Key]:
        """A key, who speaks for it, who speaks for that one, and so on: nobody may speak for one that speaks for them."""
        chain = [key]
        while by := self._by(chain[-1]):
            chain.append(Key(key.rule, by))
        return chain

    def _by(self, key: Key) -> str:
        memory = self._scene.memories.get(key)
        return self.found.get(key, memory.inhibited_by if memory else "")


def _by_child(segment: str, by: str) -> bool:
    """Whether it is a child of a segment that speaks for it."""
    return bool(by) and segment in parents(by)
