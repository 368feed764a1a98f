"""Sets of rules that are compared: the configured ones, and a file of changes to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from stream import plain_yaml
from stream import settings as stream_settings
from stream.alerts.rules import Intake, Oldest, Rating, Rule
from stream.alerts.shipped import merged
from stream.alerts.targets import Targets
from stream.backtest.naive import METRIC
from stream.errors import ConfigError, Fault
from stream.kpis.registry import all_metrics
from stream.settings import Alerts, Settings

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
    alerts = _alerts(path, {**_targets(settings), **section})
    try:
        rules = merged(alerts.rules, alerts.targets)
    except ConfigError as error:
        raise ConfigError(str(path), error.faults) from None
    return Proposal(NEW, rules, Targets.of(settings.model_copy(update={"alerts": alerts})))


def _targets(settings: Settings) -> dict[str, Any]:
    return settings.alerts.model_dump(include={"targets", "segment_targets"})


def _alerts(path: Path, section: Mapping[str, Any]) -> Alerts:
    try:
        return Alerts.model_validate(section)
    except ValidationError as error:
        raise ConfigError(str(path), stream_settings.faults(error)) from None


def metrics_of(proposals: Iterable[Proposal]) -> frozenset[str]:
    """Percentages that any of the rules reads, and the naive rule's."""
    read = {metric_of(rule) for proposal in proposals for rule in proposal.rules.values() if rule.enabled}
    return frozenset({METRIC, *(name for name in read if name in _proportions())})


def metric_of(rule: Rule) -> str | None:
    """The figure that a rule reads."""
    return None if isinstance(rule, Intake | Rating) else rule.metric


def not_replayed(proposal: Proposal) -> Iterator[str]:
    """Names of rules that history can't judge: single ratings are no state, and of other figures than percentages it keeps nothing."""
    for name, rule in proposal.rules.items():
        if rule.enabled and not isinstance(rule, Intake | Oldest) and metric_of(rule) not in _proportions():
            yield name


def _proportions() -> frozenset[str]:
    return frozenset(metric.name for _, metric in all_metrics() if metric.ratio)
