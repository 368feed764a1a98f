"""A worker that recovers slowly, so that a rebalance can come in the middle of it; everything else is the real thing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from stream.cli import main
from stream.engine import store

_SECONDS_A_STEP = 0.5


class SlowStore(store.Store):
    """Takes half a second for each step of a recovery."""

    def apply_changelog_batch(self, batch: Iterable[Any], to_key: Callable[[Any], Any], to_value: Callable[[Any], Any]) -> None:
        """What the real store does, later."""
        chunks = list(batch)
        if chunks:
            time.sleep(_SECONDS_A_STEP)
        super().apply_changelog_batch(chunks, to_key, to_value)


if __name__ == "__main__":
    store.Store = SlowStore  # type: ignore[misc]
    main()
