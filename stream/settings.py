"""Settings: one frozen model, read from `csat.yaml`, overridden by the environment (`CSAT_` and `__`), checked as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from stream import plain_yaml
from stream.durations import DAY, MINUTE, Duration
from stream.errors import ConfigError, Fault
from stream.setting_parts import (
    ALL,
    AgentLevel,
    Alerts,
    AttributionSource,
    Clock,
    Dimension,
    FollowUp,
    Kafka,
    Metrics,
    Publishing,
    Receiver,
    Scale,
    Schedule,
    ScheduleRule,
    Targets,
    Topics,
    WindowName,
    window_length,
)

DEFAULT_SEGMENTS: tuple[tuple[Dimension, ...], ...] = ((), ("team",), ("channel",), ("team", "channel"))
DEFAULT_SCALES = (
    Scale(min=0, max=1, satisfied=1),
    Scale(min=1, max=2, satisfied=2),
    Scale(min=1, max=3, satisfied=3),
    Scale(min=1, max=5, satisfied=4),
    Scale(min=1, max=7, satisfied=6),
    Scale(min=0, max=10, satisfied=8),
    Scale(min=0, max=100, satisfied=80),
)


class Settings(BaseSettings):
    """All settings. Names, defaults and descriptions here make the settings reference in `docs/settings.md`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="CSAT_",
        env_nested_delimiter="__",
        use_attribute_docstrings=True,
        nested_model_default_partial_update=True,
    )

    app: str = Field(default="csat-stream", pattern=r"^[a-zA-Z0-9._-]{1,80}$")
    """Name of this installation: consumer group, and prefix of its internal topics."""
    kafka: Kafka = Kafka()
    """Brokers."""
    topics: Topics = Topics()
    """Topics."""
    segments: tuple[tuple[Dimension, ...], ...] = DEFAULT_SEGMENTS
    """Lists of dimensions to publish scores for; the empty list is everything."""
    windows: tuple[WindowName, ...] = ("15m", "1h", "4h", "24h", "7d", "30d", ALL)
    """Sliding windows: whole minutes up to 4h, whole hours up to 30d; `all` is everything since the beginning."""
    publish: Publishing = Publishing()
    """Publishing intervals."""
    agents: AgentLevel = "off"
    """Agent-level figures: off, pseudonymous or on."""
    agent_key_file: Path | None = None
    """File with the secret key of pseudonyms (16 bytes or more); required for `pseudonymous`."""
    min_group: int = Field(default=5, ge=2)
    """Agent-level figures with fewer cases are withheld."""
    min_n: int = Field(default=10, ge=1)
    """Scores with fewer cases have the state insufficient_data."""
    scales: tuple[Scale, ...] = DEFAULT_SCALES
    """Rating scales that are accepted."""
    attribution: tuple[AttributionSource, ...] = ("snapshot", "last_replier", "ticket")
    """Where the team and agent of a rating come from: the first of these that has one."""
    targets: Targets = Targets()
    """Targets."""
    lateness: Duration = 7 * DAY
    """Events older than this against the newest of their topic partition are dead letters."""
    future: Duration = 5 * MINUTE
    """Events further than this after their broker timestamp are dead letters."""
    life_gap: Duration = 21 * DAY
    """A closed ticket that has been quiet for longer begins a new life with the next event."""
    max_open_age: Duration = 400 * DAY
    """Open tickets older than this leave backlog and waiting figures."""
    rating_lock: Duration = 14 * DAY
    """Ratings later than this after the survey was offered (or first rated) change nothing."""
    flush_interval: Duration = 250
    """State is made durable at once after quiet, then this often; in a backlog, where nobody waits for it, less often."""
    standbys: int = Field(default=0, ge=0)
    """Copies of the state that other workers keep ready; with one or more, they read the sums ahead too, so that any of them soon publishes again."""
    local_store: Path | None = None
    """Folder for a copy of the state on the disk of this worker (extra `rocksdb`): states larger than memory; a restart reads only what is new."""
    ready_file: Path | None = None
    """Created once the worker has caught up, removed when it stops."""
    clock: Clock = Clock()
    """Source of now."""
    schedules: dict[str, Schedule] = {}
    """Business hours by name."""
    schedule_of: tuple[ScheduleRule, ...] = ()
    """Which schedule applies; none where no rule fits."""
    follow_up: FollowUp = FollowUp()
    """Low ratings that somebody should follow up."""
    alerts: Alerts = Alerts()
    """Alerts."""
    notify: tuple[Receiver, ...] = ()
    """Who is notified directly."""
    metrics: Metrics = Metrics()
    """Prometheus."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given: `load` merges file and environment itself."""
        return (init_settings,)

    @field_validator("local_store")
    @classmethod
    def _local_store_is_a_folder(cls, value: Path | None) -> Path | None:
        # An empty variable of the environment is the path ".", which nobody means.
        return None if value in (None, Path()) else value.expanduser()

    @field_validator("segments")
    @classmethod
    def _segments_are_sets(cls, value: tuple[tuple[Dimension, ...], ...]) -> tuple[tuple[Dimension, ...], ...]:
        if not value:
            raise ValueError("at least one list is needed; [] is everything")
        for dimensions in value:
            if len(set(dimensions)) != len(dimensions):
                raise ValueError(f"{list(dimensions)} names a dimension twice")
        sets = [frozenset(dimensions) for dimensions in value]
        for dimensions, seen in zip(value, sets, strict=True):
            if sets.count(seen) > 1:
                raise ValueError(f"{list(dimensions)} is listed twice")
        return value

    @field_validator("windows")
    @classmethod
    def _windows_fit_panes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("at least one window is needed")
        lengths = [0 if name == ALL else window_length(name) for name in value]
        if len(set(lengths)) != len(lengths):
            raise ValueError("two windows have the same length")
        return value

    @field_validator("scales")
    @classmethod
    def _scales_differ(cls, value: tuple[Scale, ...]) -> tuple[Scale, ...]:
        ordered = sorted((scale.min, scale.max) for scale in value)
        for one, other in pairwise(ordered):
            if one == other:
                raise ValueError(f"the scale {one[0]} to {one[1]} is listed twice")
        return value

    @model_validator(mode="after")
    def _fit_together(self) -> Settings:
        misfits = "; ".join(_misfits(self))
        if misfits:
            raise ValueError(misfits)
        return self

    @field_validator("notify")
    @classmethod
    def _receivers_differ(cls, value: tuple[Receiver, ...]) -> tuple[Receiver, ...]:
        names = [receiver.name for receiver in value]
        if len(set(names)) != len(names):
            raise ValueError("two receivers have the same name")
        return value

    @property
    def scale_rules(self) -> dict[tuple[int, int], int]:
        """Lowest satisfied score by (lowest, highest) score of a scale."""
        return {(scale.min, scale.max): scale.satisfied for scale in self.scales}


