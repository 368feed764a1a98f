"""What most commands begin with: settings from file, environment and options, a broker that answers, and two consoles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rich.console import Console

from schemas.times import from_iso
from stream.engine import topics
from stream.errors import UsageError
from stream.segment_text import segment_of, segment_text
from stream.settings import Settings, load

DEFAULT_CONFIG = Path("csat.yaml")


@dataclass(frozen=True, slots=True)
class Common:
    """The options that every command has."""

    config: Path | None = None
    bootstrap_servers: str | None = None

    def settings(self, overrides: Mapping[str, Any] | None = None) -> Settings:
        """Settings of the file given, else of csat.yaml if it exists; ConfigError with every fault at once."""
        return load(self.path, {**self.overrides(), **(overrides or {})})

    def overrides(self) -> dict[str, Any]:
        """What the options say over the settings."""
        return {"kafka": {"bootstrap_servers": self.bootstrap_servers}} if self.bootstrap_servers else {}

    @property
    def path(self) -> Path | None:
        """The settings file, None where there is none."""
        return self.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)


@cache
def out() -> Console:
    """What was asked for: stdout. No text is taken for markup, since most of it is somebody else's."""
    return Console(highlight=False, markup=False, emoji=False)


@cache
def err() -> Console:
    """Progress and remarks: stderr. No text is taken for markup."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def write_lines(lines: Sequence[str]) -> None:
    """Lines to stdout as they are."""
    for line in lines:
        out().out(line, highlight=False)


def remark(text: str) -> None:
    """A line to stderr as it is."""
    err().out(text, highlight=False)


async def require_broker(settings: Settings) -> None:
    """BrokerUnavailable where no broker answers."""
    async with topics.admin(settings):
        return


@dataclass(frozen=True, slots=True)
class Choice:
    """Which figures were asked for; None is all. A segment names all of its dimensions, the empty one is everything."""

    metric: str | None = None
    segment: Mapping[str, str] | None = None
    window: str | None = None

    def takes(self, metric: str, segment: Mapping[str, str], window: str) -> bool:
        """Whether this figure was asked for."""
        wanted = (self.metric in (None, metric), self.window in (None, window), self.segment is None or dict(self.segment) == dict(segment))
        return all(wanted)

    def __str__(self) -> str:
        segment = None if self.segment is None else segment_text(self.segment)
        parts = (("metric", self.metric), ("segment", segment), ("window", self.window))
        return ", ".join(f"{name} {value}" for name, value in parts if value is not None)


def choice_of(metric: str | None, segment: Sequence[str] | None, window: str | None) -> Choice:
    """The choice of the options --metric, --segment and --window; UsageError where such a figure can't exist."""
    chosen = Choice(metric, parse_segment(segment), window)
    from stream.kpis.registry import all_metrics

    metrics = [found.name for _, found in all_metrics()]
    if metric is not None and metric not in metrics:
        raise UsageError(f"--metric {metric} does not exist; there are {', '.join(metrics)}")
    return chosen


def time_of(option: str, text: str | None) -> int | None:
    """An RFC 3339 time in ms; a date alone is its midnight UTC."""
    if text is None:
        return None
    try:
        return from_iso(text if "T" in text or " " in text else f"{text}T00:00:00Z")
    except ValueError:
        raise UsageError(f"{option} is no time; write it as 2026-11-22T10:00:00Z") from None


def parse_segment(parts: Sequence[str] | None) -> dict[str, str] | None:
    """The segment of the option --segment, given several times or with commas; None where it was not given. UsageError where it is none."""
    if not parts:
        return None
    try:
        return segment_of(parts)
    except ValueError as error:
        raise UsageError(f"--segment {error}") from None
