"""A ticket cut into lives, and what is known of each life."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.essence import Closed, Essence, Merged, Offered, Opened, Rated, Reopened, Replied, order


@dataclass(slots=True)
class Life:
    """One life of a ticket: its events that figures are made of, each kind in the order of the ticket."""

    partition: int
    opened: Opened | None = None
    """The earliest one."""
    human_replies: list[Replied] = field(default_factory=list)
    closes: list[Closed] = field(default_factory=list)
    offers: list[Offered] = field(default_factory=list)
    ratings: list[Rated] = field(default_factory=list)
    """Those of kind csat."""
    merged: bool = False
    stands_closed: bool = False
    reopened: bool = False
    """At least once after a close, "thanks" included."""
    reopened_in_earnest: bool = False
    """A reopening was answered by a human before the next close."""
    reopening_pending: bool = False
    """Reopened, since then neither answered nor closed."""
    tags: list[int] = field(default_factory=list)
    """Times (ms) of the events with a tag that closes follow-ups."""
    last: int = 0
    """Time (ms) of its last event."""
    followed: bool = False
    """Another life of the ticket began after it."""

    @property
    def void(self) -> bool:
        """Merged away, or spam by its last close."""
        return self.merged or bool(self.closes and self.closes[-1].spam)

    @property
    def never_reopened(self) -> bool:
        """Not reopened but for a "thanks"."""
        return not (self.reopened_in_earnest or self.reopening_pending)

    def add(self, event: Essence) -> None:
        """Take in the next event of the ticket's order."""
        self.last = event.time
        if isinstance(event, Replied | Closed) and event.followed_up:
            self.tags.append(event.time)
        match event:
            case Opened():
                self.opened = self.opened or event
            case Offered():
                self.offers.append(event)
            case Replied():
                self._reply(event)
            case Closed():
                self.closes.append(event)
                self.stands_closed, self.reopening_pending = True, False
            case Reopened():
                self._reopen()
            case Merged():
                self.merged = True
            case Rated():
                if event.kind == "csat":
                    self.ratings.append(event)

    def _reply(self, event: Replied) -> None:
        if not event.human:
            return
        self.human_replies.append(event)
        if self.reopening_pending:
            self.reopened_in_earnest, self.reopening_pending = True, False

    def _reopen(self) -> None:
        if self.stands_closed:
            self.stands_closed, self.reopened, self.reopening_pending = False, True, True


def cut(events: Iterable[Essence], life_gap: int, max_open_age: int, partition: int) -> list[Life]:
    """The lives of one ticket: one ends when it was closed and quiet for more than `life_gap` ms, or open for more than `max_open_age` ms."""
    lives: list[Life] = []
    previous = 0
    for event in sorted(events, key=order):
        if not lives or _is_over(lives[-1], event.time, previous, max_open_age, quiet=event.time - previous > life_gap):
            lives.append(Life(partition))
        lives[-1].add(event)
        previous = event.time
    for life in lives[:-1]:
        life.followed = True
    return lives


def _is_over(life: Life, time: int, previous: int, max_open_age: int, *, quiet: bool) -> bool:
    if life.stands_closed:
        return quiet
    return time - (previous if life.opened is None else life.opened.time) > max_open_age
