"""What a scrape of the metrics shows: the scorer's current scores and alerts, and the worker's health."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection

from stream.alerts.memory import State
from stream.engine.scorer import Scorer
from stream.outlets.health import Health
from stream.outlets.snapshot import Alert, AlertState, Score, Snapshot, Spread
from stream.segments import parse_segment
from stream.stats.sketch import filled

_AT_A_TIME = 200
"""Scores read before others may run."""
_SHOWN: dict[State, AlertState] = {State.PENDING: "pending", State.FIRING: "firing", State.STALE: "stale"}


class Scrape:
    """Takes snapshots. `scorer` gives the scorer that runs here, None where none does; `refresh` brings the health up to date."""

    def __init__(self, health: Health, scorer: Callable[[], Scorer | None], refresh: Callable[[], Awaitable[None]], windows: Collection[str]) -> None:
        self._health = health
        self._scorer = scorer
        self._refresh = refresh
        self._windows = windows

    async def snapshot(self) -> Snapshot:
        """The current values; other work runs in between."""
        await self._refresh()
        scorer = self._scorer()
        if scorer is None or not scorer.has_published:
            return Snapshot(self._health.copy())
        scores, spreads = [], []
        for number, (metric, segment, window, reading, sums) in enumerate(scorer.board.readings(self._windows)):
            scores.append(Score(metric, segment, window, reading))
            if metric.sketch is not None:
                spreads.append(Spread(metric, segment, window, filled(sums.sketch(metric.sketch)), reading.counts["sum_ms"]))
            if number % _AT_A_TIME == 0:
                await asyncio.sleep(0)
        return Snapshot(self._health.copy(), scores, spreads, _alerts(scorer))


def _alerts(scorer: Scorer) -> list[Alert]:
    return [
        Alert(
            key.rule,
            parse_segment(key.segment),
            rule.severity,
            _SHOWN[memory.state],
            memory.since,
            inhibited_by=parse_segment(memory.inhibited_by) if memory.inhibited_by else None,
            silenced=scorer.alerting.is_silenced(key),
            explains=[other for other in scorer.alerting.speaks_for(key) if len(parse_segment(other)) < len(parse_segment(key.segment))],
        )
        for key, memory, rule in scorer.alerting.standing()
    ]
