"""Whether the scorer still hears of what is flushed: a client that waits for ever must not keep scores from going on. Pure."""

from __future__ import annotations

from collections.abc import Mapping

PATIENCE = 60_000
"""A flush that is durable for so long (ms), with no word of it or any other at the scorer, means that the scorer is deaf."""


class Liveness:
    """Compares, again and again, the flushes of each partition with the last one that the scorer has taken in."""

    def __init__(self) -> None:
        self._waits: dict[int, tuple[int, int]] = {}

    def is_deaf(self, steady: int, flushed: Mapping[int, int], seen: Mapping[int, int]) -> bool:
        """Whether it has taken in nothing of some partition for long (`steady` in ms), although there is something."""
        for partition in self._waits.keys() - flushed.keys():
            del self._waits[partition]
        deaf = [partition for partition, number in flushed.items() if self._is_deaf_for(partition, steady, number, seen.get(partition, 0))]
        return bool(deaf)

    def _is_deaf_for(self, partition: int, steady: int, flushed: int, seen: int) -> bool:
        if seen >= flushed:
            self._waits.pop(partition, None)
            return False
        before, since = self._waits.setdefault(partition, (seen, steady))
        if seen != before:
            self._waits[partition] = (seen, steady)
            return False
        return steady - since >= PATIENCE
