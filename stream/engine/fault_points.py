"""Places at which a test may let a worker die or stand still: `CSAT_FAULT_POINT=name:count[:kill|stop]`. Nothing happens where that is not set.

`count`: at which passing it happens, from 1. `kill` (the default) is SIGKILL, as a crash would be; `stop` is SIGSTOP, until SIGCONT.
"""

from __future__ import annotations

import functools
import logging
import os
import signal
from typing import Literal, get_args

from stream.errors import UsageError

log = logging.getLogger(__name__)

VARIABLE = "CSAT_FAULT_POINT"
Point = Literal[
    "before-claim",
    "between-claims",
    "in-recovery",
    "after-recovery",
    "before-flush",
    "before-sums",
    "between-batches",
    "before-commit",
    "before-look",
    "before-outbox",
    "before-alerts",
    "before-follow-ups",
    "before-scores",
    "between-scores",
]
POINTS: tuple[Point, ...] = get_args(Point)
_ACTIONS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class FaultPoint:
    """The one place that is switched on, and how often it is still passed unharmed."""

    def __init__(self, name: str, count: int, action: str) -> None:
        self.name = name
        self.left = count
        self.action = action

    def passed(self) -> None:
        """Count one passing; at the last one the process gets its signal."""
        self.left -= 1
        if self.left == 0:
            log.warning("fault point %s: %s", self.name, self.action)
            os.kill(os.getpid(), _ACTIONS[self.action])


def reach(name: Point) -> None:
    """A place has been reached."""
    point = _switched_on()
    if point is not None and point.name == name:
        point.passed()


def parse(text: str) -> FaultPoint:
    """The fault point that a setting of the variable means; UsageError where it means none."""
    name, _, rest = text.partition(":")
    count, _, action = rest.partition(":")
    if name not in POINTS or not count.isascii() or not count.isdigit() or int(count) < 1 or (action or "kill") not in _ACTIONS:
        raise UsageError(f"{VARIABLE} is for tests: name:count[:kill|stop], name one of {', '.join(POINTS)}")
    return FaultPoint(name, int(count), action or "kill")


@functools.cache
def _switched_on() -> FaultPoint | None:
    text = os.environ.get(VARIABLE)
    return parse(text) if text else None
