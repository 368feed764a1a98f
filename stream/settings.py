"""Settings: one frozen model, read from `csat.yaml`, overridden by the environment (`CSAT_` and `__`), checked as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from stream import durations, plain_yaml
from stream.durations import DAY, HOUR, MINUTE, SECOND, Duration
from stream.errors import ConfigError, Fault

Dimension = Literal["team", "channel", "product", "priority", "agent", "campaign", "language"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
AgentLevel = Literal["off", "pseudonymous", "on"]
AttributionSource = Literal["snapshot", "last_replier", "ticket"]
ALL = "all"


def _window_name(name: str) -> str:
    if name != ALL:
        window_length(name)
    return name


WindowName = Annotated[str, AfterValidator(_window_name)]


def _without_user(url: str) -> str:
    try:
        address = urlsplit(url)
    except ValueError:  # no URL at all: whoever uses it says so
        return url
    if address.scheme in ("http", "https") and "@" in address.netloc:
        raise ValueError("holds a user name or password, and secrets are never in the settings")
    return url


PublicUrl = Annotated[str, AfterValidator(_without_user)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class Kafka(_Part):
    """How to reach the brokers. Secrets come from files or the environment, never from the command line."""

    bootstrap_servers: str = "127.0.0.1:9092"
    """Comma-separated host:port list."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How connections are secured."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """SASL mechanism, used with the SASL protocols."""
    sasl_username: str | None = None
    """SASL user name."""
    sasl_password_file: Path | None = None
    """File that holds the SASL password."""
    ssl_cafile: Path | None = None
    """CA certificates; the system's where absent."""
    session_timeout: Duration = 6 * SECOND
    """After this long without a heartbeat a worker's partitions go to another; brokers refuse less than 6 s by default."""
    replication_factor: int | None = Field(default=None, ge=1)
    """Of topics this program creates; 3 where there are three brokers or more, otherwise 1."""


class Topics(_Part):
    """Names of the topics that this program shares with others."""

    opened: str = "support.ticket.opened.v1"
    """Tickets opened."""
    replied: str = "support.ticket.replied.v1"
    """Replies and notes."""
    closed: str = "support.ticket.closed.v1"
    """Tickets closed, reopened, merged."""
    ratings: str = "support.rating.submitted.v1"
    """Ratings submitted and surveys offered."""
    scores: str = "support.score.updated.v1"
    """Scores (output, compacted)."""
    dead_letters: str = "support.deadletter.v1"
    """What could not be read (output)."""
    alerts: str = "support.alert.changed.v1"
    """Alerts (output, compacted)."""
    followups: str = "support.followup.due.v1"
    """Low ratings that wait for an answer (output, compacted)."""
    silences: str = "support.silence.v1"
    """Who silenced which alerts until when (compacted; written by `csat-stream silence`)."""

    @property
    def sources(self) -> tuple[str, str, str, str]:
        """The four topics that are read."""
        return self.opened, self.replied, self.closed, self.ratings


class Scale(_Part):
    """One rating scale: scores from `min` to `max`, satisfied from `satisfied` on."""

    min: int
    """Lowest score."""
    max: int
    """Highest score."""
    satisfied: int
    """Lowest score that counts as satisfied."""

    @model_validator(mode="after")
    def _ordered(self) -> Scale:
        if not self.min < self.satisfied <= self.max:
            raise ValueError("must hold: min < satisfied <= max")
        return self


class Targets(_Part):
    """Targets of time figures."""

    first_response: dict[str, Duration] = Field(default={"default": HOUR, "email": HOUR, "chat": HOUR, "social": HOUR, "phone": 3 * MINUTE})
    """First-response target by channel; `default` is for every other channel."""

    @field_validator("first_response")
    @classmethod
    def _has_default(cls, value: dict[str, int]) -> dict[str, int]:
        if "default" not in value:
            raise ValueError("the key 'default' is missing")
        return value


class Schedule(_Part):
    """Business hours."""

    timezone: str
    """IANA name, such as Europe/Amsterdam."""
    weekly: dict[Weekday, tuple[tuple[ClockTime, ClockTime], ...]]
    """Open hours by day (mon to sun): pairs of HH:MM, the end up to 24:00; a night shift is two spans."""
    holidays: tuple[date, ...] = ()
    """Days that are closed, in the schedule's time zone."""

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("not the name of a time zone") from None
        return value

    @field_validator("weekly")
    @classmethod
    def _spans_are_in_order(cls, value: dict[Weekday, tuple[tuple[str, str], ...]]) -> dict[Weekday, tuple[tuple[str, str], ...]]:
        if not any(value.values()):
            raise ValueError("at least one day must have open hours")
        for day, spans in value.items():
            times = [time for span in spans for time in span]
            if sorted(set(times)) != times:
                raise ValueError(f"{day}: spans must be in order, and apart")
        return value


class ScheduleRule(_Part):
    """Which schedule a team or channel has; the first rule that fits counts."""

    schedule: str
    """Name of a schedule."""
    team: str | None = None
    """Only this team; any where absent."""
    channel: str | None = None
    """Only this channel; any where absent."""


