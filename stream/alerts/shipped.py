"""The shipped rules, and what a configuration makes of them: changes by name, and rules of one's own. Pure but for the packaged file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from typing import Any, cast, get_args

from pydantic import BaseModel, ValidationError

from stream import plain_yaml, setting_parts, settings
from stream.alerts import feasible, reach
from stream.alerts.reach import lists_of
from stream.alerts.rules import Rule
from stream.errors import ConfigError, Fault

Raw = Mapping[str, Any]
"""A rule as it is written."""

_PATH = "alerts.rules"
_NAME = re.compile(r"[a-zA-Z0-9._-]{1,60}")
_OWN = "own"
_WAIT, _WAIT_FIELD = "for", "wait"
_PARTS = ("long", "short", "window")
"""Fields that are rules' parts: a change of one of their fields leaves the others. Other mappings are replaced as a whole."""


def shipped_rules() -> dict[str, Rule]:
    """The shipped rules by name."""
    return {name: _validated(written) for name, written in _shipped().items()}


def merged(
    overrides: Mapping[str, Raw], targets: Mapping[str, float] | None = None, segments: Sequence[Sequence[str]] | None = None
) -> dict[str, Rule]:
    """The shipped rules with these changes, and these rules of one's own; ConfigError with every fault at once.

    `targets`: default targets by metric, that burn rules are checked against; the shipped ones if None. `segments`: the configured
    segment lists, of which the changes must be; any if None.
    """
    shipped, rules, faults = _shipped(), shipped_rules(), list[Fault]()
    for name, override in overrides.items():
        rule, found = _changed(name, override, shipped.get(name))
        if rule is not None:
            found = (*feasible.faults(rule, rules.get(name)), *(() if segments is None else reach.rule_faults(rule, override, lists_of(segments))))
            rules[name] = rule
        faults += _under(name, found)
    known_targets = setting_parts.Alerts().targets if targets is None else targets
    for name, rule in rules.items():
        faults += _under(name, feasible.budget_faults(rule, known_targets))
    if faults:
        raise ConfigError("settings", tuple(faults))
    return rules


def _shipped() -> dict[str, Raw]:
    with resources.as_file(resources.files("stream.alerts") / "default_rules.yaml") as path:
        return plain_yaml.load(path)


def _models() -> dict[str, type[BaseModel]]:
    """The models of rules by kind."""
    models: tuple[type[BaseModel], ...] = get_args(get_args(Rule)[0])
    return {get_args(model.model_fields["kind"].annotation)[0]: model for model in models}


def _validated(written: Raw) -> Rule:
    # By the model of its kind, not by the union: its faults then have no kind in their path, and never repeat what was written.
    return cast("Rule", _models()[written["kind"]].model_validate(written))


def _changed(name: str, override: Raw, shipped: Raw | None) -> tuple[Rule | None, tuple[Fault, ...]]:
    """The rule that is meant, or what is wrong with it as it is written."""
    found = tuple(_written_faults(name, override, shipped))
    if found:
        return None, found
    try:
        return _validated(_over(shipped or {"source": _OWN}, override)), ()
    except ValidationError as error:
        return None, settings.faults(error)


def _written_faults(name: str, override: Raw, shipped: Raw | None) -> Iterator[Fault]:
    if not _NAME.fullmatch(name):
        yield Fault("", "a name has 1 to 60 letters, digits, '.', '_' or '-'")
    if _WAIT in override and _WAIT_FIELD in override:
        yield Fault(_WAIT, f"'{_WAIT_FIELD}' is the same setting")
    kind = override.get("kind")
    if shipped is None and not (isinstance(kind, str) and kind in _models()):
        yield Fault("kind", f"a rule of one's own needs one of {', '.join(_models())}")
    if shipped is not None and kind not in (None, shipped["kind"]):
        yield Fault("kind", "a shipped rule keeps its kind; a rule of one's own needs another name")


def _over(base: Raw, override: Raw) -> dict[str, Any]:
    """A rule with some fields changed."""
    changes = {_WAIT if field == _WAIT_FIELD else field: value for field, value in override.items()}
    both = [field for field in _PARTS if isinstance(base.get(field), dict) and isinstance(changes.get(field), dict)]
    return {**base, **changes, **{field: {**base[field], **changes[field]} for field in both}}


def _under(name: str, faults: Iterable[Fault]) -> Iterator[Fault]:
    """Faults with the whole path."""
    return (Fault(".".join(part for part in (_PATH, name, fault.path) if part), fault.message) for fault in faults)


def rules_in_force(found: settings.Settings) -> dict[str, Rule]:
    """The rules of an installation, switched-off ones included; ConfigError with every fault at once."""
    return merged(found.alerts.rules, found.alerts.targets, found.segments)
