"""Every file that is made from the names: its text, and whether the one on disk is still the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from stream.deploy import alertmanager, dashboard, metrics_page, prometheus

_HEAD = "# Made by `python -m stream.deploy`; do not edit.\n"
_WIDE = 10_000
GENERATED = ("deploy", "docs/metrics.md")
"""Folders that hold nothing else, and single files; below the root of the repository."""


def contents(teams: Sequence[str], url: str = alertmanager.RECEIVER_URL) -> dict[str, str]:
    """Text by path below the root. `teams`: who has a route of their own; `url`: where Alertmanager sends."""
    return {
        "deploy/prometheus/prometheus.yml": yaml_text(prometheus.config()),
        f"deploy/prometheus/{prometheus.RULES_FILE}": yaml_text(prometheus.rules(teams)),
        "deploy/alertmanager/alertmanager.yml": yaml_text(alertmanager.config(teams, url)),
        "deploy/grafana/dashboards/csat-stream.json": dashboard.text(),
        "deploy/grafana/provisioning/datasources/prometheus.yml": yaml_text(dashboard.datasources()),
        "deploy/grafana/provisioning/dashboards/csat-stream.yml": yaml_text(dashboard.providers()),
        "docs/metrics.md": metrics_page.page(),
    }


def yaml_text(value: Mapping[str, Any]) -> str:
    """YAML in the order given, one line for each value."""
    return _HEAD + yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=_WIDE)


def differences(root: Path, wanted: Mapping[str, str]) -> list[str]:
    """One line for each file below a root that is not as generated."""
    there = {path.relative_to(root).as_posix() for place in GENERATED for path in _files(root / place)}
    missing = [f"{name}: is missing" for name in wanted.keys() - there]
    needless = [f"{name}: is not generated any more" for name in there - wanted.keys()]
    stale = [f"{name}: differs" for name in wanted.keys() & there if (root / name).read_text(encoding="utf-8") != wanted[name]]
    return sorted(missing + needless + stale)


def write(root: Path, wanted: Mapping[str, str]) -> None:
    """Writes every file; other files are left alone."""
    for name, text in wanted.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _files(place: Path) -> list[Path]:
    return [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
