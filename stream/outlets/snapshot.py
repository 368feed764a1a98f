"""What one scrape shows: current scores, alerts and the worker's health, taken at one moment in the event loop's thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from stream.kpis.definition import Metric, Reading
from stream.outlets.health import Health

AlertState = Literal["pending", "firing", "stale"]
"""States that are shown; an alert that is at rest has no series."""
Severity = Literal["page", "ticket", "info"]


class Score(NamedTuple):
    """One metric of one segment and window."""

    metric: Metric
    segment: Mapping[str, str]
    window: str
    reading: Reading


class Spread(NamedTuple):
    """How the durations of a metric are spread: filled buckets of its sketch (index and count), and their sum in ms."""

    metric: Metric
    segment: Mapping[str, str]
    window: str
    buckets: Sequence[tuple[int, int]]
    sum_ms: int


class Alert(NamedTuple):
    """One alert that is not at rest.

    `since`: start of the episode in ms. `inhibited_by`: the segment whose alert speaks for it: who hears of that one is not notified.
    `silenced`: somebody wants to hear nothing of it for now.
    `explains`: keys (`stream.segments.segment_key`) of the segments whose alert of the same rule this one explains.
    """

    rule: str
    segment: Mapping[str, str]
    severity: Severity
    state: AlertState
    since: int
    inhibited_by: Mapping[str, str] | None = None
    explains: Sequence[str] = ()
    silenced: bool = False


class Snapshot(NamedTuple):
    """All that one scrape shows. A worker without the scorer has no scores, spreads and alerts."""

    health: Health
    scores: Sequence[Score] = ()
    spreads: Sequence[Spread] = ()
    alerts: Sequence[Alert] = ()


class Readings(Protocol):
    """Where a scrape gets its snapshot from."""

    async def snapshot(self) -> Snapshot:
        """The current values. Runs in the event loop: with many segments it lets others run in between (`asyncio.sleep(0)`)."""
