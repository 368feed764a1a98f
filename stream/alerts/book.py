"""The book of all alerts: takes the verdicts of a tick through state machine, freezing, inhibition and silences to what has changed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from stream.alerts import inhibition, machine
from stream.alerts.machine import Event
from stream.alerts.memory import UNDER_WAY, Memory, State
from stream.alerts.rules import OneWindow, Rating, Rule
from stream.alerts.silences import Silence, matching
from stream.alerts.verdict import Key, Verdict
from stream.segments import parse_segment

NOTHING_TO_JUDGE = Verdict(hot=False, clear=False, data=False, value=float("nan"), n=0, bound=float("nan"), target=float("nan"))
"""Verdict of a key that must be judged and was not: its segment or baseline is gone."""


class Change(NamedTuple):
    """What became of a key at a tick: its memory after it, what happened, and whether somebody is to be notified.

    `event` names a change of state if there is one (a key may be `fired` and, by its memory, inhibited), otherwise what is said of it.
    `since`: start of the episode it is about, also where the memory is at rest again. `spoken_for`: the segment that alone keeps
    this from being said: whoever hears nothing of that one must be told all the same.
    """

    key: Key
    memory: Memory
    event: Event
    notify: bool
    verdict: Verdict
    since: int
    spoken_for: str = ""


class Book:
    """All alerts of one set of rules. `tick` is called with later and later times; between two ticks `snapshot` tells everything.

    Disabled rules, and those of the kind `rating`, are not kept.
    """

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = {name: rule for name, rule in rules.items() if rule.enabled and not isinstance(rule, Rating)}
        self._tick = 0
        self._memories: dict[Key, Memory] = {}

    def load(self, tick: int, memories: Mapping[Key, Memory]) -> dict[Key, Memory]:
        """Begin again from a snapshot; the memories of rules that are no more, which are left out."""
        self._tick = tick
        self._memories = {key: memory for key, memory in memories.items() if key.rule in self._rules}
        return {key: memory for key, memory in memories.items() if key.rule not in self._rules}

    def snapshot(self) -> tuple[int, dict[Key, Memory]]:
        """The last tick, and the memories that matter after it."""
        return self._tick, {key: memory for key, memory in self._memories.items() if not memory.at_rest(self._tick)}

    def busy(self) -> frozenset[Key]:
        """Keys that must be judged at every tick, hot or not."""
        return frozenset(
            key for key, memory in self._memories.items() if memory.state in UNDER_WAY or memory.all_clear_due or memory.page_target is not None
        )

    def lowered(self) -> dict[tuple[str, str], float]:
        """What the paging rules of a metric compare with in a segment, by metric and segment, where that is not the target."""
        found: dict[tuple[str, str], float] = {}
        for key, memory in self._memories.items():
            rule = self._rules[key.rule]
            if memory.page_target is not None and isinstance(rule, OneWindow):
                name = rule.metric, key.segment
                found[name] = min(memory.page_target, found.get(name, memory.page_target))
        return found

    def retarget(self, metric: str, segment: str) -> None:
        """Forget a lowered page target: a person has set another target."""
        for key, memory in self._memories.items():
            rule = self._rules[key.rule]
            if key.segment == segment and isinstance(rule, OneWindow) and rule.metric == metric:
                self._memories[key] = replace(memory, page_target=None, page_target_for=None)

    def inhibited(self, key: Key) -> tuple[str, ...]:
        """Segments that a key speaks for, in order."""
        return tuple(
            sorted(other.segment for other, memory in self._memories.items() if other.rule == key.rule and memory.inhibited_by == key.segment)
        )

    def tick(self, now: int, verdicts: Mapping[Key, Verdict], *, live: bool, silences: Sequence[Silence] = ()) -> list[Change]:
        """Take the verdicts of all that is hot or busy; what has changed, by key. Nothing for a tick that is over.

        `live`: whether somebody may be notified. What could not be said is said as soon as it may be, if it still holds.
        """
        if now < self._tick:
            return []
        self._tick = now
        page = _Page(self._rules, self._memories, now, self._to_judge(verdicts))
        may_speak = partial(_may_speak, live, silences, now)
        page.advance()
        page.inhibit(may_speak)
        page.speak(may_speak)
        changes = page.changes(may_speak)
        self._forget(verdicts)
        return changes

    def _to_judge(self, verdicts: Mapping[Key, Verdict]) -> dict[Key, Verdict]:
        kept = {key for key in verdicts if key.rule in self._rules}
        return {key: verdicts.get(key, NOTHING_TO_JUDGE) for key in sorted(self.busy() | kept)}

    def _forget(self, keys: Iterable[Key]) -> None:
        for key in keys:
            if key in self._memories and self._memories[key].at_rest(self._tick):
                del self._memories[key]


class _Page:
    """One tick of a book, whose memories it writes."""

    def __init__(self, rules: Mapping[str, Rule], memories: dict[Key, Memory], now: int, verdicts: dict[Key, Verdict]) -> None:
        self._rules, self._memories, self._now, self._verdicts = rules, memories, now, verdicts
        self._before = {key: memories[key] for key in verdicts if key in memories}
        self._events: dict[Key, Event] = {}
        self._notified: set[Key] = set()

    def advance(self) -> None:
        """Take every key through the state machine, but for those that stand still; afterwards only these are left out of the verdicts."""
        frozen_until_now = self._lost()
        for key in [key for key in self._verdicts if self._rules[key.rule].kind == "signal_lost"]:
            self._step(key)
        frozen = self._lost()
        self._verdicts = {key: verdict for key, verdict in self._verdicts.items() if not self._stands_still(key, frozen)}
        for key in self._verdicts:
            if self._rules[key.rule].kind != "signal_lost":
                if self._stands_still(key, frozen_until_now) and key in self._memories:
                    self._memories[key] = machine.thaw(self._memories[key], self._now)
                self._step(key)

    def inhibit(self, may_speak: Callable[[Key], bool]) -> None:
        """Release what nothing speaks for any more, and find out who speaks for whom."""
        for key in [key for key in self._verdicts if key in self._memories and inhibition.is_over(self._memories, key)]:
            self._set_inhibitor(key, "")
        fresh = {key for key, event in self._events.items() if event == "fired"}
        asking = [key for key in self._verdicts if key not in fresh and self._asks(key, may_speak)]
        scene = inhibition.Scene(self._rules, self._memories, self._verdicts)
        for key, segment in inhibition.inhibitors(scene, fresh, asking).items():
            self._set_inhibitor(key, segment)

    def speak(self, may_speak: Callable[[Key], bool]) -> None:
        """Find out who is to be notified of what."""
        for key in self._verdicts:
            word = self._due(key)
            if word and may_speak(key):
                self._say(key, word)

    def changes(self, may_speak: Callable[[Key], bool]) -> list[Change]:
        """What has changed, by key."""
        return [self._change(key, self._spoken_for(key) if may_speak(key) else "") for key in sorted(self._events)]

    def _change(self, key: Key, spoken_for: str) -> Change:
        memory = self._memories[key]
        since = memory.since or self._before[key].since
        return Change(key, memory, self._events[key], key in self._notified, self._verdicts[key], since, spoken_for)

    def _spoken_for(self, key: Key) -> str:
        """Who speaks for the beginning or the end of an episode."""
        memory = self._memories[key]
        if self._events[key] == "resolved" and not memory.all_clear_due and key not in self._notified:
            return self._before[key].inhibited_by
        return memory.inhibited_by if self._events[key] in {"fired", "inhibited"} and not memory.said else ""

    def _step(self, key: Key) -> None:
        before = self._memories.get(key)
        memory, event = machine.step(self._rules[key.rule], before or Memory(), self._now, self._verdicts[key])
        if before is not None or event:
            self._memories[key] = memory
        if event:
            self._events[key] = event

    def _lost(self) -> list[frozenset[tuple[str, str]]]:
        """Values of the segments in which no ratings come in."""
        signals = [key for key, memory in self._memories.items() if memory.state is State.FIRING and self._rules[key.rule].kind == "signal_lost"]
        return [_values(key) for key in signals]

    def _stands_still(self, key: Key, lost: Iterable[frozenset[tuple[str, str]]]) -> bool:
        return self._rules[key.rule].freezes_with_signal and any(values <= _values(key) for values in lost)

    def _set_inhibitor(self, key: Key, segment: str) -> None:
        self._memories[key] = replace(self._memories[key], inhibited_by=segment)
        if self._events.get(key, "released") in {"released", "inhibited"}:
            self._events[key] = "inhibited" if segment else "released"

    def _asks(self, key: Key, may_speak: Callable[[Key], bool]) -> bool:
        """Whether a key that was never said would be said now, or has just been released."""
        memory = self._memories.get(key)
        if memory is None or memory.said or memory.inhibited_by or not machine.is_hot(memory, self._verdicts[key]):
            return False
        return bool(self._before[key].inhibited_by) or (self._due(key) != "" and may_speak(key))

    def _due(self, key: Key) -> Event:
        memory = self._memories.get(key)
        if memory is None or memory.inhibited_by:
            return ""
        return "resolved" if memory.all_clear_due else machine.due(self._rules[key.rule], memory, self._now, self._verdicts[key])

    def _say(self, key: Key, word: Event) -> None:
        memory = self._memories[key]
        self._notified.add(key)
        if word == "resolved":
            self._memories[key] = replace(memory, all_clear_due=False)
        else:
            self._memories[key] = machine.notified(self._rules[key.rule], memory, self._now, self._verdicts[key])
        if self._events.get(key) not in {"fired", "released"}:
            self._events[key] = word


def _may_speak(live: bool, silences: Sequence[Silence], now: int, key: Key) -> bool:  # noqa: FBT001
    return live and matching(silences, key, now) is None


def _values(key: Key) -> frozenset[tuple[str, str]]:
    return frozenset(parse_segment(key.segment).items())
