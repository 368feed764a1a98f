"""A worker whose first scorer stands still for ever once it has published; one that is found deaf is missed after two seconds instead of a minute."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaConsumer

from stream.cli import main
from stream.engine import liveness, scorer, worker


class DeafScorer(scorer.Scorer):
    """Its first run never comes back from reading."""

    runs = 0

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        if self.has_published and type(self).runs == 0:
            type(self).runs = 1
            await asyncio.Event().wait()
        await super()._read(consumer)


if __name__ == "__main__":
    worker.Scorer = DeafScorer  # type: ignore[attr-defined]
    liveness.PATIENCE = 2_000
    worker._LOOK_EVERY = 0.5
    main()
