"""What is left of written settings without their faulty parts, so that the rest can be checked too and every fault be told at once. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from stream.errors import Fault
from stream.setting_parts import Receiver
from stream.settings import Settings, faults

_RULES = ("alerts", "rules")
_OF_AGENTS = frozenset({"agents", "segments", "agent_key_file"})
_OF_SCHEDULES = frozenset({"schedules", "schedule_of"})
_WAY = ("kind", "url", "url_file")
"""How to reach a receiver; these fields must fit each other."""
_STAND_IN = {"kind": "webhook", "url": "https://example.invalid"}


class Usable(NamedTuple):
    """Settings of the parts that are right, all faults, and the paths of what was taken out. `notify` is left out as a whole."""

    settings: Settings
    faults: tuple[Fault, ...]
    out: frozenset[tuple[str, ...]]

    @property
    def targets(self) -> Mapping[str, float]:
        """Default targets of alerts; none where those that were meant are faulty."""
        return {} if self.out & {("alerts",), ("alerts", "targets")} else self.settings.alerts.targets


def usable(written: Mapping[str, Any], error: ValidationError) -> Usable:
    """What can be used of settings that gave an error: without whole settings, single settings of `alerts`, or single rules."""
    found = faults(error)
    out = frozenset(_part(item["loc"]) for item in error.errors(include_input=False, include_url=False) if item["loc"])
    left = _without(written, out | {("notify",)})
    names = {path[0] for path in out}
    # How settings fit each other can't be told of those that are faulty by themselves, and is only looked at where none is.
    left = _fitting(left, agents=bool(names & _OF_AGENTS), schedules=bool(names & _OF_SCHEDULES))
    try:
        return Usable(Settings(**left), found, out)
    except ValidationError as again:
        whole = Settings(**_fitting(left, agents=True, schedules=True))
        return Usable(whole, tuple(dict.fromkeys((*found, *faults(again)))), out)


def usable_receiver(written: Mapping[str, Any]) -> tuple[Receiver, tuple[Fault, ...]]:
    """A receiver with stand-ins for what is wrong with it, and all its faults, with the path within it."""
    try:
        return Receiver.model_validate(written), ()
    except ValidationError as error:
        wrong = {str(item["loc"][0]) if item["loc"] else "url" for item in error.errors(include_input=False, include_url=False)}
        receiver, more = usable_receiver(_with_stand_ins(written, wrong))
        return receiver, (*faults(error), *more)


def _with_stand_ins(written: Mapping[str, Any], wrong: set[str]) -> dict[str, Any]:
    gone = wrong | set(_WAY) if wrong & set(_WAY) else wrong
    left = {name: value for name, value in written.items() if name not in gone}
    return {**left, **({"name": "stand-in"} if "name" in gone else {}), **(_STAND_IN if "url" in gone else {})}


def _fitting(left: Mapping[str, Any], *, agents: bool, schedules: bool) -> dict[str, Any]:
    """Settings in which those of agents, or those of schedules, fit each other whatever they are."""
    whole = {**left, "agents": "on"} if agents else dict(left)
    return {name: value for name, value in whole.items() if not (schedules and name == "schedule_of")}


def _part(path: tuple[int | str, ...]) -> tuple[str, ...]:
    """The smallest part that can be taken out with something wrong at a path."""
    depth = 3 if path[:2] == _RULES else 2 if path[0] == _RULES[0] else 1
    return tuple(map(str, path[:depth]))


def _without(written: Mapping[str, Any], out: frozenset[tuple[str, ...]]) -> dict[str, Any]:
    """A mapping without some parts of it."""
    left = {}
    for name, value in written.items():
        below = frozenset(path[1:] for path in out if path[0] == str(name) and len(path) > 1)
        if (str(name),) not in out:
            left[name] = _without(value, below) if below and isinstance(value, Mapping) else value
    return left
