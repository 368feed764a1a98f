"""Low ratings: CSAT answers that somebody should follow up, until when, and whether somebody did. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile

import msgspec

from schemas.essence import Closed, Rated, Replied
from stream.kpis.csat import dimensions, moved_score, stars, surveys
from stream.rules import Rules
from stream.segments import AGENT, NONE, Dimensions
from stream.tickets.lives import Life

Done = tuple[int, str]
"""When (ms) and by what (reply or tag) a low rating was followed up."""
_NOT_DONE: Done = (0, "")


class Low(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One survey's rating that is low. Times in ms; `survey` is empty where it has no id; `done_at` is 0 while nobody has followed it up."""

    ticket: str
    survey: str
    score: int
    low: int
    """Lowest score of its scale."""
    high: int
    """Highest score of its scale."""
    stars: int
    """The score moved to 1..5."""
    lowest: bool
    """Whether it is the lowest step of its scale."""
    rated_at: int
    """When the survey was first rated."""
    since: int
    """The earliest rating from which on all of the survey's are low; mostly the first."""
    due_at: int
    dims: dict[str, str]
    """Team, channel and the others it is attributed to, missing ones left out; never the agent."""
    done_at: int = 0
    done_by: str = ""
    """reply or tag."""

    @property
    def open(self) -> bool:
        """Whether it waits to be followed up."""
        return not self.done_at

    @property
    def dimensions(self) -> Dimensions:
        """Dimensions of its figures, which belong to no agent."""
        return Dimensions(**self.dims)

    def segment(self) -> dict[str, str]:
        """Values of its dimensions."""
        return dict(self.dims)

    def lies_in(self, segment: Mapping[str, str]) -> bool:
        """Whether it counts in a segment; a missing value is `(none)`. Never in one of an agent."""
        return AGENT not in segment and all(self.dims.get(name, NONE) == value for name, value in segment.items())


def low_ratings(life: Life, rules: Rules, ticket: str = "") -> Iterator[Low]:
    """The low ratings of a life that is not over, one for each survey whose rating that counts is low."""
    if life.ended or life.void or not any(_is_low(rating, rules) for rating in life.ratings):
        return
    for counted, _ in surveys(life, rules):
        if counted and _is_low(counted[-1], rules):
            yield _low(life, rules, counted, ticket)


def _is_low(rating: Rated, rules: Rules) -> bool:
    return rating.kind == "csat" and rating.score <= rules.low_scores[rating.low, rating.high]


def _low(life: Life, rules: Rules, counted: list[Rated], ticket: str) -> Low:
    latest = counted[-1]
    *_, first_low = takewhile(lambda rating: _is_low(rating, rules), reversed(counted))
    since, where = first_low.time, dimensions(life, latest, rules)
    return Low(
        ticket,
        latest.survey or "",
        latest.score,
        latest.low,
        latest.high,
        stars(moved_score(latest)),
        latest.score == latest.low,
        counted[0].time,
        since,
        rules.follow_up_due_at(since, where.team, where.channel),
        {name: value for name, value in where._asdict().items() if value is not None and name != AGENT},
        *_done(life, since),
    )


def _done(life: Life, since: int) -> Done:
    """The earliest human reply or tag after a time; of both at once the reply."""
    found: list[Done] = [(reply.time, "reply") for reply in life.humans if reply.time > since]
    tagged: list[Replied | Closed] = [*life.tagged, *life.closes]
    found += [(event.time, "tag") for event in tagged if event.followed_up and event.time > since]
    return min(found, default=_NOT_DONE)
