"""Simulated history: Poisson arrivals by hour of the week and day, each satisfied with some probability; a seed gives the same again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stream.alerts.verdict import Ints
from stream.backtest.history import MINUTES_AN_HOUR, Cases, History, Segment, entries, nothing
from stream.durations import DAY, MINUTE

METRIC = "csat"
MONDAY = 20_003 * DAY
"""A Monday, 00:00 UTC (ms): where simulated history begins unless told otherwise."""
ALWAYS = (1.0,) * 168
"""Every hour of the week alike, beginning with Monday's first."""
DAYS_ONLY = tuple(float(8 <= hour % 24 < 20) for hour in range(168))  # noqa: PLR2004  8 to 20 o'clock on every day
OFFICE = tuple(float(9 <= hour % 24 < 17 and hour < 120) for hour in range(168))  # noqa: PLR2004  9 to 17 o'clock, Monday to Friday
_MINUTES_A_DAY = DAY // MINUTE


@dataclass(frozen=True, slots=True)
class Step:
    """From the minute `begin` until `end` (of the simulated history) other figures hold: a share of satisfied, a multiple of the rate."""

    begin: int
    end: int
    satisfied: float | None = None
    rate: float = 1.0


@dataclass(frozen=True, slots=True)
class Traffic:
    """Ratings of one smallest segment: how many in an active hour, and the share of them that is satisfied.

    `week`: weight of each of the 168 hours from Monday on. `daily`: coefficient of variation from day to day (gamma), 0 for none.
    """

    segment: Segment
    per_hour: float
    satisfied: float
    week: Sequence[float] = ALWAYS
    daily: float = 0.0
    steps: Sequence[Step] = ()


def simulate(traffic: Sequence[Traffic], days: int, seed: int, lists: Sequence[Sequence[str]]) -> History:
    """`days` days of ratings from `MONDAY` on, added up by `lists`. The k-th traffic is drawn from the generator of (seed, k)."""
    first, minutes = MONDAY // MINUTE, days * _MINUTES_A_DAY
    drawn = [_draw(number, own, minutes, np.random.default_rng([seed, number])) for number, own in enumerate(traffic)]
    counted = entries(*(np.concatenate(column).astype(np.int64) for column in zip(*drawn, strict=True)))
    segments = tuple(own.segment for own in traffic)
    return History(segments, tuple(map(tuple, lists)), {METRIC: Cases(counted, counted)}, nothing(), (), first, first + minutes - 1)


def _draw(number: int, own: Traffic, minutes: int, generator: np.random.Generator) -> tuple[Ints, Ints, Ints, Ints]:
    """The filled minutes of one traffic: its number, the minute pane, satisfied, rated."""
    week = np.repeat(np.asarray(own.week), MINUTES_AN_HOUR)
    rate = np.resize(week, minutes) * own.per_hour / MINUTES_AN_HOUR
    share = np.full(minutes, own.satisfied)
    if own.daily:
        shape = own.daily**-2
        rate *= np.repeat(generator.gamma(shape, 1 / shape, minutes // _MINUTES_A_DAY), _MINUTES_A_DAY)
    for step in own.steps:
        rate[step.begin : step.end] *= step.rate
        if step.satisfied is not None:
            share[step.begin : step.end] = step.satisfied
    rated = generator.poisson(rate)
    at = np.flatnonzero(rated)
    return np.full(len(at), number), at + MONDAY // MINUTE, generator.binomial(rated[at], share[at]), rated[at]


FLEET_LISTS = ((), ("team",), ("channel",))
_CHANNELS = {"email": 0.4, "chat": 0.3, "phone": 0.2, "social": 0.1}


def fleet(generator: np.random.Generator, teams: int = 20) -> list[Traffic]:
    """A healthy helpdesk: teams of 1 to 12 ratings an hour by day, 0.82 to 0.94 satisfied, spread over four channels."""
    drawn = zip(generator.uniform(1, 12, teams), generator.uniform(0.82, 0.94, teams), strict=True)
    return [
        Traffic({"team": f"team-{number:02}", "channel": channel}, per_hour * share, satisfied, DAYS_ONLY)
        for number, (per_hour, satisfied) in enumerate(drawn)
        for channel, share in _CHANNELS.items()
    ]
