"""Follow-ups: low ratings that nobody has followed up yet: how many, how many past due, and since when the oldest."""

from __future__ import annotations

from collections.abc import Callable

from stream.kpis.definition import LEVEL, LEVEL_FROM, OLDEST_FOLLOW_UP, Contribution, Kpi, Levels, Metric, Reading, Span, cell
from stream.kpis.low_ratings import low_ratings
from stream.rules import Rules
from stream.tickets.lives import Life

BLOCK = 9
_OPEN, _OVERDUE = cell(BLOCK, 0), cell(BLOCK, 1)


def contribute(life: Life, rules: Rules, add: Callable[[Contribution], None]) -> None:
    """One open since the rating is low, and one overdue when it is due, as long as nobody follows it up."""
    if not life.ratings:
        return
    for low in low_ratings(life, rules):
        if low.open:
            keys = rules.segmenter.keys(low.dimensions)
            add((low.since, keys, LEVEL, ((_OPEN, 1),)))
            add((low.due_at, keys, LEVEL_FROM, ((_OVERDUE, 1),)))


def _read_open(levels: Levels) -> Reading | None:
    n = levels[_OPEN]
    return Reading(n, n, {}) if n > 0 else None


def _read_overdue(levels: Levels) -> Reading | None:
    n, overdue = levels[_OPEN], levels.to_the_minute(_OVERDUE)
    return Reading(overdue, n, {}) if n > 0 else None


def _read_oldest(levels: Levels) -> Reading | None:
    n, oldest = levels[_OPEN], levels.oldest(OLDEST_FOLLOW_UP)
    return Reading(oldest / 1000, n, {}) if n > 0 and oldest is not None else None


KPI = Kpi(
    name="follow_up",
    block=BLOCK,
    cells=("open", "overdue"),
    contribute=contribute,
    reads_oldest=OLDEST_FOLLOW_UP,
    metrics=(
        Metric(
            "follow_ups",
            "tickets",
            Span.LEVEL,
            _read_open,
            lambda _: "follow_ups/low_rating",
            "low ratings without a public human reply or a tag after them",
            attributed=True,
        ),
        Metric(
            "follow_ups_overdue",
            "tickets",
            Span.LEVEL,
            _read_overdue,
            lambda _: "follow_ups/low_rating",
            "the same past their due time",
            attributed=True,
        ),
        Metric(
            "oldest_follow_up",
            "unix_seconds",
            Span.LEVEL,
            _read_oldest,
            lambda _: "oldest_follow_up/low_rating",
            "since when the oldest of them waits",
            attributed=True,
        ),
    ),
)
