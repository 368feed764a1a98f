"""Time to resolution: from the opening to the first close, and to the last close of a ticket that stands closed."""

from __future__ import annotations

from collections.abc import Callable

from schemas.essence import Closed
from stream.kpis.definition import SLIDING, Contribution, Kpi, Metric, Reading, Span, Sums, cell, sketch_cell
from stream.kpis.readings import duration
from stream.rules import Rules
from stream.stats.sketch import bucket
from stream.tickets.lives import Life

BLOCK = 6
_NAMES = ("resolved", "sum_ms", "negative")
_FIRST, _LAST = cell(BLOCK, 0), cell(BLOCK, 10)
_FIRST_SKETCH, _LAST_SKETCH = sketch_cell(BLOCK, 0), sketch_cell(BLOCK, 1)
# Most tickets are closed once: the cells of last closes hold only how they differ from the first.


def contribute(life: Life, rules: Rules, add: Callable[[Contribution], None]) -> None:
    """One duration at the first close, and one at the last while the life stands closed."""
    if life.opened is None or not life.closes:
        return
    first, last = life.closes[0], life.closes[-1] if life.closed else None
    add(_measured(life, rules, first, _FIRST, _FIRST_SKETCH, 1))
    if last is not first:
        add(_measured(life, rules, first, _LAST, _LAST_SKETCH, -1))
        if last is not None:
            add(_measured(life, rules, last, _LAST, _LAST_SKETCH, 1))


def _measured(life: Life, rules: Rules, close: Closed, base: int, sketch: int, sign: int) -> Contribution:
    taken = close.time - life.opened.time if life.opened else 0
    cells = ((base, sign), (base + 1, sign * taken), (sketch + bucket(taken), sign)) if taken >= 0 else ((base + 2, sign),)
    return close.time, life.keys(rules.segmenter, life.agent_of_close(close)), SLIDING, cells


def _read_first(sums: Sums) -> Reading | None:
    return duration(sums[_FIRST], sums[_FIRST + 1], sums[_FIRST + 2], sums.sketch(_FIRST_SKETCH), "resolved")


def _read_last(sums: Sums) -> Reading | None:
    resolved, sum_ms, negative = (sums[_FIRST + index] + sums[_LAST + index] for index in range(len(_NAMES)))
    return duration(resolved, sum_ms, negative, sums.sketch(_FIRST_SKETCH) + sums.sketch(_LAST_SKETCH), "resolved")


KPI = Kpi(
    name="resolution",
    block=BLOCK,
    cells=(*_NAMES, *("" for _ in range(7)), *(f"last_minus_first_{name}" for name in _NAMES)),
    sketches=2,
    contribute=contribute,
    metrics=(
        Metric("resolution_first", "seconds", Span.SLIDING, _read_first, lambda _: "resolution/first_close/calendar", "mean time to the first close"),
        Metric("resolution_last", "seconds", Span.SLIDING, _read_last, lambda _: "resolution/last_close/calendar", "mean time to the last close"),
    ),
)
