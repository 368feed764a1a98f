"""The oldest of what waits in each segment: a minimum, which sums can't keep. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush

import msgspec

Entry = tuple[int, str]
"""Since when something waits (ms), and its name: of two that wait equally long the smaller name is the oldest."""

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Entry] = msgspec.msgpack.Decoder(Entry)


def encode(oldest: Entry) -> bytes:
    """Bytes of an entry."""
    return _encoder.encode(oldest)


def decode(packed: bytes) -> Entry:
    """Entry of some bytes; msgspec.ValidationError where they are none."""
    return _decoder.decode(packed)


class Oldest:
    """What waits in one partition with the time since when (ms), and by segment a heap that forgets lazily."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._heaps: dict[str, list[Entry]] = {}
        self._oldest: dict[str, Entry] = {}
        self._touched: set[str] = set()

    def put(self, name: str, since: int | None, segments: tuple[str, ...]) -> None:
        """It waits since then (None: it does not wait), in these segments."""
        known = self._since.get(name)
        if known == (since, segments) or (known is None and since is None):
            return
        if known is not None:
            self._touched.update(known[1])
            del self._since[name]
        if since is not None:
            self._since[name] = since, segments
            self._touched.update(segments)
            for segment in segments:
                heappush(self._heaps.setdefault(segment, []), (since, name))

    def load(self, segment: str, oldest: Entry | None) -> None:
        """Put back what was last said of a segment."""
        if oldest is None:
            self._oldest.pop(segment, None)
        else:
            self._oldest[segment] = oldest

    def close(self) -> Iterator[tuple[str, Entry | None]]:
        """Segments whose oldest has changed, with the new one or None."""
        for segment in self._touched:
            oldest = self._top(segment)
            if oldest != self._oldest.get(segment):
                self.load(segment, oldest)
                yield segment, oldest
        self._touched.clear()

    def items(self) -> Iterator[tuple[str, Entry]]:
        """The oldest of every segment, as last said."""
        return iter(self._oldest.items())

    def get(self, segment: str) -> Entry | None:
        """The oldest of one segment, as last said."""
        return self._oldest.get(segment)

    def _top(self, segment: str) -> Entry | None:
        heap = self._heaps.get(segment, [])
        while heap:
            since, name = heap[0]
            held = self._since.get(name)
            if held is not None and held[0] == since and segment in held[1]:
                return heap[0]
            heappop(heap)
        self._heaps.pop(segment, None)
        return None
