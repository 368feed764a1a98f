"""Share of first responses within target, by outcome: a hit at a reply in time, otherwise a miss at the deadline."""

from __future__ import annotations

from collections.abc import Callable

from stream.kpis.definition import SLIDING, SLIDING_FROM, Contribution, Kpi, Metric, Proportion, Reading, Span, Sums, cell
from stream.kpis.readings import percentage
from stream.rules import Rules
from stream.tickets.lives import Life

BLOCK = 3
_HIT, _MISS = cell(BLOCK, 0), cell(BLOCK, 1)


def contribute(life: Life, rules: Rules, add: Callable[[Contribution], None]) -> None:
    """The one outcome of a customer's life, as far as it is known; a miss waits in its pane until now has passed the deadline."""
    opened = life.opened
    if opened is None or not opened.by_customer:
        return
    deadline = opened.time + rules.first_response_target(opened.channel)
    keys = life.keys(rules.segmenter)
    if life.humans:
        reply = life.humans[0].time
        if reply < opened.time:
            return
        if reply <= deadline:
            add((reply, keys, SLIDING, ((_HIT, 1),)))
            return
    elif life.closed and life.closes[-1].time <= deadline:
        return
    add((deadline, keys, SLIDING_FROM, ((_MISS, 1),)))


def _read(sums: Sums) -> Reading | None:
    hit, miss = sums[_HIT], sums[_MISS]
    return percentage(hit, hit + miss, {"hit": hit, "miss": miss})


KPI = Kpi(
    name="first_response_within",
    block=BLOCK,
    cells=("hit", "miss"),
    contribute=contribute,
    metrics=(
        Metric(
            "first_response_within",
            "percent",
            Span.SLIDING,
            _read,
            lambda _: "first_response_within/outcome",
            "first responses within the channel's target, by outcome",
            ratio=Proportion((_HIT,), (_HIT, _MISS)),
        ),
    ),
)
