"""CSAT: 100 x satisfied / rated, with the mean, the distribution of stars, and the same by first ratings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from schemas.essence import Rated
from stream.kpis.definition import SLIDING, Contribution, Kpi, Metric, Proportion, Reading, Span, Sums, cell
from stream.kpis.readings import DIGITS, percentage
from stream.rules import Rules
from stream.segments import Dimensions
from stream.settings import Settings
from stream.tickets.lives import Life

BLOCK = 1
_NAMES = ("satisfied", "rated", "star_1", "star_2", "star_3", "star_4", "star_5", "sum")
"""Cells of one definition; `sum` is the sum of the scores moved to 1..5, in 1/10,000."""
_LATEST, _FIRST, _LOCKED = cell(BLOCK, 0), cell(BLOCK, 10), cell(BLOCK, 20)
# Hardly any rating is ever corrected: the cells of first ratings hold only how they differ from the latest.
_SUM = 7
_UNIT = 10_000
_KIND = "csat"


def contribute(life: Life, rules: Rules, add: Callable[[Contribution], None]) -> None:
    """Every survey's latest and first rating at the time of the first, and what came after the lock."""
    if not life.ratings:
        return
    for counted, locked in surveys(life, rules):
        if counted:
            first, latest = counted[0], counted[-1]
            add(_rating(life, rules, first.time, latest, _LATEST, 1))
            if latest is not first:
                add(_rating(life, rules, first.time, first, _FIRST, 1))
                add(_rating(life, rules, first.time, latest, _FIRST, -1))
        for rating in locked:
            add((rating.time, rules.segmenter.keys(dimensions(life, rating, rules)), SLIDING, ((_LOCKED, 1),)))


class Survey(NamedTuple):
    """CSAT ratings of one survey by (time, source, id): those that count, and those after its lock."""

    counted: list[Rated]
    locked: list[Rated]


def surveys(life: Life, rules: Rules) -> Iterator[Survey]:
    """The surveys of a life that have a CSAT rating."""
    by_survey: dict[str | None, list[Rated]] = {}
    for rating in life.ratings:
        if rating.kind == _KIND:
            by_survey.setdefault(rating.survey, []).append(rating)
    for ratings in by_survey.values():
        lock = _lock(life, ratings, rules)
        counted = [rating for rating in ratings if rating.time <= lock]
        yield Survey(counted, ratings[len(counted) :])


def _lock(life: Life, ratings: list[Rated], rules: Rules) -> int:
    """Time (ms) after which nothing changes the survey: 14 days after its earliest offer, or after the first rating."""
    offered = [offer.time for offer in life.offers if offer.survey == ratings[0].survey]
    return min(offered, default=ratings[0].time) + rules.rating_lock


def _rating(life: Life, rules: Rules, time: int, rating: Rated, base: int, sign: int) -> Contribution:
    satisfied = rating.score >= rules.scales[rating.low, rating.high]
    moved = moved_score(rating)
    cells = ((base + 1, sign), (base + 1 + stars(moved), sign), (base + _SUM, sign * moved))
    return time, rules.segmenter.keys(dimensions(life, rating, rules)), SLIDING, ((base, sign), *cells) if satisfied else cells


def moved_score(rating: Rated) -> int:
    """The score moved linearly to 1..5, in 1/10,000 of a star, rounded half up."""
    width = rating.high - rating.low
    return _UNIT + ((rating.score - rating.low) * 8 * _UNIT + width) // (2 * width)


def stars(moved: int) -> int:
    """Whole stars of a moved score, rounded half up."""
    return (moved * 2 + _UNIT) // (2 * _UNIT)


def dimensions(life: Life, rating: Rated, rules: Rules) -> Dimensions:
    """Dimensions of the ticket with team and agent by the attribution rule, and the rating's channel where the ticket has none."""
    team = agent = None
    for source in rules.attribution:
        found_team, found_agent = _attributed(life, rating, source)
        team, agent = team or found_team, agent or found_agent
    ticket = life.opened
    if ticket is None:
        return Dimensions(team=team, channel=rating.channel, agent=agent)
    return Dimensions(team, ticket.channel or rating.channel, ticket.product, ticket.priority, ticket.language, ticket.campaign, agent)


def _attributed(life: Life, rating: Rated, source: str) -> tuple[str | None, str | None]:
    """Team and agent by one source of the attribution rule."""
    if source == "snapshot":
        return rating.team, rating.agent
    if source == "last_replier":
        reply = life.replier_before(rating.time)
        return (reply.team, reply.agent) if reply else (None, None)
    closes = [close.agent for close in life.closes if close.time < rating.time]
    return life.opened.team if life.opened else None, closes[-1] if closes else None


def _read_latest(sums: Sums) -> Reading | None:
    return _reading([sums[_LATEST + index] for index in range(len(_NAMES))], sums[_LOCKED])


def _read_first(sums: Sums) -> Reading | None:
    return _reading([sums[_LATEST + index] + sums[_FIRST + index] for index in range(len(_NAMES))], sums[_LOCKED])


def _reading(cells: list[int], locked: int) -> Reading | None:
    counts = dict(zip(_NAMES[:_SUM], cells, strict=False))
    rated = counts["rated"]
    mean = round(cells[_SUM] / rated / _UNIT, DIGITS) if rated > 0 else None
    return percentage(counts["satisfied"], rated, {**counts, "locked": locked}, {"mean": mean})


def _definition(settings: Settings) -> str:
    satisfied = settings.scale_rules.get((1, 5))
    return "csat/scales" if satisfied is None else f"csat/{satisfied}-5-of-5"


KPI = Kpi(
    name="csat",
    block=BLOCK,
    cells=(*_NAMES, "", "", *(f"first_minus_latest_{name}" for name in _NAMES), "", "", "locked"),
    contribute=contribute,
    metrics=(
        Metric(
            "csat",
            "percent",
            Span.SLIDING,
            _read_latest,
            _definition,
            "satisfied of the rated, by the latest rating of each survey",
            attributed=True,
            ratio=Proportion((_LATEST,), (_LATEST + 1,)),
        ),
        Metric(
            "csat_first",
            "percent",
            Span.SLIDING,
            _read_first,
            lambda s: _definition(s) + "/first",
            "the same by the first rating of each survey",
            attributed=True,
            ratio=Proportion((_LATEST, _FIRST), (_LATEST + 1, _FIRST + 1)),
        ),
    ),
)
