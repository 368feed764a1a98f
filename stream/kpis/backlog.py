"""Backlog: open tickets, by age."""

from __future__ import annotations

from collections.abc import Callable

from stream.kpis.definition import LEVEL, Contribution, Kpi, Levels, Metric, Reading, Span, cell
from stream.rules import Rules
from stream.tickets.lives import Life

BLOCK = 5
OPEN = cell(BLOCK, 0)
_BANDS = {"under_1d": 24, "1d_3d": 72, "3d_7d": 168, "7d_30d": 720}
"""Upper edge of each age band in hour panes; what is older is `over_30d`."""


def contribute(life: Life, rules: Rules, add: Callable[[Contribution], None]) -> None:
    """One at the opening as long as the life stands open."""
    if life.opened is None or not life.standing_open:
        return
    add((life.opened.time, life.keys(rules.segmenter), LEVEL, ((OPEN, 1),)))


def _read(levels: Levels) -> Reading | None:
    n = levels[OPEN]
    if n <= 0:
        return None
    counts = {}
    below = 0
    for name, hours in _BANDS.items():
        younger = levels.younger(OPEN, hours)
        counts[name], below = younger - below, younger
    return Reading(n, n, {**counts, "over_30d": n - below})


KPI = Kpi(
    name="backlog",
    block=BLOCK,
    cells=("open",),
    ages=tuple(_BANDS.values()),
    contribute=contribute,
    metrics=(Metric("backlog", "tickets", Span.LEVEL, _read, lambda _: "backlog/open", "open tickets, by age"),),
)
