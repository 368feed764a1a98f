"""Sets of rules that are compared: the configured ones, and a file of changes to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from stream import plain_yaml
from stream.alerts.rules import Intake, Oldest, Rating, Rule
from stream.alerts.shipped import merged
from stream.alerts.targets import Targets
from stream.backtest.naive import METRIC
from stream.errors import ConfigError, Fault
from stream.kpis.registry import all_metrics
from stream.settings import Settings
from stream.usable import Usable, usable

NEW, CURRENT = "new", "current"
_SECTION = "alerts"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A set of rules and the targets they are held to."""

    name: str
    rules: Mapping[str, Rule]
    targets: Targets


def current(settings: Settings) -> Proposal:
    """What the settings say."""
    return Proposal(CURRENT, merged(settings.alerts.rules, settings.alerts.targets), Targets.of(settings))


def proposed(path: Path, settings: Settings) -> Proposal:
    """The rules of a file: as under `alerts.rules`, over the shipped ones; or a whole settings file, of which `alerts` is read.

    Without targets of its own it is held to those of the settings. ConfigError with every fault at once.
    """
    content = plain_yaml.load(path, may_be_empty=True)
    section = content.get(_SECTION, {"rules": content})
    if not isinstance(section, dict):
        raise ConfigError(str(path), (Fault(_SECTION, "must be a mapping"),))
    part = _alerts({**_targets(settings), **section})
    rules, faults = dict[str, Rule](), part.faults
    try:
        rules = merged(part.settings.alerts.rules, part.targets, settings.segments)
    except ConfigError as error:
        faults += error.faults
    if faults:
        raise ConfigError(str(path), faults)
    return Proposal(NEW, rules, Targets.of(settings.model_copy(update={"alerts": part.settings.alerts})))


def _targets(settings: Settings) -> dict[str, Any]:
    return settings.alerts.model_dump(include={"targets", "segment_targets"})


def _alerts(section: Mapping[str, Any]) -> Usable:
    """Settings with this part `alerts`, without what is wrong with it."""
    written = {_SECTION: section}
    try:
        return Usable(Settings.model_validate(written), (), frozenset())
    except ValidationError as error:
        return usable(written, error)


def metrics_of(proposals: Iterable[Proposal]) -> frozenset[str]:
    """Percentages that any of the rules reads, and the naive rule's."""
    read = {metric_of(rule) for proposal in proposals for rule in proposal.rules.values() if rule.enabled}
    return frozenset({METRIC, *(name for name in read if name in _proportions())})


def metric_of(rule: Rule) -> str | None:
    """The figure that a rule reads."""
    return None if isinstance(rule, Intake | Rating) else rule.metric


def left_out(proposal: Proposal, *, dead_letters: bool) -> dict[str, str]:
    """Rules that are not replayed at all, and why. `dead_letters`: whether history holds them."""
    found = {name: _not_replayed(rule, dead_letters=dead_letters) for name, rule in proposal.rules.items()}
    return {name: reason for name, reason in found.items() if reason}


def _not_replayed(rule: Rule, *, dead_letters: bool) -> str:
    """What keeps a rule from being replayed; nothing where it is."""
    if not rule.enabled:
        return "switched off"
    match rule:
        case Rating():
            return "single ratings are events, not a state"
        case Intake():
            return "" if dead_letters else "files hold no dead letters; --from-topics does"
        case Oldest():
            return ""
    if rule.metric in _proportions():
        return ""
    known = rule.metric in {metric.name for _, metric in all_metrics()}
    return "history keeps percentages only" if known else f"there is no figure called {rule.metric} yet"


def _proportions() -> frozenset[str]:
    return frozenset(metric.name for _, metric in all_metrics() if metric.ratio)
