"""How far each topic partition was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from faust.types import TP


@dataclass
class Reading:
    """Offsets of each topic partition that is read; `sources` are the topics whose holes are found by whoever takes their chunks in.

    `positions`: where its next chunk begins, None where that is not known; `fetched`: where the next fetch begins; `seeks`: how often it was sought;
    `lost`: of changelogs of which fetched records were not handed on, the number of the seek they came after, and the first of their offsets.
    """

    sources: Collection[str]
    positions: dict[TP, int | None] = field(default_factory=dict)
    fetched: dict[TP, int] = field(default_factory=dict)
    seeks: Counter[TP] = field(default_factory=Counter)
    lost: dict[TP, tuple[int, int]] = field(default_factory=dict)

    def seek(self, tp: TP, offset: int) -> None:
        """It is read from this offset on; whatever was fetched before is void."""
        self.seeks[tp] += 1
        self.fetched[tp] = offset
        self.positions[tp] = offset

    def lose(self, tp: TP, begins: int | None, number: int) -> None:
        """What was fetched after the seek of this number, from an offset on, is not handed on; of no account where it was sought since."""
        if self.seeks[tp] != number:
            return
        self.positions[tp] = None
        if begins is not None and tp.topic not in self.sources:
            self.lost[tp] = number, begins

    def lose_all(self) -> None:
        """A fetch was broken off: whatever it had of any of them is lost."""
        for tp, begins in list(self.positions.items()):
            self.lose(tp, begins, self.seeks[tp])
