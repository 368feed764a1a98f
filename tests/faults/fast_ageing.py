"""A worker that keeps hour panes for 10 hours instead of 40 days, so that they come and go within a test; otherwise the real thing.

It tells how much of its memory is held.
"""

from __future__ import annotations

from stream.cli import main
from stream.engine import slot
from stream.windows.spans import panes_held_from
from tests.faults import held_memory

HOURS = 10


def held_from(wall: int) -> tuple[int, int]:
    """First minute and hour pane that are held."""
    minutes, _ = panes_held_from(wall)
    return minutes, minutes // 60 + 8 - HOURS


if __name__ == "__main__":
    vars(slot)["panes_held_from"] = held_from
    held_memory.tell()
    main()
