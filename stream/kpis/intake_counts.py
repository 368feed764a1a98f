"""What came in: records and dead letters by the minute of the broker's timestamp. Not of lives: the partition counts them as it reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from stream.durations import MINUTE
from stream.kpis.definition import SLIDING, Contribution, Kpi, cell
from stream.rules import Rules
from stream.segments import Keys, segment_key
from stream.tickets.lives import Life

BLOCK = 10
INTAKE_RECORDS, INTAKE_DEAD = cell(BLOCK, 0), cell(BLOCK, 1)
_EVERYTHING = Keys(all=(), sliding=(segment_key({}),), number=-1)
"""Minute panes only: nobody asks for longer windows."""


def contribute(life: Life, rules: Rules, add: Callable[[Contribution], None]) -> None:
    """Nothing: a record that could not be read belongs to no life."""


def counted(records: Counter[int], dead: Mapping[int, int]) -> Iterator[Contribution]:
    """What records and the dead letters among them add, both by minute."""
    for minute, number in records.items():
        yield minute * MINUTE, _EVERYTHING, SLIDING, ((INTAKE_RECORDS, number), (INTAKE_DEAD, dead.get(minute, 0)))


KPI = Kpi(name="intake", block=BLOCK, cells=("records", "dead"), contribute=contribute, metrics=())
