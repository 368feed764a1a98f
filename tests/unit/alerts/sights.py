"""A sight in memory: minute panes summed the plain way, for one tick or many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from stream.alerts.sight import Ratio
from stream.alerts.verdict import Floats, Ints
from stream.durations import DAY, HOUR, MINUTE, parse
from stream.kpis.definition import Reading

MONDAY = 20_000 * DAY + 4 * DAY
"""A Monday midnight: 1970 began on a Thursday."""


@dataclass(frozen=True)
class MemorySight:
    """Counts of `metric` by minute, shape (segments, minutes), from `begin` (ms, a whole hour); `ticks` of shape () or (ticks,)."""

    segments: Sequence[Mapping[str, str]]
    ticks: Ints
    part: Ints
    whole: Ints
    begin: int = MONDAY
    metric: str = "csat"
    dead: Ints | None = None
    records: Ints | None = None
    openings: Floats | None = None
    readings: Mapping[tuple[str, str, int], Reading] = field(default_factory=dict)

    def at(self, *ticks: int) -> MemorySight:
        """The same counts at many ticks."""
        return replace(self, ticks=np.array(ticks, dtype=np.int64))

    def at_one(self, tick: int) -> MemorySight:
        """The same counts at one tick."""
        return replace(self, ticks=np.array(tick, dtype=np.int64))

    def ratio(self, metric: str, window: str) -> Ratio | None:
        """Sums of the window's minute panes, the one under way included."""
        if metric != self.metric or window in ("now", "absent"):
            return None
        return Ratio(self._sums(self.part, window), self._sums(self.whole, window))

    def intake(self, window: str) -> Ratio:
        """Dead letters of all records."""
        nothing = np.zeros_like(self.whole)
        dead = nothing if self.dead is None else self.dead
        records = nothing if self.records is None else self.records
        return Ratio(self._sums(dead, window), self._sums(records, window))

    def hourly(self, metric: str) -> Ratio | None:
        """Sums by hour pane up to the (last) tick."""
        return Ratio(self._by_hour(self.part), self._by_hour(self.whole)) if metric == self.metric else None

    @property
    def hours(self) -> Ints:
        """Hour panes from the beginning to that of the (last) tick."""
        return np.arange(self.begin // HOUR, int(self.ticks.max()) // HOUR + 1, dtype=np.int64)

    def at_ticks(self, by_hour: Floats) -> Floats:
        """The last pane of one tick; for many the last one that was over."""
        if not self.ticks.ndim:
            last: Floats = by_hour[:, -1]
            return last
        found: Floats = by_hour[:, self.ticks // HOUR - 1 - self.begin // HOUR]
        return found

    def oldest(self) -> Floats:
        """Earliest openings, as given."""
        return np.full(self.shape, np.nan) if self.openings is None else np.broadcast_to(self._beside(self.openings), self.shape)

    def reading(self, metric: str, window: str, row: int) -> Reading | None:
        """Readings, as given."""
        return self.readings.get((metric, window, row))

    @property
    def shape(self) -> tuple[int, ...]:
        """Of all arrays but those by hour."""
        return (len(self.segments), *self.ticks.shape)

    def _beside(self, values: Floats) -> Floats:
        return values[:, np.newaxis] if self.ticks.ndim else values

    def _sums(self, counts: Ints, window: str) -> Ints:
        return self._each_tick(lambda tick: self._sum(counts, window, tick))

    def _sum(self, counts: Ints, window: str, tick: int) -> Ints:
        """Windows up to 4h are minute panes, longer ones hour panes."""
        length = parse(window)
        pane = MINUTE if length <= 4 * HOUR else HOUR
        first = (tick // pane * pane + pane - length - self.begin) // MINUTE
        last = (tick - self.begin) // MINUTE
        total: Ints = counts[:, max(first, 0) : last + 1].sum(axis=1)
        return total

    def _each_tick(self, of: Callable[[int], Ints]) -> Ints:
        if not self.ticks.ndim:
            return of(int(self.ticks))
        return np.stack([of(tick) for tick in self.ticks.tolist()], axis=1)

    def _by_hour(self, counts: Ints) -> Ints:
        minutes = int(self.ticks.max()) // MINUTE - self.begin // MINUTE + 1
        held = np.zeros((len(counts), len(self.hours) * 60), dtype=np.int64)
        known = counts[:, :minutes]
        held[:, : known.shape[1]] = known
        total: Ints = held.reshape(len(counts), len(self.hours), 60).sum(axis=2)
        return total


def sight(cases: Sequence[tuple[int, int, int]], now: int, segments: Sequence[Mapping[str, str]] = ({},)) -> MemorySight:
    """One tick. `cases`: (minutes before the pane of now, part, whole), each for every segment."""
    minute = now // MINUTE
    oldest = max((ago for ago, _, _ in cases), default=0)
    begin = min(MONDAY, (minute - oldest) * MINUTE // HOUR * HOUR)
    part = np.zeros((len(segments), minute - begin // MINUTE + 1), dtype=np.int64)
    whole = np.zeros_like(part)
    for ago, good, n in cases:
        part[:, part.shape[1] - 1 - ago] += good
        whole[:, part.shape[1] - 1 - ago] += n
    return MemorySight(segments, np.array(now, dtype=np.int64), part, whole, begin)
