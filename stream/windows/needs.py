"""What rules need of the board beside the published scores. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Needs:
    """Windows by metric that must be summed though they may not be published, metrics wanted by hour pane, windows of the intake counts."""

    windows: Mapping[str, frozenset[str]] = field(default_factory=dict)
    hourly: frozenset[str] = frozenset()
    intake: frozenset[str] = frozenset()

    def windows_of(self, metrics: Iterable[str]) -> frozenset[str]:
        """Windows that any of these metrics is needed in."""
        return frozenset().union(*(self.windows.get(metric, frozenset()) for metric in metrics))


NOTHING = Needs()
