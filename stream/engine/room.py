"""How many events a partition may take in before its sums are worked out, so that all of it still fits one batch. Pure.

A flush is one batch, and what events add to it is only known once their tickets are settled. Settling rarely is cheap, since a ticket whose
events come together is worked out once; so the growth is estimated from the settlings before, with a wide margin. Where the estimate was
wrong the flush is refused as too large before anything is durable: the state is recovered from the log, and begins again with a few events a time.
"""

from __future__ import annotations

BATCH_ROOM = 14 * 1024 * 1024
"""Bytes that a flush may come to by estimate; the largest batch is 16 MiB."""
FLUSH_WEIGHT = 8 * 1024 * 1024
"""A flush is closed at about this size by its weight, which counts a page as often as it might be touched: about twice what is written."""
MOST_EVENTS = 20_000
FEWEST_EVENTS = 16
_MARGIN = 2
_FIRST_GROWTH = 600
"""What an event may add for each segment list before anything was measured (bytes): a sixth of a page, most events of a moment share theirs."""


class Room:
    """Room of one partition's next flush. `lists`: number of segment lists; `ceiling`: most events, where more were found too many before.

    Below a ceiling it begins with few events, and doubles their number with every flush.
    """

    def __init__(self, lists: int, ceiling: int = MOST_EVENTS) -> None:
        self._ceiling = ceiling
        self._most = MOST_EVENTS if ceiling >= MOST_EVENTS else FEWEST_EVENTS
        self._growth = _FIRST_GROWTH * max(1, lists)
        self._settled_weight = 0
        self._unsettled = 0

    @property
    def events(self) -> int:
        """How many more events may be taken in before the next settling; at least one."""
        fits = (BATCH_ROOM - self._settled_weight) // (_MARGIN * self._growth)
        return max(1, min(self._most, fits) - self._unsettled)

    def took(self, events: int) -> bool:
        """Events were taken in; tells whether to settle now."""
        left = self.events
        self._unsettled += events
        return events >= left

    def settled(self, weight: int) -> None:
        """The flush weighs so many bytes now that everything is settled."""
        if self._unsettled:
            measured = (weight - self._settled_weight) // self._unsettled
            # A quiet moment says little of the next one: the estimate falls slowly and rises at once.
            self._growth = max(1, measured, self._growth * 7 // 8)
        self._settled_weight = weight
        self._unsettled = 0

    def begun(self) -> None:
        """Everything that is settled has gone into a flush; what comes from now on belongs to the next."""
        self._settled_weight = 0
        self._unsettled = 0

    def flushed(self) -> None:
        """The flush is durable."""
        self._most = min(2 * self._most, self._ceiling)

    @property
    def share(self) -> float:
        """What a flush may hold now as a part of what it usually may: of what nobody sent, too."""
        return self._most / MOST_EVENTS

    @property
    def next_ceiling(self) -> int | None:
        """The ceiling after a flush was refused as too large; None where there is no way to smaller ones."""
        return None if self._most <= FEWEST_EVENTS else max(FEWEST_EVENTS, self._most // 2)

    def is_full(self, weight: int) -> bool:
        """Whether a flush of this weight should go out."""
        return weight >= min(FLUSH_WEIGHT, self._most * FLUSH_WEIGHT // MOST_EVENTS)
