"""What is still to be delivered: a bounded queue per receiver that survives a restart as records of a compacted topic. Pure.

Of one alert nothing overtakes what came before it; otherwise the worst severity goes first, then the oldest. A receiver that fails rests,
and so does the notification that failed: both for random times that grow from failure to failure.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from stream.durations import DAY, MINUTE, SECOND
from stream.outlets.notification import Notification, Record, from_value, to_record

CAPACITY = 1_000
SHORTEST_WAIT = SECOND
LONGEST_WAIT = 5 * MINUTE
GIVE_UP_AFTER = DAY
_RANKS = {"page": 0, "ticket": 1, "info": 2}


class Accepted(NamedTuple):
    """What must be written, and whose notifications were dropped because a queue was full or its receiver is gone."""

    records: list[Record]
    dropped: tuple[str, ...] = ()


@dataclass(slots=True)
class _Item:
    notification: Notification
    order: int
    attempts: int = 0
    due: int = 0

    @property
    def priority(self) -> tuple[int, int]:
        return _RANKS[self.notification.severity], self.order


@dataclass(slots=True)
class _Queue:
    """`items` by idempotency key, in the order in which they came. `under_way`: key of the one that is being sent."""

    items: dict[str, _Item] = field(default_factory=dict)
    failures: int = 0
    rests_until: int = 0
    under_way: str | None = None

    def heads(self) -> Iterator[_Item]:
        """The oldest of each alert: only these may be sent."""
        seen = set()
        for item in self.items.values():
            if item.notification.about not in seen:
                seen.add(item.notification.about)
                yield item

    def least(self) -> str | None:
        """Key of the oldest of the lowest severity; digests stand for many and what is under way may have arrived, so these stay."""
        kept = [item for key, item in self.items.items() if key != self.under_way and not item.notification.count]
        return min(kept, key=lambda item: (-item.priority[0], item.order)).notification.key if kept else None


class Outbox:
    """The queues of all receivers; times are wall-clock ms."""

    def __init__(self, receivers: Sequence[str], chooser: random.Random, capacity: int = CAPACITY) -> None:
        self._queues = {name: _Queue() for name in receivers}
        self._chooser = chooser
        self._capacity = capacity
        self._next_order = 0

    def __len__(self) -> int:
        return sum(len(queue.items) for queue in self._queues.values())

    def put(self, notification: Notification) -> Accepted:
        """Queue a notification; one whose key is still queued for its receiver is the same one."""
        if notification.key in self._queues[notification.receiver].items:
            return Accepted([])
        return self.replace(notification)

    def replace(self, notification: Notification) -> Accepted:
        """Queue a notification in the place of the one with its key, if there is one."""
        self._insert(notification)
        dropped = self._drop(notification.receiver)
        written = [] if notification in dropped else [to_record(notification)]
        return Accepted([*written, *(_tombstone(other) for other in dropped if other != notification)], tuple(other.receiver for other in dropped))

    def load(self, records: Iterable[Record]) -> Accepted:
        """Take over what a run before left, in the order of the topic; ValueError where a record can't be read."""
        left: dict[bytes, Notification] = {}
        for key, value in records:
            left.pop(key, None)
            if value is not None:
                left[key] = from_value(value)
        dropped = [found for found in left.values() if found.receiver not in self._queues]
        for found in left.values():
            if found.receiver in self._queues:
                self._insert(found)
        dropped += [found for name in self._queues for found in self._drop(name)]
        return Accepted([_tombstone(found) for found in dropped], tuple(found.receiver for found in dropped))

    def held(self, receiver: str, key: str) -> Notification | None:
        """What is queued for a receiver under a key."""
        item = self._queues[receiver].items.get(key)
        return item.notification if item else None

    def next(self, receiver: str, now: int) -> Notification | None:
        """What a receiver is to get now; it is under way until `done` or `failed`."""
        queue = self._queues[receiver]
        due = [item for item in queue.heads() if _ready(queue, item, now) <= now]
        if not due:
            return None
        chosen = min(due, key=lambda item: item.priority).notification
        queue.under_way = chosen.key
        return chosen

    def due(self, receiver: str, now: int) -> int | None:
        """When `next` or `expired` will have something for a receiver; None where nothing is queued."""
        queue = self._queues[receiver]
        if not queue.items:
            return None
        ready = min(_ready(queue, item, now) for item in queue.heads())
        return min(ready, *(_ends(item.notification) for item in queue.items.values()))

    def done(self, receiver: str, key: str) -> list[Record]:
        """A notification was delivered, or refused for good: its tombstone."""
        queue = self._queues[receiver]
        queue.failures = queue.rests_until = 0
        return self._remove(receiver, key)

    def failed(self, receiver: str, key: str, now: int, asked: int | None = None) -> int:
        """An attempt failed; gives the time before which nothing is sent again. `asked`: wait in ms that the receiver asked for."""
        queue = self._queues[receiver]
        item = queue.items[key]
        queue.under_way = None
        queue.failures += 1
        item.attempts += 1
        least = min(asked or 0, LONGEST_WAIT)
        queue.rests_until = now + max(self._wait(queue.failures), least)
        item.due = now + max(self._wait(item.attempts), least)
        return queue.rests_until

    def failures(self, receiver: str) -> int:
        """How many attempts failed since the last one that did not."""
        return self._queues[receiver].failures

    def expired(self, receiver: str, now: int) -> list[Record]:
        """Forget what could not be delivered for too long: the tombstones."""
        old = [item.notification for item in self._queues[receiver].items.values() if _ends(item.notification) <= now]
        return [record for notification in old for record in self._remove(receiver, notification.key)]

    def _insert(self, notification: Notification) -> None:
        items = self._queues[notification.receiver].items
        known = items.get(notification.key)
        if known:
            known.notification = notification
            return
        items[notification.key] = _Item(notification, self._next_order)
        self._next_order += 1

    def _drop(self, receiver: str) -> list[Notification]:
        """Make a full queue fit again: what had to leave."""
        queue = self._queues[receiver]
        dropped: list[Notification] = []
        while len(queue.items) > self._capacity and (least := queue.least()) is not None:
            dropped.append(queue.items.pop(least).notification)
        return dropped

    def _remove(self, receiver: str, key: str) -> list[Record]:
        queue = self._queues[receiver]
        if queue.under_way == key:
            queue.under_way = None
        item = queue.items.pop(key, None)
        return [_tombstone(item.notification)] if item else []

    def _wait(self, failures: int) -> int:
        """Exponential backoff with full jitter, in ms."""
        longest = min(LONGEST_WAIT, SHORTEST_WAIT << min(failures, 20))
        return self._chooser.randint(SHORTEST_WAIT, longest)


def _tombstone(notification: Notification) -> Record:
    return notification.record_key, None


def _ready(queue: _Queue, item: _Item, now: int) -> int:
    """When an item may be sent. A wait longer than any that is given means that the clock was set back: it is over."""
    waits = [time for time in (queue.rests_until, item.due) if time <= now + LONGEST_WAIT]
    return max(item.notification.not_before, *waits, 0)


def _ends(notification: Notification) -> int:
    return max(notification.accepted, notification.not_before) + GIVE_UP_AFTER
