"""A worker whose transport loses the first chunk of the ratings, and only that; everything else is the real thing."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

from faust.types import TP, ConsumerMessage

from stream.cli import main
from stream.engine import transport


class ForgetfulConsumer(transport.Consumer):
    """Loses one chunk."""

    has_lost = False

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 (a signature of Faust)
        """What the real consumer fetches, but for one chunk."""
        async for tp, message in super().getmany(timeout):
            if tp.topic == self._slots.settings.topics.ratings and not self.has_lost:
                type(self).has_lost = True
                sys.stderr.write("lost a chunk\n")
                continue
            yield tp, message


if __name__ == "__main__":
    transport.Transport.Consumer = ForgetfulConsumer
    main()
