"""What a KPI is made of: cells that are added and taken back, and metrics read from their sums. Pure.

A KPI is one file in this folder with a constant `KPI`. It owns a block of cells: `block * 100` onwards for single cells, and
room for quantile sketches. Cells are whole numbers that form a group: whatever is added can be taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, Protocol

from stream.rules import Rules
from stream.segments import Keys
from stream.settings import Settings
from stream.stats.sketch import Counts
from stream.tickets.lives import Life

Cell = tuple[int, int]
"""A cell and what is added to it."""
FROM, MINUTES, LEVELS = 1, 2, 4
SLIDING = MINUTES
"""Counts in the hour pane and the minute pane that its time lies in: windows of every length read it."""
SLIDING_FROM = MINUTES | FROM
"""The same, in the first panes that begin at or after its time."""
HOURLY = 0
"""Counts in an hour pane alone: no window shorter than a day reads it."""
LEVEL = LEVELS
"""Counts in an hour pane of levels, which only the window `now` reads. It is mostly taken back hours later, so these panes are kept apart."""
LEVEL_FROM = LEVELS | MINUTES | FROM
"""Counts in the first hour pane of levels that begins at or after its time, and in the first such minute pane."""
Contribution = tuple[int, Keys, int, tuple[Cell, ...]]
"""Event time in ms, segments, the panes it counts in (one of the five above), cells."""
Unit = Literal["percent", "seconds", "tickets", "unix_seconds"]

OLDEST_WAITING, OLDEST_FOLLOW_UP = "W", "F"
"""Kinds of what is kept as a minimum: the opening of the waiting tickets, and since when low ratings wait to be followed up."""
SKETCH_FROM = 100_000
SKETCH_ROOM = 2_000


class Span(Enum):
    """Which windows a metric has: sliding ones, ones that end 7 days before now, only 24h and 7d, or `now` alone."""

    SLIDING = "sliding"
    MATURED = "matured"
    PROVISIONAL = "provisional"
    LEVEL = "level"


class Sums(Protocol):
    """Summed cells of one segment and window."""

    def __getitem__(self, cell: int) -> int:
        """Sum of one cell."""

    def sketch(self, first: int) -> Counts:
        """The buckets of the sketch that begins at cell `first`."""


class Levels(Sums, Protocol):
    """Sums over everything up to now, as the metrics of the window `now` read them."""

    def oldest(self, kind: str) -> int | None:
        """Since when the oldest has waited, in ms; `kind` is `OLDEST_WAITING` or `OLDEST_FOLLOW_UP`."""

    def younger(self, cell: int, hours: int) -> int:
        """Sum of one cell over the last `hours` hour panes."""

    def to_the_minute(self, cell: int) -> int:
        """Sum of one cell up to the last full minute."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a metric says: `low` and `high` are its interval, `stats` further figures of the same cases."""

    value: float
    n: int
    counts: Mapping[str, int]
    low: float | None = None
    high: float | None = None
    stats: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proportion:
    """Cells that make a percentage: 100 x the sum of `part` / the sum of `whole`. For reading many segments at once."""

    part: tuple[int, ...]
    whole: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """One published figure. `read` is given `Sums` (`Levels` for the window `now`) and gives None where n is 0.

    `definition` names the profile in the score record, `meaning` says it in words. Every percentage has its `ratio`.
    """

    name: str
    unit: Unit
    span: Span
    read: Callable[[Any], Reading | None]
    definition: Callable[[Settings], str]
    meaning: str
    attributed: bool = False
    ratio: Proportion | None = None
    sketch: int | None = None
    """First cell of the sketch that holds the spread of a duration; the reading's count `sum_ms` is its sum."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """One file's figures: the single cells by name, the number of sketches, what a life contributes, what is read.

    `also_reads`: cells of other KPIs that the metrics read. `reads_oldest`: the kind of minimum they read.
    `ages`: the numbers of hours they ask `younger` for.
    """

    name: str
    block: int
    cells: tuple[str, ...]
    metrics: tuple[Metric, ...]
    contribute: Callable[[Life, Rules, Callable[[Contribution], None]], None]
    sketches: int = 0
    also_reads: tuple[int, ...] = ()
    reads_oldest: str | None = None
    ages: tuple[int, ...] = ()


def cell(block: int, index: int) -> int:
    """Number of a single cell."""
    return block * 100 + index


def sketch_cell(block: int, index: int = 0) -> int:
    """Number of the first bucket of a sketch; a block has room for five."""
    return SKETCH_FROM + (block * 5 + index) * SKETCH_ROOM
