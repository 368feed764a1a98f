"""Tickets that wait for a first human reply: how many, how many past their deadline, and since when the oldest."""

from __future__ import annotations

from collections.abc import Callable

from stream.kpis import backlog
from stream.kpis.definition import LEVEL, LEVEL_FROM, OLDEST_WAITING, Contribution, Kpi, Levels, Metric, Reading, Span, cell
from stream.rules import Rules
from stream.tickets.lives import Life

BLOCK = 4
_WAITING, _OVERDUE = cell(BLOCK, 0), cell(BLOCK, 1)


def contribute(life: Life, rules: Rules, add: Callable[[Contribution], None]) -> None:
    """One waiting at the opening, and one overdue at the deadline, as long as the life waits."""
    opened = life.opened
    if opened is None or not life.waiting:
        return
    keys = life.keys(rules.segmenter)
    add((opened.time, keys, LEVEL, ((_WAITING, 1),)))
    add((opened.time + rules.first_response_target(opened.channel), keys, LEVEL_FROM, ((_OVERDUE, 1),)))


def _read_waiting(levels: Levels) -> Reading | None:
    n, waiting = levels[backlog.OPEN], levels[_WAITING]
    return Reading(waiting, n, {}) if n > 0 else None


def _read_overdue(levels: Levels) -> Reading | None:
    n, overdue = levels[_WAITING], levels.to_the_minute(_OVERDUE)
    return Reading(overdue, n, {}) if n > 0 else None


def _read_oldest(levels: Levels) -> Reading | None:
    n, oldest = levels[_WAITING], levels.oldest(OLDEST_WAITING)
    return Reading(oldest / 1000, n, {}) if n > 0 and oldest is not None else None


KPI = Kpi(
    name="waiting",
    block=BLOCK,
    cells=("waiting", "overdue"),
    contribute=contribute,
    also_reads=(backlog.OPEN,),
    reads_oldest=OLDEST_WAITING,
    metrics=(
        Metric(
            "waiting", "tickets", Span.LEVEL, _read_waiting, lambda _: "waiting/first_reply", "open customers' tickets without a public human reply"
        ),
        Metric(
            "overdue", "tickets", Span.LEVEL, _read_overdue, lambda _: "overdue/first_reply", "waiting tickets past their own first-response deadline"
        ),
        Metric(
            "oldest_waiting",
            "unix_seconds",
            Span.LEVEL,
            _read_oldest,
            lambda _: "oldest_waiting/opened",
            "opening time of the ticket that has waited longest",
        ),
    ),
)