class FollowUp(_Part):
    """Which ratings somebody should follow up, and until when."""

    at_most_stars: int = Field(default=2, ge=1, le=4)
    """Ratings of up to this many stars (any scale moved to 1-5)."""
    due: Duration = DAY
    """Business hours after the rating; calendar hours where there is no schedule."""
    tags: tuple[str, ...] = ("followed-up",)
    """A tag among these closes it, as a public human reply does."""


class SegmentTargets(_Part):
    """Targets of one segment and of all within it."""

    segment: dict[Dimension, str]
    """Values, such as {team: billing}."""
    scores: dict[str, float]
    """Target by figure, in its unit."""


class Alerts(_Part):
    """Rules and targets of alerts."""

    targets: dict[str, float] = Field(
        default={"csat": 80.0, "first_response_within": 80.0, "fcr_one_touch": 70.0},
    )
    """Target by figure, in its unit."""
    segment_targets: tuple[SegmentTargets, ...] = ()
    """Other targets of some segments; the one with most values counts."""
    rules: dict[str, dict[str, Any]] = {}
    """Changes to the shipped rules by name, and rules of one's own."""
    explain_by: tuple[Dimension, ...] = ("team", "channel", "product")
    """Dimensions whose values explain a change, in order of preference."""
    panel_url: PublicUrl | None = None
    """Link to a dashboard; {rule} and {team}, {channel}, ... are filled in."""
    runbook_url: PublicUrl | None = None
    """Link to what to do; {rule} is filled in."""


class Receiver(_Part):
    """Somebody who is notified directly."""

    name: str = Field(pattern=r"^[a-zA-Z0-9._-]{1,60}$")
    """Name in logs and metrics."""
    kind: Literal["webhook", "apprise"]
    """webhook: signed JSON; apprise: Slack, Teams, mail, PagerDuty and others by an apprise URL."""
    url: PublicUrl | None = None
    """URL of a webhook that holds no secret; `url_file` otherwise."""
    url_file: Path | None = None
    """File that holds the URL."""
    secret_file: Path | None = None
    """File with the secret that webhooks are signed with."""
    severities: tuple[Literal["page", "ticket", "info"], ...] = ("page", "ticket")
    """Severities that are sent."""
    rules: tuple[str, ...] | None = None
    """Only these rules; all where absent."""
    segment: dict[Dimension, str] = {}
    """Only segments with these values."""
    timeout: Duration = 10 * SECOND
    """Longest time for one attempt."""
    at_most_an_hour: int = Field(default=60, ge=1)
    """Most info notifications an hour; the rest are counted and said together."""

    @field_validator("severities", "rules")
    @classmethod
    def _gets_something(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value == ():
            raise ValueError("at least one is needed, or nothing is ever sent")
        return value

    @model_validator(mode="after")
    def _has_one_url(self) -> Receiver:
        if (self.url is None) == (self.url_file is None):
            raise ValueError("exactly one of 'url' and 'url_file' is needed")
        if self.kind == "apprise" and self.url_file is None:
            raise ValueError("an apprise URL holds secrets: 'url_file' is needed")
        return self


class Metrics(_Part):
    """Prometheus metrics of a worker."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int | None = Field(default=None, ge=0, le=65535)
    """Port to listen on; no metrics where absent, any free one for 0."""
    agents: bool = False
    """Whether agent-level scores are shown too (they need `agents: on` or `pseudonymous`)."""
    windows: tuple[WindowName, ...] = ("1h", "24h", "7d", "30d")
    """Windows that are shown, of those published; each costs about 100 series a segment. What stands `now` always is."""


class Publishing(_Part):
    """How often one score record may be published: at once after quiet, then every window / `divisor`, between `min` and `max`."""

    divisor: int = Field(default=3600, ge=1)
    """The window is divided by this."""
    min: Duration = SECOND
    """Shortest interval."""
    max: Duration = MINUTE
    """Longest interval."""


class Clock(_Part):
    """Where `now` comes from when there is no traffic. Only `try`, `demo` and tests set it."""

    fixed: int | None = None
    """Now stands still at this time (ms since 1970)."""
    simulated_from: int | None = None
    """Simulated time began here (ms since 1970) ..."""
    simulated_at: int | None = None
    """... at this wall-clock time (ms since 1970) ..."""
    simulated_speed: float = Field(default=1.0, gt=0)
    """... and runs this many times faster until it has caught up with the wall clock."""


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
    """Copies of the state that other workers keep ready."""
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


def window_length(name: str) -> int:
    """Length of a window in milliseconds; ValueError where panes can't make it up. `all` has none."""
    length = durations.parse(name)
    unit, limit = (MINUTE, 4 * HOUR) if length <= 4 * HOUR else (HOUR, 30 * DAY)
    if length % unit or length > limit:
        raise ValueError(f"{name}: windows are whole minutes up to 4h, whole hours up to 30d, or 'all'")
    return length


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
