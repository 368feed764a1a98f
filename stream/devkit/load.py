"""The standard load: tickets of twenty teams as CloudEvents, reproducible by seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from schemas.times import iso
from stream.durations import DAY, HOUR, MINUTE

OPENED, REPLIED, CLOSED, RATINGS = range(4)
TEAMS, AGENTS, PRODUCTS, CUSTOMERS = 20, 200, 5, 50_000
CHANNELS = ("email", "chat", "phone")
CLOSED_SHARE, RATED_SHARE = 0.95, 0.35
REPLY_KINDS = (("bot", "true"), ("customer", "true"), ("agent", "false"), ("agent", "true"))
REPLY_WEIGHTS = (15, 20, 15, 50)
REPLIES = (1, 2, 2, 2, 3, 3, 3, 4)
EVENTS_A_TICKET = 1 + sum(REPLIES) / len(REPLIES) + CLOSED_SHARE + RATED_SHARE
"""On average: the opening, replies, closes, ratings; 4.8."""


class LoadRecord(NamedTuple):
    """One record to produce: when (`order_ms`), its event time, the index of its topic in `Topics.sources`, key and value."""

    order_ms: int
    time_ms: int
    topic_index: int
    partition_key: bytes
    value: bytes


class _Ticket(NamedTuple):
    number: int
    id: str
    team: str
    channel: str
    agent: str
    opened_ms: int


class _Draft(NamedTuple):
    """An event before it is encoded: topic, type, prefix of its id, time, and its data after the ticket's id."""

    topic_index: int
    type: str
    id: str
    time_ms: int
    data: str


def standard_load(  # noqa: PLR0913  the knobs of the standard load, each with a default
    events: int,
    *,
    seed: int = 1,
    satisfied: float = 0.90,
    start: int,
    span: int = 30 * DAY,
    prefix: str = "",
    team_prefix: str = "team",
    teams: int = TEAMS,
) -> list[LoadRecord]:
    """Exactly `events` events with times in [start, start + span) ms, sorted by the order in which to produce them.

    Tickets open evenly over the span; what would happen to them after its end is left out. The order differs from event time by
    up to 4 s. `prefix` sets the tickets of one load apart from those of another.
    """
    rng = random.Random(seed)
    records: list[LoadRecord] = []
    number = 0
    while len(records) < events:
        ticket = _new_ticket(rng, number, prefix, team_prefix, start + rng.randrange(span), teams)
        records += [_record(rng, ticket, draft) for draft in _story(rng, ticket, satisfied) if draft.time_ms < start + span]
        number += 1
    del records[events:]
    records.sort(key=lambda record: record.order_ms)
    return records


def _new_ticket(rng: random.Random, number: int, prefix: str, team_prefix: str, opened_ms: int, teams: int = TEAMS) -> _Ticket:
    team = f"{team_prefix}{rng.randrange(teams)}"
    return _Ticket(number, f"{prefix}T-{number}", team, rng.choice(CHANNELS), f"a{rng.randrange(AGENTS)}", opened_ms)


def _story(rng: random.Random, ticket: _Ticket, satisfied: float) -> Iterator[_Draft]:
    """The events of one ticket in time order: 4.8 on average."""
    yield _opened(rng, ticket)
    time_ms = ticket.opened_ms
    for index in range(rng.choice(REPLIES)):
        time_ms += 1000 + int(rng.expovariate(1 / (40 * MINUTE)))
        yield _reply(rng, ticket, index, time_ms)
    if rng.random() < CLOSED_SHARE:
        time_ms += 1000 + int(rng.expovariate(1 / (2 * HOUR)))
        yield _Draft(CLOSED, "ticket.closed", f"c-{ticket.number}", time_ms, '"closed_by":"agent"')
    if rng.random() < RATED_SHARE:
        time_ms += 1000 + int(rng.expovariate(1 / (3 * HOUR)))
        yield _rating(rng, ticket, satisfied, time_ms)


def _opened(rng: random.Random, ticket: _Ticket) -> _Draft:
    data = (
        f'"customer_id":"C-{rng.randrange(CUSTOMERS)}","channel":"{ticket.channel}","team":"{ticket.team}",'
        f'"product":"p{rng.randrange(PRODUCTS)}","priority":"normal","initiated_by":"customer"'
    )
    return _Draft(OPENED, "ticket.opened", f"o-{ticket.number}", ticket.opened_ms, data)


def _reply(rng: random.Random, ticket: _Ticket, index: int, time_ms: int) -> _Draft:
    """15 % by a bot, 20 % by the customer, 15 % internal notes, 50 % public replies of an agent."""
    ((author, public),) = rng.choices(REPLY_KINDS, weights=REPLY_WEIGHTS)
    data = f'"author":"{author}","public":{public},"agent":"{ticket.agent}","team":"{ticket.team}"'
    return _Draft(REPLIED, "ticket.replied", f"p-{ticket.number}-{index}", time_ms, data)


def _rating(rng: random.Random, ticket: _Ticket, satisfied: float, time_ms: int) -> _Draft:
    score = rng.choice((4, 5, 5)) if rng.random() < satisfied else rng.choice((1, 2, 3))
    data = (
        f'"survey_id":"s-{ticket.number}","kind":"csat","score":{score},"scale_max":5,'
        f'"team":"{ticket.team}","channel":"{ticket.channel}","agent":"{ticket.agent}"'
    )
    return _Draft(RATINGS, "rating.submitted", f"r-{ticket.number}", time_ms, data)


def _record(rng: random.Random, ticket: _Ticket, draft: _Draft) -> LoadRecord:
    return LoadRecord(draft.time_ms + rng.randrange(4000), draft.time_ms, draft.topic_index, ticket.id.encode(), _encode(ticket, draft))


def _encode(ticket: _Ticket, draft: _Draft) -> bytes:
    return (
        f'{{"specversion":"1.0","type":"{draft.type}","source":"bench","id":"{draft.id}","time":"{iso(draft.time_ms)}",'
        f'"data":{{"ticket_id":"{ticket.id}",{draft.data}}}}}'
    ).encode()
