"""From a valid event, read either way, to its essence: one function for each kind of event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from schemas import events, fast
from schemas.essence import Closed, Essence, Merged, Offered, Opened, Rated, Reopened, Replied

_ZERO_BASED = frozenset((1, 10, 100))


def extract(event: events.TicketEvent | fast.FastEvent, time: int, tags: AbstractSet[str]) -> Essence:
    """What of an event counts; `time` in ms; `tags` are those that close follow-ups."""
    return _BY_CLASS[type(event)](event, time, tags)


def _has(found: Iterable[str] | None, tags: AbstractSet[str]) -> bool:
    return found is not None and not tags.isdisjoint(found)


def _opened(event: events.TicketOpened | fast.TicketOpened, time: int, _: AbstractSet[str]) -> Opened:
    data = event.data
    by_customer = data.initiated_by == "customer" and not data.bot
    return Opened(time, event.source, event.id, by_customer, data.team, data.channel, data.product, data.priority, data.language, data.campaign)


def _offered(event: events.SurveyOffered | fast.SurveyOffered, time: int, _: AbstractSet[str]) -> Offered:
    return Offered(time, event.source, event.id, event.data.survey_id)


def _replied(event: events.TicketReplied | fast.TicketReplied, time: int, tags: AbstractSet[str]) -> Replied:
    data = event.data
    return Replied(time, event.source, event.id, data.author == "agent" and data.public, data.agent, data.team, _has(data.tags, tags))


def _closed(event: events.TicketClosed | fast.TicketClosed, time: int, tags: AbstractSet[str]) -> Closed:
    data = event.data
    return Closed(time, event.source, event.id, data.closed_by, data.agent, data.spam, _has(data.tags, tags))


def _reopened(event: events.TicketReopened | fast.TicketReopened, time: int, _: AbstractSet[str]) -> Reopened:
    return Reopened(time, event.source, event.id)


def _merged(event: events.TicketMerged | fast.TicketMerged, time: int, _: AbstractSet[str]) -> Merged:
    return Merged(time, event.source, event.id)


def _rated(event: events.RatingSubmitted | fast.RatingSubmitted, time: int, _: AbstractSet[str]) -> Rated:
    data = event.data
    low, high = data.scale_min, data.scale_max
    if low is None:
        low = 0 if high in _ZERO_BASED else 1
    return Rated(time, event.source, event.id, data.kind, data.score, low, high, data.survey_id, data.agent, data.team, data.channel)


_BY_CLASS: Mapping[type, Callable[[Any, int, AbstractSet[str]], Essence]] = {
    events.TicketOpened: _opened,
    fast.TicketOpened: _opened,
    events.SurveyOffered: _offered,
    fast.SurveyOffered: _offered,
    events.TicketReplied: _replied,
    fast.TicketReplied: _replied,
    events.TicketClosed: _closed,
    fast.TicketClosed: _closed,
    events.TicketReopened: _reopened,
    fast.TicketReopened: _reopened,
    events.TicketMerged: _merged,
    fast.TicketMerged: _merged,
    events.RatingSubmitted: _rated,
    fast.RatingSubmitted: _rated,
}
