"""What one partition keeps beside its sums: the oldest of what waits in each segment, and low ratings; as records. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from stream.kpis.definition import OLDEST_FOLLOW_UP, OLDEST_WAITING
from stream.segments import Segmenter
from stream.state import oldest, panes
from stream.state.lows import Lows
from stream.state.oldest import Entry, Oldest

LOW = "L"
MINIMA = (OLDEST_WAITING, OLDEST_FOLLOW_UP)
KINDS = (*MINIMA, LOW)


class Beside:
    """Waiting tickets and low ratings, by the kind of their records."""

    def __init__(self, segmenter: Segmenter) -> None:
        self.waiting = Oldest()
        self.lows = Lows(segmenter)
        self._oldest = {OLDEST_WAITING: self.waiting, OLDEST_FOLLOW_UP: self.lows.oldest}

    def close(self) -> Iterator[tuple[bytes, bytes | None]]:
        """A record for everything that changed since the last call, with None for what is no more."""
        for kind, waiting in self._oldest.items():
            for segment, found in waiting.close():
                yield panes.encode_key(kind, 0, segment), _packed(found)
        for name, packed in self.lows.close():
            yield panes.encode_key(LOW, 0, name), packed

    def load(self, kind: str, name: str, value: bytes | None) -> None:
        """Put back one record from the changelog."""
        if kind == LOW:
            self.lows.load(name, value)
        else:
            self._oldest[kind].load(name, None if value is None else oldest.decode(value))

    def get(self, kind: str, name: str) -> bytes | None:
        """The value of one record, as of the last flush."""
        return self.lows.get(name) if kind == LOW else _packed(self._oldest[kind].get(name))


def _packed(found: Entry | None) -> bytes | None:
    return None if found is None else oldest.encode(found)
