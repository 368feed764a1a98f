"""Time to resolution: from the opening to the first close, and to the last close of a ticket that stands closed."""

from __future__ import annotations

from collections.abc import Callable

from schemas.essence import Closed
from stream.kpis.definition import Contribution, Kpi, Metric, Reading, Span, Sums, cell, sketch_cell
from stream.kpis.readings import duration
from stream.rules import Rules
from stream.stats.sketch import bucket
from stream.tickets.lives import Life

BLOCK = 6
_NAMES = ("resolved", "sum_ms", "negative")
_FIRST, _LAST = cell(BLOCK, 0), cell(BLOCK, 10)
_FIRST_SKETCH, _LAST_SKETCH = sketch_cell(BLOCK, 0), sketch_cell(BLOCK, 1)


def contribute(life: Life, rules: Rules, add: Callable[[Contribution], None]) -> None:
    """One duration at the first close, and one at the last while the life stands closed."""
    if life.opened is None or not life.closes or life.void:
        return
    add(_measured(life, rules, life.closes[0], _FIRST, _FIRST_SKETCH))
    if life.closed:
        add(_measured(life, rules, life.closes[-1], _LAST, _LAST_SKETCH))


def _measured(life: Life, rules: Rules, close: Closed, base: int, sketch: int) -> Contribution:
    taken = close.time - life.opened.time if life.opened else 0
    cells = ((base, 1), (base + 1, taken), (sketch + bucket(taken), 1)) if taken >= 0 else ((base + 2, 1),)
    return close.time, rules.segmenter.keys(life.dimensions(life.agent_of_close(close))), False, cells


def _reader(base: int, sketch: int) -> Callable[[Sums], Reading | None]:
    return lambda sums: duration(sums[base], sums[base + 1], sums[base + 2], sums.sketch(sketch), "resolved")


KPI = Kpi(
    name="resolution",
    block=BLOCK,
    cells=(*_NAMES, *("" for _ in range(7)), *(f"last_{name}" for name in _NAMES)),
    sketches=2,
    contribute=contribute,
    metrics=(
        Metric("resolution_first", "seconds", Span.SLIDING, _reader(_FIRST, _FIRST_SKETCH), lambda _: "resolution/first_close/calendar", "mean time to the first close"),
        Metric("resolution_last", "seconds", Span.SLIDING, _reader(_LAST, _LAST_SKETCH), lambda _: "resolution/last_close/calendar", "mean time to the last close"),
    ),
)
