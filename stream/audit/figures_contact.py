"""First-contact resolution, bot-only share and reopen rate: facts at the time of the first close."""

from __future__ import annotations

from collections.abc import Iterator

from stream.audit.facts import Fact, closing_agent, ticket_dimensions
from stream.audit.lives import Life
from stream.settings import Settings


def facts(life: Life, settings: Settings) -> Iterator[Fact]:  # noqa: ARG001 - all families are called alike
    """What the life counts as in `fcr_one_touch`, `fcr_never_reopened`, `bot_only` and `reopen_rate`."""
    if life.void or life.opened is None or not life.closes:
        return
    close = life.closes[0]
    dimensions = ticket_dimensions(life)._replace(agent=closing_agent(life, close))
    for metric, what in _counts(life):
        yield Fact(close.time, metric, what, dimensions)


def _counts(life: Life) -> Iterator[tuple[str, str]]:
    yield "reopen_rate", "closed"
    yield "bot_only", "closed"
    if life.reopened:
        yield "reopen_rate", "reopened"
    if _bot_only(life):
        yield "bot_only", "bot_only"
        return
    yield "fcr_one_touch", "resolved"
    yield "fcr_never_reopened", "resolved"
    if len(life.human_replies) < 2:  # noqa: PLR2004 - one touch
        yield "fcr_one_touch", "first_contact"
    if life.never_reopened and len(_agents(life)) <= 1:
        yield "fcr_never_reopened", "first_contact"


def _bot_only(life: Life) -> bool:
    return not life.human_replies and life.closes[0].by in ("bot", "auto")


def _agents(life: Life) -> set[str]:
    return {reply.agent for reply in life.human_replies if reply.agent is not None}
