"""Time to resolution: facts of `resolution_first` and `resolution_last`."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.essence import Closed
from stream.audit.facts import Fact, closing_agent, ticket_dimensions
from stream.audit.lives import Life
from stream.settings import Settings


def facts(life: Life, settings: Settings) -> Iterator[Fact]:  # noqa: ARG001 - all families are called alike
    """The time to the first close, and to the last while the life stands closed."""
    if life.void or life.opened is None or not life.closes:
        return
    yield _resolution("resolution_first", life, life.opened.time, life.closes[0])
    if life.stands_closed:
        yield _resolution("resolution_last", life, life.opened.time, life.closes[-1])


def _resolution(metric: str, life: Life, opened: int, close: Closed) -> Fact:
    dimensions = ticket_dimensions(life)._replace(agent=closing_agent(life, close))
    if close.time < opened:
        return Fact(close.time, metric, "negative", dimensions)
    return Fact(close.time, metric, "resolved", dimensions, close.time - opened)
