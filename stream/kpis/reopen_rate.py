"""Reopen rate: tickets reopened at least once after a close, of all closed, at the time of the first close."""

from __future__ import annotations

from collections.abc import Callable

from stream.kpis.definition import HOURLY, Contribution, Kpi, Metric, Proportion, Reading, Span, Sums, cell
from stream.kpis.readings import percentage
from stream.rules import Rules
from stream.tickets.lives import Life

BLOCK = 8
_CLOSED, _REOPENED = cell(BLOCK, 0), cell(BLOCK, 1)


def contribute(life: Life, rules: Rules, add: Callable[[Contribution], None]) -> None:
    """One closed ticket at the first close, and whether it was ever reopened."""
    if life.opened is None or not life.closes:
        return
    close = life.closes[0]
    keys = life.keys(rules.segmenter, life.agent_of_close(close))
    add((close.time, keys, HOURLY, ((_CLOSED, 1), (_REOPENED, 1)) if life.reopens else ((_CLOSED, 1),)))


def _read(sums: Sums) -> Reading | None:
    closed, reopened = sums[_CLOSED], sums[_REOPENED]
    return percentage(reopened, closed, {"reopened": reopened, "closed": closed})


KPI = Kpi(
    name="reopen_rate",
    block=BLOCK,
    cells=("closed", "reopened"),
    contribute=contribute,
    metrics=(
        Metric(
            "reopen_rate",
            "percent",
            Span.MATURED,
            _read,
            lambda _: "reopen_rate/any",
            "reopened after a close, of tickets closed at least 7 days ago",
            ratio=Proportion((_REOPENED,), (_CLOSED,)),
        ),
    ),
)
