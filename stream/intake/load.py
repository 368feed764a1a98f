"""Reading a mapping file: its model, its settings and what its parts say of each other, with every fault at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from stream import plain_yaml
from stream import settings as stream_settings
from stream.errors import ConfigError, Fault
from stream.intake.fields import FIELDS, REQUIRED, Kind, convert
from stream.intake.mapping import Cell, Mapping
from stream.intake.times import UnreadableError


def load_mapping(path: Path) -> Mapping:
    """The mapping of a YAML file; ConfigError with every fault at once, those of its settings among them."""
    content = plain_yaml.load(path)
    found = (*_rule_faults(content), *_settings_faults(content.get("settings")))
    try:
        mapping = Mapping(**content)
    except ValidationError as error:
        raise ConfigError(str(path), stream_settings.faults(error) + found) from None
    if found:
        raise ConfigError(str(path), found)
    return mapping


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean '...'?` where a known name is close, otherwise nothing."""
    by_folded = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1)
    return f"; did you mean '{by_folded[close[0]]}'?" if close else ""


def _settings_faults(block: Any) -> tuple[Fault, ...]:
    """Faults of single settings; whether they agree with each other shows only together with csat.yaml."""
    if not isinstance(block, dict):
        return ()
    try:
        stream_settings.Settings(**{str(key): value for key, value in block.items()})
    except ValidationError as error:
        return tuple(Fault(f"settings.{fault.path}", fault.message) for fault in stream_settings.faults(error) if fault.path)
    return ()


def _rule_faults(content: dict[str, Any]) -> Iterator[Fault]:
    """What the model of a single part can't see; parts of a wrong shape are left to the model."""
    rules = content.get("events")
    names: set[Any] = set()
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        if not isinstance(rule, dict):
            continue
        path = f"events.{index}"
        name = str(rule.get("name"))
        if name in names:
            yield Fault(f"{path}.name", "another rule has this name")
        names.add(name)
        if rule.get("time") is None and content.get("time") is None:
            yield Fault(f"{path}.time", "missing here, and there is no time for all events")
        yield from _field_faults(path, str(rule.get("type")), rule.get("fields", {}))


def _field_faults(path: str, event_type: str, fields: Any) -> Iterator[Fault]:
    known = next((kinds for name, kinds in FIELDS.items() if name == event_type), None)
    if known is None or not isinstance(fields, dict):
        return
    for name in next(names for key, names in REQUIRED.items() if key == event_type):
        if name not in fields:
            yield Fault(f"{path}.fields.{name}", f"missing; {event_type} needs it")
    for name, cell in fields.items():
        if name in known:
            yield from _constant_faults(f"{path}.fields.{name}", cell, known[name])
        else:
            yield Fault(f"{path}.fields.{name}", f"{event_type} has no such field{nearest(str(name), known)}")


def _constant_faults(path: str, cell: Any, kind: Kind) -> Iterator[Fault]:
    try:
        texts = list(Cell.model_validate(cell).constants)
    except ValidationError:
        return
    for text in texts:
        try:
            convert(text, kind)
        except UnreadableError as error:
            yield Fault(path, str(error))
