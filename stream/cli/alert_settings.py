"""Checks what alerts need of the settings before anything starts: the rules against each other, and the files of the receivers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from stream.alerts.rules import Rule
from stream.alerts.shipped import rules_in_force
from stream.clock import real_ms
from stream.errors import ConfigError, Fault
from stream.outlets.deliver import outlet_of
from stream.settings import Settings


def checked_rules(settings: Settings) -> dict[str, Rule]:
    """The rules in force; ConfigError with every fault of rules and receivers at once."""
    faults: list[Fault] = []
    rules: dict[str, Rule] = {}
    _collect(faults, lambda: rules.update(rules_in_force(settings)))
    for receiver in settings.notify:
        _collect(faults, partial(outlet_of, receiver, real_ms))
    if faults:
        raise ConfigError("settings", tuple(faults))
    return rules


def _collect(faults: list[Fault], check: Callable[[], object]) -> None:
    try:
        check()
    except ConfigError as error:
        faults.extend(error.faults)
