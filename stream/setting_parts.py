"""The parts of the settings, each right by itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from stream import durations
from stream.durations import DAY, HOUR, MINUTE, SECOND, Duration

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
    group_instance_id: str | None = Field(default=None, min_length=1, max_length=249, pattern=r"^[A-Za-z0-9._-]+$")
    """A fixed name for this worker, another for each (static membership): restarted within the session timeout it has its partitions back at once."""
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
    """How often one score record may be published: at once after quiet, then every window / `divisor`, between `min` and `max`.

    The first interval after quiet is between half and one and a half times as long, until the score's own time in the interval has come.
    """

    divisor: int = Field(default=3600, ge=1)
    """The window is divided by this. Each score has its own time in the interval, so that they don't all come at once."""
    min: Duration = SECOND
    """Shortest interval: between two records of a key it is the average, and half of it the least."""
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


def window_length(name: str) -> int:
    """Length of a window in milliseconds; ValueError where panes can't make it up. `all` has none."""
    length = durations.parse(name)
    unit, limit = (MINUTE, 4 * HOUR) if length <= 4 * HOUR else (HOUR, 30 * DAY)
    if length % unit or length > limit:
        raise ValueError(f"{name}: windows are whole minutes up to 4h, whole hours up to 30d, or 'all'")
    return length
