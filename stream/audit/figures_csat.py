"""CSAT: facts of `csat` and `csat_first` from the surveys of a life."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from schemas.essence import Closed, Rated, Replied
from stream.audit.facts import NONE, Dimensions, Fact, ticket_dimensions
from stream.audit.lives import Life
from stream.setting_parts import AttributionSource
from stream.settings import Settings

STAR = 10_000


def facts(life: Life, settings: Settings) -> Iterator[Fact]:
    """Facts of all surveys of a life."""
    if life.void:
        return
    for ratings in _by_survey(life):
        yield from _survey_facts(life, ratings, settings)


def counted_ratings(life: Life, settings: Settings) -> Iterator[list[Rated]]:
    """The ratings of each survey up to its lock, in order; surveys without any are left out."""
    for ratings in _by_survey(life):
        counted = _counted(life, ratings, settings)
        if counted:
            yield counted


def _by_survey(life: Life) -> Iterator[list[Rated]]:
    for _, group in groupby(sorted(life.ratings, key=_survey), key=_survey):
        yield sorted(group, key=_order)


def _counted(life: Life, ratings: list[Rated], settings: Settings) -> list[Rated]:
    first = ratings[0]
    offers = [offer.time for offer in life.offers if offer.survey == first.survey]
    lock = min(offers, default=first.time) + settings.rating_lock
    return [rating for rating in ratings if rating.time <= lock]


def _survey(rating: Rated) -> tuple[bool, str]:
    return rating.survey is None, rating.survey or ""


def _order(rating: Rated) -> tuple[int, str, str]:
    return rating.time, rating.source, rating.id


def _survey_facts(life: Life, ratings: list[Rated], settings: Settings) -> Iterator[Fact]:
    first, counted = ratings[0], _counted(life, ratings, settings)
    if counted:
        yield from _rating_facts("csat", life, first.time, counted[-1], settings)
        yield from _rating_facts("csat_first", life, first.time, first, settings)
    for rating in ratings[len(counted) :]:
        dimensions = rating_dimensions(life, rating, settings.attribution)
        yield Fact(rating.time, "csat", "locked", dimensions)
        yield Fact(rating.time, "csat_first", "locked", dimensions)


def _rating_facts(metric: str, life: Life, time: int, rating: Rated, settings: Settings) -> Iterator[Fact]:
    dimensions = rating_dimensions(life, rating, settings.attribution)
    yield Fact(time, metric, "rated", dimensions, stars(rating, STAR))
    yield Fact(time, metric, f"star_{stars(rating, 1)}", dimensions)
    if rating.score >= settings.scale_rules[rating.low, rating.high]:
        yield Fact(time, metric, "satisfied", dimensions)


def stars(rating: Rated, unit: int) -> int:
    """The score moved to 1..5 linearly, in 1/`unit` of a star, rounded half up."""
    span = rating.high - rating.low
    exact_times_span = unit * (span + 4 * (rating.score - rating.low))
    return (2 * exact_times_span + span) // (2 * span)


def rating_dimensions(life: Life, rating: Rated, attribution: tuple[AttributionSource, ...]) -> Dimensions:
    """Dimensions of a rating: team and agent from the first source that has one, the channel of the ticket before the rating's own."""
    reply, close, opened = _last_reply(life, rating), _last_close(life, rating), life.opened
    teams = {"snapshot": rating.team, "last_replier": reply.team if reply else None, "ticket": opened.team if opened else None}
    agents = {"snapshot": rating.agent, "last_replier": reply.agent if reply else None, "ticket": close.agent if close else None}
    channel = (opened.channel if opened else None) or rating.channel or NONE
    return ticket_dimensions(life)._replace(team=_first(teams, attribution), agent=_first(agents, attribution), channel=channel)


def _first(values: dict[str, str | None], attribution: tuple[AttributionSource, ...]) -> str:
    return next((value for source in attribution if (value := values[source])), NONE)


def _last_reply(life: Life, rating: Rated) -> Replied | None:
    return next((reply for reply in reversed(life.human_replies) if reply.time < rating.time), None)


def _last_close(life: Life, rating: Rated) -> Closed | None:
    return next((close for close in reversed(life.closes) if close.time < rating.time), None)
