"""Low ratings of all partitions as the scorer holds them: for follow-ups, and as evidence of alerts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from stream.state.lows import Low, decode

Change = tuple[Low | None, Low | None]
"""A low rating before and after."""


class LowRatings:
    """Low ratings by the key they are kept under; what changed waits in `changes`."""

    def __init__(self) -> None:
        self._held: dict[str, Low] = {}
        self._changed: dict[str, Low | None] = {}

    def put(self, name: str, packed: bytes | None) -> None:
        """What one partition says of a rating; None: it is low no more, or forgotten."""
        before = self._held.get(name)
        if packed is None:
            self._held.pop(name, None)
        else:
            self._held[name] = decode(packed)
        if self._held.get(name) != before:
            self._changed.setdefault(name, before)

    def changes(self) -> Iterator[Change]:
        """What changed since the last call, each rating once."""
        for name, before in self._changed.items():
            yield before, self._held.get(name)
        self._changed.clear()

    def held(self) -> Iterable[Low]:
        """All of them."""
        return self._held.values()

    def worst(self, segment: Mapping[str, str], begin: int, end: int, limit: int) -> list[Low]:
        """The worst ratings of a segment first given in begin..end (ms): lowest score first, of equal ones the newest."""
        found = [low for low in self._held.values() if begin <= low.rated_at < end and low.lies_in(segment)]
        return sorted(found, key=lambda low: (low.stars, -low.rated_at, low.ticket))[:limit]
