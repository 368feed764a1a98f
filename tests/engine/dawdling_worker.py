"""A worker slow to take in copies and to take up its work: chunks of copies wait where its recovery ends. All else is the real thing."""

from __future__ import annotations

import asyncio
from typing import Any

from faust.tables.table import Table
from faust.types import TP, EventT

from stream.cli import main
from stream.engine import store
from tests.telling_store import TellingStore

_SECONDS_A_CHUNK = 0.5
_SECONDS_TO_BEGIN = 0.7


async def dawdle(table: Table[Any, Any], event: EventT[Any]) -> None:
    """Faust waits for this before each chunk of a changelog."""
    if event.message.tp in table.app.tables.recovery.standby_tps:  # type: ignore[attr-defined]
        await asyncio.sleep(_SECONDS_A_CHUNK)


class DawdlingStore(TellingStore):
    """Takes its time between the end of a recovery and the work."""

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """What the real store does, later."""
        await asyncio.sleep(_SECONDS_TO_BEGIN)
        await super().on_recovery_completed(active_tps, standby_tps)


if __name__ == "__main__":
    Table.on_changelog_event = dawdle  # type: ignore[method-assign,assignment]
    store.Store = DawdlingStore  # type: ignore[misc]
    main()
