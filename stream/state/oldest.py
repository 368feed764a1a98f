"""The oldest of what waits in each segment: a minimum, which sums can't keep. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush

import msgspec

Entry = tuple[int, str]
"""Since when something waits (ms), and its name: of two that wait equally long the smaller name is the oldest."""

_FEW = 32
_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Entry] = msgspec.msgpack.Decoder(Entry)


def encode(oldest: Entry) -> bytes:
    """Bytes of an entry."""
    return _encoder.encode(oldest)


def decode(packed: bytes) -> Entry:
    """Entry of some bytes; msgspec.ValidationError where they are none."""
    return _decoder.decode(packed)


class Oldest:
    """What waits in one partition with the time since when (ms), and by segment a heap that forgets lazily: half of it still waits at least."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._heaps: dict[str, list[Entry]] = {}
        self._waiting: dict[str, int] = {}
        self._oldest: dict[str, Entry] = {}
        self._touched: set[str] = set()

    def put(self, name: str, since: int | None, segments: tuple[str, ...]) -> None:
        """It waits since then (None: it does not wait), in these segments."""
        known = self._since.get(name)
        if known == (since, segments) or (known is None and since is None):
            return
        if known is not None:
            self._touched.update(known[1])
            for segment in known[1]:
                self._waiting[segment] -= 1
            del self._since[name]
        if since is not None:
            self._since[name] = since, segments
            self._touched.update(segments)
            entry = since, name
            for segment in segments:
                self._waiting[segment] = self._waiting.get(segment, 0) + 1
                heappush(self._heaps.setdefault(segment, []), entry)

    def fill(self, waiting: Iterable[tuple[str, int, tuple[str, ...]]]) -> None:
        """Put in all that waits at once, where nothing was put before: names, since when (ms), segments."""
        together: dict[tuple[str, ...], list[Entry]] = {}
        for name, since, segments in waiting:
            self._since[name] = since, segments
            together.setdefault(segments, []).append((since, name))
        for segments, entries in together.items():
            for segment in segments:
                self._heaps.setdefault(segment, []).extend(entries)
        for segment, heap in self._heaps.items():
            heapify(heap)
            self._waiting[segment] = len(heap)
        self._touched.update(self._heaps)

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
        if len(heap) > 2 * self._waiting.get(segment, 0) + _FEW:
            # One that waits for months would keep all that came and went behind it.
            heap = self._heaps[segment] = sorted({entry for entry in heap if self._waits(entry, segment)})
        while heap and not self._waits(heap[0], segment):
            heappop(heap)
        if heap:
            return heap[0]
        self._heaps.pop(segment, None)
        self._waiting.pop(segment, None)
        return None

    def _waits(self, entry: Entry, segment: str) -> bool:
        held = self._since.get(entry[1])
        return held is not None and held[0] == entry[0] and segment in held[1]
