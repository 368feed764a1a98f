"""A worker whose rounds of fetching end, up to three times, before they have handed on the end of a copy; everything else is the real thing.

A rebalance or the end of a recovery does that to a round, at any of its chunks.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import cast

from faust.types import TP, ConsumerMessage

from stream.cli import main
from stream.engine import store, transport
from tests.telling_store import TellingStore

MOST = 3
Rounds = AsyncGenerator[tuple[TP, ConsumerMessage], None]


class InterruptedConsumer(transport.Consumer):
    """Ends a round where a chunk of the changelog is the last there is."""

    ended = 0

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 (a signature of Faust)
        """What the real consumer fetches, up to the end of a changelog."""
        async with aclosing(cast("Rounds", super().getmany(timeout))) as messages:
            async for tp, message in messages:
                if tp.topic == self._slots.names.changelog and self.ended < MOST and self._reading.positions[tp] == self.highwater(tp):
                    type(self).ended += 1
                    sys.stderr.write("a round ended early\n")
                    return
                yield tp, message


if __name__ == "__main__":
    store.Store = TellingStore  # type: ignore[misc]
    transport.Transport.Consumer = InterruptedConsumer
    main()
