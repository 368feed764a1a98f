"""What the scorer supplies beside a change of state, so that an alert can explain itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schemas.alert_parts import Comparison
from stream.alerts.rules import Rule
from stream.alerts.silences import Silence
from stream.alerts.why import Counts, NoWhy
from stream.kpis.definition import Reading


@dataclass(frozen=True, slots=True)
class Parts:
    """A proportion by the children of one dimension, (part, whole) by name: in the deciding window, and in the one compared with."""

    dimension: str
    compared_with: Comparison
    before: Mapping[str, tuple[int, int]]
    after: Mapping[str, tuple[int, int]]
    min_n: int = 1


class Hourly(NamedTuple):
    """A proportion by hour pane, oldest first and without gaps; `first` is the index of the first pane (hours since 1970)."""

    first: int
    part: Sequence[int]
    whole: Sequence[int]


UNSPLIT = NoWhy("no dimension to split it by")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Of one rule and segment at one tick; times in ms. What is not known is left out, and the alert says so."""

    rule: Rule
    as_of: int
    revision: int
    window: str | None = None
    """The window that decides, where the rule leaves it open; its first one otherwise."""
    reading: Reading | None = None
    """The metric in that window."""
    ratio: Counts | None = None
    """The proportion in that window."""
    parts: Parts | NoWhy = UNSPLIT
    hourly: Hourly | None = None
    usual: float | None = None
    """Usual value in percent, for the start of the shift; the target where it is unknown."""
    lately: Reading | None = None
    """The metric in the last hour ..."""
    before_lately: Reading | None = None
    """... and in the hour before."""
    backlog: int | None = None
    oldest_waiting: int | None = None
    first_response: Reading | None = None
    """First response over 24h."""
    evidence: Sequence[str] = ()
    """Tickets to look at: the one that waits longest, or those of the worst ratings, worst first."""
    inhibits: Sequence[str] = ()
    """Segments (canonical texts) that the alert speaks for."""
    silence: Silence | None = None
    episode: Counts | None = None
    """The proportion over the whole episode, once it has ended."""
    panel_url: str | None = None
    runbook_url: str | None = None
