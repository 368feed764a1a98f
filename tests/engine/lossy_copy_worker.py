"""A worker whose transport loses chunks of the changelogs that it keeps copies of; everything else is the real thing."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

from faust.types import TP, ConsumerMessage

from stream.cli import main
from stream.engine import transport

EVERY = 3
MOST = 4


class LossyConsumer(transport.Consumer):
    """Loses every third chunk of the changelogs, up to 4 of them."""

    seen = 0
    lost = 0

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 (a signature of Faust)
        """What the real consumer fetches, with gaps."""
        async for tp, message in super().getmany(timeout):
            if tp.topic == self._slots.names.changelog and self.lost < MOST:
                type(self).seen += 1
                if self.seen % EVERY == 0:
                    type(self).lost += 1
                    sys.stderr.write(f"lost chunk {self.lost}\n")
                    continue
            yield tp, message


if __name__ == "__main__":
    transport.Transport.Consumer = LossyConsumer
    main()
