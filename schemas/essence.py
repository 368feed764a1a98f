"""What of an event counts: the part every figure is made of, flat, in whole milliseconds, small enough to keep.

Comments, customers and free text never enter an essence, so they never enter the state or a log either.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec


class _Essence(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Common beginning: event time (ms since 1970, UTC) and the identity `source`, `id`."""

    rank: ClassVar[int]
    time: int
    source: str
    id: str


class Opened(_Essence, tag=0, frozen=True):
    """A ticket was opened. `by_customer`: initiated by a customer, and not by a bot on their behalf."""

    rank = 0
    by_customer: bool
    team: str | None = None
    channel: str | None = None
    product: str | None = None
    priority: str | None = None
    language: str | None = None
    campaign: str | None = None


class Offered(_Essence, tag=1, frozen=True):
    """A survey was offered."""

    rank = 1
    survey: str | None = None


class Replied(_Essence, tag=2, frozen=True):
    """A reply or note. `human`: public and by an agent. `followed_up`: it carries a tag that closes follow-ups."""

    rank = 2
    human: bool
    agent: str | None = None
    team: str | None = None
    followed_up: bool = False


class Closed(_Essence, tag=3, frozen=True):
    """A ticket was closed; `by` is agent, bot or auto. `followed_up`: it carries a tag that closes follow-ups."""

    rank = 3
    by: str
    agent: str | None = None
    spam: bool = False
    followed_up: bool = False


class Reopened(_Essence, tag=4, frozen=True):
    """A closed ticket was opened again."""

    rank = 4


class Merged(_Essence, tag=5, frozen=True):
    """A ticket was merged away into another."""

    rank = 5


class Rated(_Essence, tag=6, frozen=True):
    """A customer's rating; `kind` is csat, nps or ces, the score lies in `low` .. `high`."""

    rank = 6
    kind: str
    score: int
    low: int
    high: int
    survey: str | None = None
    agent: str | None = None
    team: str | None = None
    channel: str | None = None


Essence = Opened | Offered | Replied | Closed | Reopened | Merged | Rated

_encoder = msgspec.msgpack.Encoder()


def canonical(essence: Essence) -> bytes:
    """The canonical form: MessagePack of the fields in their order. Equal bytes are equal content."""
    return _encoder.encode(essence)


def order(essence: Essence) -> tuple[int, int, str, str]:
    """The order of the events of a ticket: time, kind, source, id."""
    return essence.time, essence.rank, essence.source, essence.id
