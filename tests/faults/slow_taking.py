"""A worker that is slower than others at everything it reads; otherwise the real thing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from faust.types import TP

from stream.cli import main
from stream.engine import slots, worker
from stream.engine.chunk import Chunk

_SECONDS_A_CHUNK = 0.1


class SlowSlots(slots.Slots):
    """Takes a tenth of a second for each chunk."""

    async def take(self, chunk: Chunk, seek_again: Callable[[TP, int], Awaitable[None]], seek_number: Callable[[TP], int]) -> None:
        """What the real slots do, later."""
        await asyncio.sleep(_SECONDS_A_CHUNK)
        await super().take(chunk, seek_again, seek_number)


if __name__ == "__main__":
    vars(worker)["Slots"] = SlowSlots
    main()
