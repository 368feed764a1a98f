"""A worker whose transport loses fetched chunks, as Faust does around a rebalance; everything else is the real thing."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

from faust.types import TP, ConsumerMessage

from stream.cli import main
from stream.engine import transport

EVERY = 7
MOST = 25


class LossyConsumer(transport.Consumer):
    """Loses every seventh chunk of the source topics, up to 25 of them."""

    seen = 0
    lost = 0

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 (a signature of Faust)
        """What the real consumer fetches, with gaps."""
        async for tp, message in super().getmany(timeout):
            type(self).seen += 1
            if tp.topic in self._slots.settings.topics.sources and self.seen % EVERY == 0 and self.lost < MOST:
                type(self).lost += 1
                sys.stderr.write(f"lost chunk {self.lost}\n")
                continue
            yield tp, message


if __name__ == "__main__":
    transport.Transport.Consumer = LossyConsumer
    main()
