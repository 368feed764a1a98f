"""Facts: flat records that figures are counted from, each with its time and the dimensions it counts under."""

from __future__ import annotations

from typing import NamedTuple

from schemas.essence import Closed
from stream.audit.lives import Life

NONE = "(none)"


class Dimensions(NamedTuple):
    """Values of all dimensions; `agent` is None for a figure that belongs to no agent."""

    team: str = NONE
    channel: str = NONE
    product: str = NONE
    priority: str = NONE
    campaign: str = NONE
    language: str = NONE
    agent: str | None = None


class Fact(NamedTuple):
    """One case of `what` under a metric at a time (ms); `value` is its duration in ms, or its score in 1/10,000 of a star."""

    time: int
    metric: str
    what: str
    dimensions: Dimensions
    value: int = 0


def ticket_dimensions(life: Life) -> Dimensions:
    """Dimensions of the life's `opened` event, for no agent."""
    opened = life.opened
    if opened is None:
        return Dimensions()
    return Dimensions(
        opened.team or NONE, opened.channel or NONE, opened.product or NONE, opened.priority or NONE, opened.campaign or NONE, opened.language or NONE
    )


def closing_agent(life: Life, close: Closed) -> str:
    """The last human replier up to a close, else the agent of the close."""
    before = [reply for reply in life.human_replies if reply.time <= close.time]
    return (before[-1].agent if before else None) or close.agent or NONE
