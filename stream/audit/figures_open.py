"""Backlog and waiting: figures of the lives that stand open, in the window `now`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from stream.audit.answers import Answer
from stream.audit.facts import Dimensions, ticket_dimensions
from stream.audit.figures_response import deadline
from stream.audit.lives import Life
from stream.durations import HOUR, MINUTE
from stream.settings import Settings

BANDS = (("under_1d", 24), ("1d_3d", 72), ("3d_7d", 168), ("7d_30d", 720))
OLDEST_BAND = "over_30d"


class OpenLife(NamedTuple):
    """A life that stands open; times in ms, no deadline unless it is waiting."""

    opened: int
    due: int | None
    dimensions: Dimensions


def open_life(life: Life, settings: Settings, slowest: int | None) -> OpenLife | None:
    """What backlog and waiting need of a life; None unless it counts there. `slowest` is the clock of its partition."""
    if life.void or life.opened is None or life.stands_closed or life.followed:
        return None
    if slowest is not None and slowest - life.opened.time > settings.max_open_age:
        return None
    waiting = life.opened.by_customer and not life.human_replies
    due = deadline(life.opened, settings) if waiting else None
    return OpenLife(life.opened.time, due, ticket_dimensions(life))


def answer(metric: str, lives: Sequence[OpenLife], as_of: int) -> Answer | None:
    """The figure of these open lives at `as_of`."""
    hour = as_of // HOUR
    backlog = [life for life in lives if life.opened // HOUR <= hour]
    waiting = [life for life in backlog if life.due is not None]
    counted = backlog if metric in ("backlog", "waiting") else waiting
    if not counted:
        return None
    if metric == "backlog":
        return _tickets(len(backlog), len(backlog), _ages(backlog, hour))
    if metric == "waiting":
        return _tickets(len(waiting), len(backlog), {})
    if metric == "overdue":
        minute = as_of // MINUTE * MINUTE
        return _tickets(sum(1 for life in waiting if life.due is not None and life.due <= minute), len(waiting), {})
    return Answer(Fraction(min(life.opened for life in waiting), 1000), "unix_seconds", len(waiting))


def _tickets(value: int, n: int, counts: dict[str, int]) -> Answer:
    return Answer(Fraction(value), "tickets", n, counts)


def _ages(lives: Sequence[OpenLife], hour: int) -> dict[str, int]:
    counts = {band: 0 for band, _ in BANDS} | {OLDEST_BAND: 0}
    for life in lives:
        age = hour - life.opened // HOUR
        counts[next((band for band, hours in BANDS if age < hours), OLDEST_BAND)] += 1
    return counts
