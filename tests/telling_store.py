"""A store that tells how far it has read the copies that a worker keeps."""

from __future__ import annotations

import sys

from stream.engine import store
from stream.engine.chunk import Chunk


class TellingStore(store.Store):
    """Tells of each chunk of a copy."""

    def _load(self, chunk: Chunk) -> None:
        super()._load(chunk)
        slot = self._slots._slots.get(chunk.partition)
        if slot is not None and slot.claimed_at < 0:
            sys.stderr.write(f"partition {slot.number}: copied to {slot.position}\n")
