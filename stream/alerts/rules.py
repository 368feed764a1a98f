"""Rules as data: one model a kind of condition. The shipped set is `default_rules.yaml`, with the source of each number beside it. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stream.durations import DAY, HOUR, MINUTE, Duration, DurationOrNone

Severity = Literal["page", "ticket", "info"]
Probability = Annotated[float, Field(gt=0.5, lt=1)]
Percent = Annotated[float, Field(gt=0, lt=100)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True, allow_inf_nan=False)


class _Rule(_Part):
    """What every rule has."""

    severity: Severity
    """Whom it wakes: `page` somebody now, `ticket` somebody in office hours, `info` nobody."""
    enabled: bool = True
    """Switched off where false."""
    source: str
    """Where the numbers come from."""
    wait: DurationOrNone = Field(default=5 * MINUTE, alias="for")
    """How long the condition must hold before the rule fires."""
    clear_for: DurationOrNone = HOUR
    """How long the score must be past target again, with data, before the rule is resolved."""
    cooldown: Duration = 6 * HOUR
    """Nobody is notified again within this time, unless it gets worse; what still holds at its end is said again."""
    worse_by: float = Field(default=10.0, gt=0)
    """Points (percent of the target where it is a time, of the age last said for the oldest waiting ticket) by which it must get worse to be said
    again within the cooldown."""
    lists: tuple[tuple[str, ...], ...] | None = None
    """Segment lists the rule is applied to; every configured one without agents where absent."""
    segment: dict[str, str] | None = None
    """Only segments with these values; all where absent."""
    freezes_with_signal: bool = False
    """Stands still while the ratings it is made of do not come in (a signal_lost rule fires)."""


class Bound(_Part):
    """A window whose confidence bound is compared with the target."""

    window: str
    """Window, such as 4h."""
    z: float = Field(gt=0)
    """Normal quantile of the one-sided bound."""
    min_n: int = Field(ge=1)
    """Fewest cases."""


class Point(_Part):
    """A window whose plain value is compared with the target."""

    window: str
    """Window, such as 1h."""
    min_n: int = Field(default=1, ge=1)
    """Fewest cases."""


class TwoWindows(_Rule):
    """A proportion is surely below target in a long window, and still below it in a short one."""

    kind: Literal["two_windows"]
    metric: str
    """A percentage, such as csat."""
    long: Bound
    """The window that must be sure."""
    short: Point
    """The window that shows that it goes on."""


class OneWindow(_Rule):
    """A figure is surely past target in one window."""

    kind: Literal["one_window"]
    metric: str
    """Figure, such as csat."""
    window: Bound
    """The window that must be sure."""
    side: Literal["below", "above"] = "below"
    """Which side of the target is bad."""
    min_history: Duration | None = None
    """The segment's first case must lie this far back, so that a window that has hardly begun is not taken for a whole one."""
    lowers_page_target_by: float | None = Field(default=None, ge=0)
    """Once fired, the paging rules of the metric compare with this many points below the score it fired at, until the target is changed."""


class Drift(_Rule):
    """A proportion has slowly shifted down: a CUSUM over hour panes."""

    kind: Literal["drift"]
    metric: str
    """A percentage, such as csat."""
    baseline: Percent | None = None
    """Its usual value in percent; where absent, that of at least `baseline_n` cases that end `baseline_gap` ago, otherwise there is no rule."""
    baseline_n: int = Field(default=3_000, ge=1)
    """Fewest cases of a baseline."""
    baseline_gap: Duration = 7 * DAY
    """The baseline ends this long ago."""
    thresholds: dict[int, float] = {5: 5.5, 20: 6.4}
    """Threshold of the CUSUM by cases an hour; between them by the logarithm of the rate, beyond them the nearest."""


class Oldest(_Rule):
    """The oldest waiting ticket has waited a multiple of its target."""

    kind: Literal["oldest"]
    metric: str = "oldest_waiting"
    """An opening time."""
    factor: float = Field(gt=1)
    """Multiple of the first-response target."""


class Burn(_Rule):
    """The share of bad cases that the target allows is used up too fast, in a long and a short window."""

    kind: Literal["burn"]
    metric: str
    """A percentage, such as csat."""
    burn: float = Field(gt=1)
    """Bad cases as a multiple of those the target allows."""
    long: Point
    """The window that must show it."""
    short: Point
    """The window that shows that it goes on."""


class SignalLost(_Rule):
    """Nothing comes in where by the same hours of the last weeks something should."""

    kind: Literal["signal_lost"]
    metric: str
    """Figure whose cases are counted, such as csat."""
    windows: tuple[str, ...]
    """Candidates; the shortest in which enough is expected counts."""
    expected: float = Field(gt=0)
    """Cases expected at least."""
    weeks: int = Field(default=4, ge=1, le=5)
    """Weeks looked back at."""
    min_weeks: int = Field(default=2, ge=1)
    """Weeks needed at least."""


class SignalLow(_Rule):
    """Surely less than a share of what is expected comes in."""

    kind: Literal["signal_low"]
    metric: str
    """Figure whose cases are counted, such as csat."""
    window: str
    """Window, such as 4h."""
    expected: float = Field(gt=0)
    """Cases expected at least."""
    share: float = Field(gt=0, lt=1)
    """Share of the expected cases."""
    confidence: Probability = 0.99
    """Of the upper Poisson bound."""
    weeks: int = Field(default=4, ge=1, le=5)
    """Weeks looked back at."""
    min_weeks: int = Field(default=2, ge=1)
    """Weeks needed at least."""


class Intake(_Rule):
    """Surely more than a share of all records are dead letters."""

    kind: Literal["intake"]
    window: str
    """Window, such as 15m."""
    above: Percent
    """Share of dead letters in percent."""
    confidence: Probability = 0.99
    """Of the lower bound."""
    min_n: int = Field(ge=1)
    """Fewest records."""


class Rating(_Rule):
    """Every single rating on the lowest step of its scale: an event, not a state."""

    kind: Literal["rating"]
    at_most_an_hour: int = Field(default=20, ge=1)
    """Most notifications an hour to one receiver; the rest are counted and said together."""


class Custom(_Rule):
    """A rule of one's own."""

    kind: Literal["custom"]
    metric: str
    """Any figure."""
    window: str
    """Any of its windows; `now` for levels."""
    below: float | None = None
    """Bad below this, in the figure's unit."""
    above: float | None = None
    """Bad above this, in the figure's unit."""
    min_n: int = Field(default=1, ge=1)
    """Fewest cases."""
    confidence: Probability | None = None
    """Compare the one-sided bound with this confidence instead of the value."""

    @model_validator(mode="after")
    def _one_side(self) -> Custom:
        if (self.below is None) == (self.above is None):
            raise ValueError("exactly one of 'below' and 'above' is needed")
        return self


Rule = Annotated[
    TwoWindows | OneWindow | Drift | Oldest | Burn | SignalLost | SignalLow | Intake | Rating | Custom,
    Field(discriminator="kind"),
]
