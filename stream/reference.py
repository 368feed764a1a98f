"""Reference pages made from the code: settings, KPIs, rules and the alert record in `docs/`. `python -m stream.reference [--check]`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from schemas.alerts import Alert
from stream import durations
from stream.kpis.definition import Metric, Span
from stream.kpis.registry import all_metrics
from stream.rules_reference import rules_page
from stream.setting_parts import ALL
from stream.settings import Settings

DOCS = Path(__file__).resolve().parent.parent / "docs"
_ENVIRONMENT = "CSAT_"
_NESTED = "__"
_UNITS = {"percent": "percent", "seconds": "seconds", "tickets": "tickets", "unix_seconds": "Unix seconds"}
_MATURED_FROM = durations.DAY
_PROVISIONAL = ("24h", "7d")

SETTINGS_HEAD = """# Settings

Made by `python -m stream.reference`; do not edit.

Settings stand in `csat.yaml` (`--config FILE`, or `CSAT_CONFIG`), nested as the dots of their path show. An environment variable goes
over the file; lists and mappings are written there as JSON. Durations are a whole number and a unit: `ms`, `s`, `m`, `h` or `d`.
`csat-stream config check` names every fault at once.

| setting | environment variable | default | meaning |
| --- | --- | --- | --- |
"""
KPIS_HEAD = """# KPIs

Made by `python -m stream.reference`; do not edit. What each figure means in every case: [definitions.md](definitions.md).
The definition ids are those of the default settings.

| metric | unit | windows | definition | meaning |
| --- | --- | --- | --- | --- |
"""
RECORD_HEAD = """# The alert record

Made by `python -m stream.reference`; do not edit. What alerts do: [alerts.md](alerts.md). As JSON Schema:
[alert.schema.json](../schemas/generated/alert.schema.json).

A record of `support.alert.changed.v1` is JSON under the key `{"rule":"csat_dip","segment":{"team":"billing"}}`; that of a single rating names
`ticket` and `survey` too. The topic is compacted, so it holds the last record of every rule and segment. A tombstone says that the rule or the
rating is no more. Records under other keys (they have `clock`) are the program's own memory. Every field is there; `null` where there is
nothing to say.

| field | meaning |
| --- | --- |
"""


def pages() -> dict[str, str]:
    """Every page by the name of its file."""
    return {"settings.md": settings_page(), "kpis.md": kpis_page(), "rules.md": rules_page(), "alert-record.md": record_page()}


def settings_page() -> str:
    """Every setting with path, environment variable, default and meaning."""
    rows = (
        f"| `{path}` | `{variable_of(path)}` | {_default(field)} | {_cell(field.description or '')} |" for path, field in settings_fields(Settings)
    )
    return SETTINGS_HEAD + "\n".join(rows) + "\n"


def settings_fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every single setting with its dotted path; groups are gone into."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings_fields(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def variable_of(path: str) -> str:
    """Environment variable of a setting."""
    return _ENVIRONMENT + path.upper().replace(".", _NESTED)


def kpis_page() -> str:
    """Every metric with its unit, windows, definition and meaning."""
    settings = Settings()
    rows = (
        f"| `{metric.name}` | {_UNITS[metric.unit]} | {_windows(metric, settings)} | `{metric.definition(settings)}` | {_cell(metric.meaning)} |"
        for _, metric in all_metrics()
    )
    return KPIS_HEAD + "\n".join(rows) + "\n"


def record_page() -> str:
    """Every field of an alert record with its meaning."""
    return RECORD_HEAD + "".join(f"| `{path}` | {_cell(meaning)} |\n" for path, meaning in record_fields(Alert))


def record_fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every field with its path and meaning; parts are gone into, those of lists too."""
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}", field.description or ""
        for part, mark in _parts(field.annotation):
            yield from record_fields(part, f"{prefix}{name}{mark}.")


def _parts(annotation: Any, mark: str = "") -> Iterator[tuple[type[BaseModel], str]]:
    """The models that a type is made of, each with `[]` where it is a list of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, mark
    for inner in get_args(annotation):
        yield from _parts(inner, "[]" if getattr(annotation, "__origin__", None) is list else mark)


def _windows(metric: Metric, settings: Settings) -> str:
    if metric.span is Span.LEVEL:
        return "now"
    if metric.span is Span.PROVISIONAL:
        return ", ".join(name for name in settings.windows if name in _PROVISIONAL)
    if metric.span is Span.MATURED:
        long = [name for name in settings.windows if name == ALL or durations.parse(name) >= _MATURED_FROM]
        return f"{', '.join(long)}, each 7 d ago"
    return ", ".join(settings.windows)


def _default(field: FieldInfo) -> str:
    """The default as it is written in YAML (flow style is JSON)."""
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "-"
    return f"`{_yaml(value, field)}`"


def _yaml(value: Any, field: FieldInfo) -> str:
    if _is_duration(field):
        return durations.text(value)
    if isinstance(value, dict) and all(isinstance(entry, int) for entry in value.values()):
        return "{" + ", ".join(f"{name}: {durations.text(entry)}" for name, entry in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_item(entry) for entry in value) + "]"
    return str(value) if isinstance(value, str) else json.dumps(value)


def _item(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(value) + "]"
    if isinstance(value, BaseModel):
        return "{" + ", ".join(f"{name}: {entry}" for name, entry in value.model_dump().items()) + "}"
    return str(value)


def _is_duration(field: FieldInfo) -> bool:
    return field.annotation is int and any("Serializer" in type(item).__name__ for item in field.metadata)


def _cell(text: str) -> str:
    """Text for a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check name those that differ from the code; the exit code."""
    stale = [name for name, text in pages().items() if not (DOCS / name).is_file() or (DOCS / name).read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        for name in stale:
            print(f"docs/{name} is not what the code says: run python -m stream.reference")
        return 1 if stale else 0
    DOCS.mkdir(exist_ok=True)
    for name in stale:
        (DOCS / name).write_text(pages()[name], encoding="utf-8")
        print(f"docs/{name} written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
