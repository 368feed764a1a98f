"""Checks what alerts need of the settings before anything starts: the rules against each other, the receivers and their files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from stream.alerts import reach
from stream.alerts.rules import Rule
from stream.alerts.shipped import merged, rules_in_force, shipped_rules
from stream.clock import real_ms
from stream.errors import ConfigError, Fault
from stream.outlets.deliver import outlet_of
from stream.setting_parts import Receiver
from stream.settings import Settings, source_of, written
from stream.usable import usable, usable_receiver

_NOTIFY = "notify"
_Found = TypeVar("_Found")


def checked_settings(path: Path | None, overrides: Mapping[str, Any] | None = None) -> tuple[Settings, dict[str, Rule]]:
    """Settings and the rules in force; ConfigError with every fault of settings, rules and receivers at once."""
    found = written(path, overrides)
    try:
        settings = Settings(**found)
    except ValidationError as error:
        raise ConfigError(source_of(path), tuple(dict.fromkeys(_all_faults(found, error)))) from None
    return settings, checked_rules(settings)


def checked_rules(settings: Settings) -> dict[str, Rule]:
    """The rules in force; ConfigError with every fault of rules and receivers at once."""
    faults: list[Fault] = []
    rules = _collected(faults, lambda: rules_in_force(settings))
    known, lists = {*shipped_rules(), *settings.alerts.rules}, reach.lists_of(settings.segments)
    right = _unchanged(settings) if rules is None else rules
    for place, receiver in enumerate(settings.notify):
        faults += _under(place, (*reach.receiver_faults(receiver, known, right, lists), *_way_faults(receiver)))
    if faults:
        raise ConfigError("settings", tuple(faults))
    return right


def _unchanged(settings: Settings) -> dict[str, Rule]:
    """The shipped rules that the settings do not change: they are right whatever else is not."""
    return {name: rule for name, rule in shipped_rules().items() if name not in settings.alerts.rules}


def _all_faults(found: Mapping[str, Any], error: ValidationError) -> Iterator[Fault]:
    """Faults of settings that are wrong by themselves, and of what can be checked beside them; some stand there twice."""
    part = usable(found, error)
    yield from part.faults
    segments = None if ("segments",) in part.out else part.settings.segments
    faults: list[Fault] = []
    rules = _collected(faults, lambda: merged(part.settings.alerts.rules, part.targets, segments))
    yield from faults
    whole = _unchanged(part.settings) if rules is None else rules
    right = {name: rule for name, rule in whole.items() if ("alerts", "rules", name) not in part.out}
    known = {*shipped_rules(), *_names(found)}
    for place, text in _receivers(found):
        receiver, wrong = usable_receiver(text)
        # A receiver with stand-ins is not the one that was meant: whether any rule speaks to it is not said.
        reached = reach.receiver_faults(receiver, known, {} if wrong else right, None if segments is None else reach.lists_of(segments))
        yield from _under(place, (*wrong, *reached, *_way_faults(receiver)))
    names = [text.get("name") for _, text in _receivers(found)]
    if any(names.count(name) > 1 for name in names if isinstance(name, str)):
        yield Fault(_NOTIFY, "two receivers have the same name")


def _receivers(found: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    """The receivers as they are written, each with its place; those that are no mappings left out."""
    receivers = found.get(_NOTIFY)
    return [(place, text) for place, text in enumerate(receivers) if isinstance(text, Mapping)] if isinstance(receivers, list) else []


def _names(found: Mapping[str, Any]) -> list[str]:
    """Names of the rules as they are written, faulty ones too."""
    alerts = found.get("alerts")
    rules = alerts.get("rules") if isinstance(alerts, Mapping) else None
    return [str(name) for name in rules] if isinstance(rules, Mapping) else []


def _way_faults(receiver: Receiver) -> Sequence[Fault]:
    """What is wrong with the address, files and packages of a receiver, with the path within it."""
    faults: list[Fault] = []
    _collected(faults, partial(outlet_of, receiver, real_ms))
    return [Fault(fault.path.removeprefix(f"{_NOTIFY}.{receiver.name}."), fault.message) for fault in faults]


def _under(place: int, faults: Sequence[Fault]) -> Iterator[Fault]:
    """Faults of a receiver with their path in the file."""
    return (Fault(".".join(part for part in (_NOTIFY, str(place), fault.path) if part), fault.message) for fault in faults)


def _collected(faults: list[Fault], check: Callable[[], _Found]) -> _Found | None:
    """What a check gives; None where it finds faults, which are collected."""
    try:
        return check()
    except ConfigError as error:
        faults.extend(error.faults)
        return None
