"""The lives of one ticket: its events in order, split where it was closed and quiet for long, or open for too long. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.essence import Closed, Essence, Merged, Offered, Opened, Rated, Reopened, Replied
from stream.segments import NOBODY, Dimensions, Keys, Segmenter

_NEVER = -1


class Life:
    """One life of a ticket, folded from its events in order. Lists are in that order; `tagged`: replies and notes that close a follow-up."""

    __slots__ = ("_keys", "closed", "closes", "ended", "humans", "last", "merged", "offers", "opened", "ratings", "reopens", "tagged")

    def __init__(self) -> None:
        self.opened: Opened | None = None
        self.humans: list[Replied] = []
        self.tagged: list[Replied] = []
        self.closes: list[Closed] = []
        self.reopens: list[Reopened] = []
        self.ratings: list[Rated] = []
        self.offers: list[Offered] = []
        self.merged = False
        self.closed = False
        self.ended = False
        self.last = _NEVER
        self._keys: Keys | None = None

    @property
    def void(self) -> bool:
        """Merged away, or spam by its last close: in no figure."""
        return self.merged or (bool(self.closes) and self.closes[-1].spam)

    @property
    def standing_open(self) -> bool:
        """Opened, not closed, and not given up for its age."""
        return self.opened is not None and not self.closed and not self.ended

    @property
    def waiting(self) -> bool:
        """A customer's ticket that stands open without a human reply."""
        return self.standing_open and self.opened is not None and self.opened.by_customer and not self.humans

    def dimensions(self, agent: str | None = NOBODY) -> Dimensions:
        """Dimensions of a ticket figure; `agent` is whom it belongs to."""
        return Dimensions(agent=agent) if self.opened is None else dimensions_of(self.opened, agent)

    def keys(self, segmenter: Segmenter, agent: str | None = NOBODY) -> Keys:
        """Segments of a ticket figure; `agent` is whom it belongs to."""
        if segmenter.by_agent:
            return segmenter.keys(self.dimensions(agent))
        if self._keys is None:
            self._keys = segmenter.keys(self.dimensions())
        return self._keys

    def replier_before(self, time: int) -> Replied | None:
        """Last human reply earlier than `time`."""
        for reply in reversed(self.humans):
            if reply.time < time:
                return reply
        return None

    def agent_of_close(self, close: Closed) -> str | None:
        """Whom a close belongs to: the last human replier up to it, else the agent who closed."""
        for reply in reversed(self.humans):
            if reply.time <= close.time:
                return reply.agent or close.agent
        return close.agent

    def add(self, event: Essence) -> None:
        """Fold the next event in order."""
        self.last = event.time
        kind = type(event)
        if kind is Replied:
            if event.human or event.followed_up:  # type: ignore[union-attr]
                self._reply(event)  # type: ignore[arg-type]
        elif kind is Opened:
            if self.opened is None:
                self.opened = event  # type: ignore[assignment]
        elif kind is Closed:
            self.closes.append(event)  # type: ignore[arg-type]
            self.closed = True
        elif kind is Rated:
            self.ratings.append(event)  # type: ignore[arg-type]
        elif kind is Reopened:
            if self.closed:
                self.reopens.append(event)  # type: ignore[arg-type]
                self.closed = False
        elif kind is Merged:
            self.merged = True
        else:
            self.offers.append(event)  # type: ignore[arg-type]

    def _reply(self, event: Replied) -> None:
        if event.human:
            self.humans.append(event)
        if event.followed_up:
            self.tagged.append(event)


def dimensions_of(opened: Opened, agent: str | None = NOBODY) -> Dimensions:
    """Dimensions of a ticket that was opened so; `agent` is whom a figure of it belongs to."""
    return Dimensions(opened.team, opened.channel, opened.product, opened.priority, opened.language, opened.campaign, agent)


def lives_of(events: Iterable[Essence], life_gap: int, max_open_age: int, swept: int = 0) -> list[Life]:
    """Lives of a ticket from its events in order. There is always one.

    Every life but the last has ended, and the last if it was open for too long at `swept` (ms).
    """
    life = Life()
    lives = [life]
    for event in events:
        if _is_over(life, event.time, life_gap, max_open_age):
            life.ended = True
            life = Life()
            lives.append(life)
        life.add(event)
    if life.opened is not None and not life.closed and life.opened.time + max_open_age < swept:
        life.ended = True
    return lives


def _is_over(life: Life, time: int, life_gap: int, max_open_age: int) -> bool:
    if life.closed:
        return time - life.last > life_gap
    # Every life must end some time, one without its opening too: nobody would ever let go of it.
    return life.last != _NEVER and time - (life.opened.time if life.opened else life.last) > max_open_age