def _misfits(settings: Settings) -> Iterator[str]:
    """What is wrong between settings that are right by themselves."""
    if settings.agents == "off" and any("agent" in dimensions for dimensions in settings.segments):
        yield "segments: the dimension 'agent' needs 'agents: on' or 'agents: pseudonymous'"
    if settings.agents == "pseudonymous" and settings.agent_key_file is None:
        yield "agents: 'pseudonymous' needs agent_key_file"
    unknown = [rule.schedule for rule in settings.schedule_of if rule.schedule not in settings.schedules]
    if unknown:
        yield f"schedule_of: no schedule is called {', '.join(repr(name) for name in unknown)}"


def load(path: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Settings of a file, the environment over it, `overrides` over both; ConfigError with every fault at once."""
    found = written(path, overrides)
    try:
        return Settings(**found)
    except ValidationError as error:
        raise ConfigError(source_of(path), faults(error)) from None


def written(path: Path | None, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What `load` makes settings of, as it is written; ConfigError where file or environment can't be read."""
    from_file = plain_yaml.load(path, may_be_empty=True) if path else {}
    return _merged(_merged(from_file, _environment()), dict(overrides or {}))


def source_of(path: Path | None) -> str:
    """How an error names where settings come from."""
    return str(path) if path else "settings"


def faults(error: ValidationError) -> tuple[Fault, ...]:
    """Every fault of a pydantic error with its dotted path; never the value that was given."""
    return tuple(
        Fault(".".join(str(part) for part in item["loc"]), item["msg"].removeprefix("Value error, "))
        for item in error.errors(include_input=False, include_url=False)
    )


def _environment() -> dict[str, Any]:
    """Settings of the environment; lists and mappings are JSON there."""
    try:
        return dict(EnvSettingsSource(Settings)())
    except SettingsError as error:
        field = re.search(r'field "(\w+)"', str(error))
        raise ConfigError("environment", (Fault(f"CSAT_{field[1].upper()}" if field else "", "not valid JSON"),)) from None


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = {key: _merged(under[key], over[key]) for key in under.keys() & over.keys() if isinstance(under[key], dict) and isinstance(over[key], dict)}
    return {**under, **over, **both}
