"""Faust's table storage: hands changelog chunks to the slots, and rebalances and recoveries with them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any, cast

from faust.stores.memory import Store as MemoryStore
from faust.types import TP, EventT

from stream.engine import fault_points
from stream.engine.chunk import Chunk
from stream.engine.slots import Slots
from stream.errors import CsatStreamError

log = logging.getLogger(__name__)


class Store(MemoryStore[bytes, bytes]):
    """Keeps nothing itself: the state is in the app's slots."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sought: set[TP] = set()

    @property
    def _slots(self) -> Slots:
        slots: Slots = self.app.slots  # type: ignore[attr-defined]
        return slots

    def persisted_offset(self, tp: TP) -> int | None:
        """Last changelog offset that the state holds without a hole; recovery reads on behind it."""
        return self._slots.persisted_offset(tp.partition)

    async def on_rebalance(self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0) -> None:
        """Claim what is owned now and let go of the rest, before recovery asks where the changelogs end."""
        try:
            await self._slots.on_rebalance(assigned)
        except CsatStreamError as error:
            await self.app.crash(error)
            return
        recovery = self.app.tables.recovery  # type: ignore[attr-defined]
        for offsets in (recovery.active_offsets, recovery.standby_offsets):
            for tp in [tp for tp in offsets if tp.topic == self._slots.names.changelog]:
                held = self.persisted_offset(tp)
                # Never absent: Faust would take it for read to its end, and call a recovery under way complete.
                offsets[tp] = -1 if held is None else held

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """The changelogs have been read: check them and take up the work."""
        if self.app.tables.recovery.signal_recovery_start.is_set():  # type: ignore[attr-defined]
            return  # Faust says so of a recovery that a rebalance cut short, too; the next one has been asked for
        try:
            await self._slots.on_recovered({tp.partition for tp in active_tps if tp.topic == self._slots.names.changelog})
        except Exception as error:  # noqa: BLE001 (the edge to Faust, which looks at no result)
            await self.app.crash(error)

    def apply_changelog_batch(self, batch: Iterable[EventT[Any]], to_key: Callable[[Any], Any], to_value: Callable[[Any], Any]) -> None:
        """Take in changelog chunks. Faust would log an error and go on with a hole, so an error ends the worker."""
        try:
            for event in batch:
                fault_points.reach("in-recovery")
                self._load(cast("Chunk", event.message.value))
        except Exception as error:  # noqa: BLE001 (the edge to Faust, which swallows everything)
            asyncio.get_running_loop().create_task(self.app.crash(error))

    def _load(self, chunk: Chunk) -> None:
        again = self._slots.load(chunk)
        if again is None:
            return
        app: Any = self.app
        tp = TP(chunk.topic, chunk.partition)
        # Also for a chunk from before the seek: Faust has taken it for read, and would keep back what is fetched again.
        app.tables.recovery.standby_offsets[tp] = again - 1
        if chunk.seek == app.consumer.seek_number(tp) and tp not in self._sought:
            log.warning("partition %d: a hole in the copy; fetching offset %d again", chunk.partition, again)
            self._sought.add(tp)
            app.add_future(self._fetch_again(tp, again))

    async def _fetch_again(self, tp: TP, offset: int) -> None:
        consumer: Any = self.app.consumer
        try:
            await consumer.go_to(tp, offset)
        finally:
            self._sought.discard(tp)
