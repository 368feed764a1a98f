"""First-response time: from a customer's opening to the first public human reply, at the time of that reply."""

from __future__ import annotations

from collections.abc import Callable

from stream.kpis.definition import SLIDING, Contribution, Kpi, Metric, Reading, Span, Sums, cell, sketch_cell
from stream.kpis.readings import duration
from stream.rules import Rules
from stream.stats.sketch import bucket
from stream.tickets.lives import Life

BLOCK = 2
_ANSWERED, _SUM, _NEGATIVE = cell(BLOCK, 0), cell(BLOCK, 1), cell(BLOCK, 2)
_SKETCH = sketch_cell(BLOCK)


def contribute(life: Life, rules: Rules, add: Callable[[Contribution], None]) -> None:
    """The interval at the reply, or one `negative` where the reply is before the opening."""
    if life.opened is None or not life.opened.by_customer or not life.humans:
        return
    reply = life.humans[0]
    waited = reply.time - life.opened.time
    cells = ((_ANSWERED, 1), (_SUM, waited), (_SKETCH + bucket(waited), 1)) if waited >= 0 else ((_NEGATIVE, 1),)
    add((reply.time, life.keys(rules.segmenter, reply.agent), SLIDING, cells))


def _read(sums: Sums) -> Reading | None:
    return duration(sums[_ANSWERED], sums[_SUM], sums[_NEGATIVE], sums.sketch(_SKETCH), "answered")


KPI = Kpi(
    name="first_response",
    block=BLOCK,
    cells=("answered", "sum_ms", "negative"),
    sketches=1,
    contribute=contribute,
    metrics=(
        Metric(
            "first_response",
            "seconds",
            Span.SLIDING,
            _read,
            lambda _: "first_response/calendar",
            "mean time to the first public human reply, with quantiles",
            sketch=_SKETCH,
        ),
    ),
)
