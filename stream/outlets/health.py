"""How a worker is doing: plain counters that the engine keeps up to date, read at every scrape."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal, get_args

Outcome = Literal["sent", "failed", "dropped"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

# A flush is a few ms in a quiet minute and up to seconds in a backlog.
FLUSH_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# A recovery reads a whole changelog: moments when it is short, minutes for millions of tickets.
RECOVERY_SECONDS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)


class Timings:
    """Durations counted into buckets by their upper bounds (seconds); the last bucket has none."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum_ms = 0

    def observe(self, ms: int) -> None:
        """Count one duration in ms."""
        self.counts[bisect_left(self.bounds, ms / 1000)] += 1
        self.sum_ms += ms

    def cumulative(self) -> list[int]:
        """Number of durations up to each bound; the last is that of all."""
        return list(accumulate(self.counts))


@dataclass(slots=True)
class Health:
    """Counters and levels of one worker. What belongs to a partition or to the scorer is dropped when it leaves (`forget`, `release_scorer`)."""

    events: Counter[str] = field(default_factory=Counter)
    """Events taken in, by type; dead letters are not among them."""
    dead_letters: Counter[str] = field(default_factory=Counter)
    """Records refused, by class."""
    notifications: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    """Attempts to notify, by receiver and outcome: sent, failed (tried again), dropped (given up)."""
    notifications_waiting: int | None = None
    """Notifications not delivered yet; None where this worker sends none."""
    flushes: Timings = field(default_factory=lambda: Timings(FLUSH_SECONDS))
    """From the beginning of a flush to its last acknowledgement."""
    recoveries: Timings = field(default_factory=lambda: Timings(RECOVERY_SECONDS))
    """From the claim of a partition to the point from which it takes in events."""
    lag: dict[tuple[str, int], int] = field(default_factory=dict)
    """Records of a topic partition that are not durable in the state yet."""
    tickets: dict[int, int] = field(default_factory=dict)
    """Tickets held, by partition."""
    sums: dict[int, int] = field(default_factory=dict)
    """Sums held, by partition."""
    clock_delay: int | None = None
    """Wall clock minus now, in ms; None without the scorer."""
    rules_evaluated: int | None = None
    """Wall-clock time of the last look of the rules, in ms; None without the scorer."""
    owns_scorer: bool = False
    """Whether this worker publishes scores."""

    def forget(self, partition: int) -> None:
        """A partition has left: so do its series."""
        self.lag = {place: records for place, records in self.lag.items() if place[1] != partition}
        self.tickets.pop(partition, None)
        self.sums.pop(partition, None)

    def release_scorer(self) -> None:
        """The scorer has left: so do its series."""
        self.owns_scorer = False
        self.clock_delay = self.rules_evaluated = self.notifications_waiting = None

    def copy(self) -> Health:
        """The values of this moment, for a scrape in another thread."""
        return deepcopy(self)
