"""Partitions whose sources have more to give and that nothing arrives of: what was fetched of them got lost on its way. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

FIRST_PATIENCE = 5_000
LONGEST_PATIENCE = 600_000
"""How long (ms) nothing has to arrive; doubled each time it was in vain, since the end of a log may hold offsets without a record."""


class _Wait(NamedTuple):
    done: int
    since: int
    patience: int


class Stalls:
    """Looks at how far each partition is, again and again."""

    def __init__(self) -> None:
        self._waits: dict[int, _Wait] = {}

    def found(self, steady: int, behind: Mapping[int, int]) -> list[int]:
        """Partitions to fetch again (`steady` in ms). `behind`: of those that have more to read, the sum of the offsets that they have come to."""
        for partition in self._waits.keys() - behind.keys():
            del self._waits[partition]
        return [partition for partition, done in behind.items() if self._is_stalled(partition, steady, done)]

    def _is_stalled(self, partition: int, steady: int, done: int) -> bool:
        wait = self._waits.get(partition)
        if wait is None or wait.done != done:
            self._waits[partition] = _Wait(done, steady, FIRST_PATIENCE)
            return False
        if steady - wait.since < wait.patience:
            return False
        self._waits[partition] = _Wait(done, steady, min(2 * wait.patience, LONGEST_PATIENCE))
        return True
