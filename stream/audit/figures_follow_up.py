"""Follow-ups: low ratings that nobody has followed up, in the window `now`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from schemas.essence import Rated
from stream.audit.answers import Answer
from stream.audit.facts import Dimensions
from stream.audit.figures_csat import counted_ratings, rating_dimensions, stars
from stream.audit.lives import Life
from stream.audit.schedules import Schedules
from stream.durations import HOUR, MINUTE
from stream.settings import Settings


class FollowUp(NamedTuple):
    """A low rating that waits; times in ms."""

    since: int
    due: int
    dimensions: Dimensions


def follow_ups(life: Life, settings: Settings, schedules: Schedules, slowest: int | None) -> Iterator[FollowUp]:
    """The low ratings of a life that wait to be followed up; `slowest` is the clock of its partition."""
    if life.void or life.followed or (slowest is not None and slowest > _last_moment(life, settings)):
        return
    for ratings in counted_ratings(life, settings):
        since = _low_since(ratings, settings.follow_up.at_most_stars)
        if since is None or any(moment > since for moment in _followed_up(life)):
            continue
        dimensions = rating_dimensions(life, ratings[-1], settings.attribution)._replace(agent=None)
        yield FollowUp(since, schedules.due(since, settings.follow_up.due, dimensions.team, dimensions.channel), dimensions)


def answer(metric: str, found: Sequence[FollowUp], as_of: int) -> Answer | None:
    """The figure of these follow-ups at `as_of`."""
    waiting = [each for each in found if each.since // HOUR <= as_of // HOUR]
    if not waiting:
        return None
    if metric == "oldest_follow_up":
        return Answer(Fraction(min(each.since for each in waiting), 1000), "unix_seconds", len(waiting))
    overdue = sum(1 for each in waiting if each.due <= as_of // MINUTE * MINUTE)
    return Answer(Fraction(overdue if metric == "follow_ups_overdue" else len(waiting)), "tickets", len(waiting))


def _last_moment(life: Life, settings: Settings) -> int:
    """The last slowest clock (ms) at which the life can still go on."""
    if life.stands_closed:
        return life.last + settings.life_gap + settings.lateness
    if life.opened is None:
        return life.last + settings.max_open_age + settings.lateness
    return life.opened.time + settings.max_open_age


def _low_since(ratings: Sequence[Rated], at_most: int) -> int | None:
    """The earliest time (ms) from which on all ratings of a survey are low; None where the last is not."""
    since = None
    for rating in reversed(ratings):
        if stars(rating, 1) > at_most:
            break
        since = rating.time
    return since


def _followed_up(life: Life) -> list[int]:
    """Times (ms) at which somebody replied or set a tag."""
    return [*(reply.time for reply in life.human_replies), *life.tags]
