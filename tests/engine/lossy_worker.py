"""A worker whose transport loses fetched chunks, as Faust does around a rebalance; everything else is the real thing.

With `LOSES=copies` in its environment it loses those of the changelogs that it keeps copies of, otherwise those of the source topics.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator

from faust.types import TP, ConsumerMessage

from stream.cli import main
from stream.engine import store, transport
from tests.telling_store import TellingStore


class LossyConsumer(transport.Consumer):
    """Loses every seventh chunk of the source topics, up to 25 of them."""

    every = 7
    most = 25
    seen = 0
    lost = 0

    def may_lose(self, topic: str) -> bool:
        """Whether chunks of a topic are lost."""
        return topic in self._slots.settings.topics.sources

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 (a signature of Faust)
        """What the real consumer fetches, with gaps."""
        async for tp, message in super().getmany(timeout):
            if self.lost < self.most and self.may_lose(tp.topic):
                type(self).seen += 1
                if self.seen % self.every == 0:
                    type(self).lost += 1
                    sys.stderr.write(f"lost chunk {self.lost}\n")
                    continue
            yield tp, message


class LossyCopies(LossyConsumer):
    """Loses every third chunk of the changelogs, up to 4 of them."""

    every = 3
    most = 4

    def may_lose(self, topic: str) -> bool:
        """Whether chunks of a topic are lost."""
        return topic == self._slots.names.changelog


if __name__ == "__main__":
    store.Store = TellingStore  # type: ignore[misc]
    transport.Transport.Consumer = LossyCopies if os.environ.get("LOSES") == "copies" else LossyConsumer
    main()
