"""An answer: one figure of one segment and window, worked out exactly; and how shares and durations are read from facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from stream.audit.intervals import mean_interval, wilson
from stream.audit.quantiles import QUANTILES, interval, nearest_rank

Bounds = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """Value, n, the counts and stats it is made of, and its interval; in `unit`."""

    value: Fraction
    unit: str
    n: int
    counts: Mapping[str, int] = field(default_factory=dict)
    stats: Mapping[str, Fraction | None] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None


def share(part: int, n: int, counts: Mapping[str, int], stats: Mapping[str, Fraction | None]) -> Answer:
    """100 x part / n with its Wilson interval, in percent."""
    low, high = wilson(part, n)
    return Answer(Fraction(100 * part, n), "percent", n, counts, stats, low, high)


def duration(values: Sequence[int], counts: Mapping[str, int]) -> Answer:
    """The mean of durations (ms) with its interval and quantiles, in seconds."""
    n = len(values)
    low, high = mean_interval(values)
    return Answer(Fraction(sum(values), 1000 * n), "seconds", n, counts, _quantiles(values), low, high)


def _quantiles(values: Sequence[int]) -> dict[str, Fraction | None]:
    ordered = sorted(values)
    stats: dict[str, Fraction | None] = {}
    for name, q in QUANTILES.items():
        ranks = interval(name, len(ordered))
        stats[name] = Fraction(ordered[nearest_rank(q, len(ordered)) - 1], 1000)
        stats[f"{name}_low"] = Fraction(ordered[ranks[0] - 1], 1000) if ranks else None
        stats[f"{name}_high"] = Fraction(ordered[ranks[1] - 1], 1000) if ranks else None
    return stats
