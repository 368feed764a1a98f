"""First response: facts of `first_response` and `first_response_within`, for customer's lives."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.essence import Opened
from stream.audit.facts import NONE, Fact, ticket_dimensions
from stream.audit.lives import Life
from stream.settings import Settings


def facts(life: Life, settings: Settings) -> Iterator[Fact]:
    """The value or negative of the first human reply, and the outcome against the target."""
    if life.void or life.opened is None or not life.opened.by_customer:
        return
    yield from _response(life, life.opened)
    yield from _outcome(life, life.opened, deadline(life.opened, settings))


def deadline(opened: Opened, settings: Settings) -> int:
    """Opening plus the target of its channel, ms."""
    targets = settings.targets.first_response
    return opened.time + targets.get(opened.channel or "default", targets["default"])


def _response(life: Life, opened: Opened) -> Iterator[Fact]:
    if not life.human_replies:
        return
    reply = life.human_replies[0]
    dimensions = ticket_dimensions(life)._replace(agent=reply.agent or NONE)
    if reply.time < opened.time:
        yield Fact(reply.time, "first_response", "negative", dimensions)
    else:
        yield Fact(reply.time, "first_response", "answered", dimensions, reply.time - opened.time)


def _outcome(life: Life, opened: Opened, due: int) -> Iterator[Fact]:
    reply = life.human_replies[0].time if life.human_replies else None
    if reply is not None and reply < opened.time:
        return
    if reply is not None and reply <= due:
        yield Fact(reply, "first_response_within", "hit", ticket_dimensions(life))
    elif not (reply is None and life.stands_closed and life.closes[-1].time <= due):
        yield Fact(due, "first_response_within", "miss", ticket_dimensions(life))
