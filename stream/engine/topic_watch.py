"""Whether topics still are those that a worker has started on: one that was made anew, or has more partitions, must not be taken for the old one."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from stream.engine.topics import MORE_PARTITIONS, Found
from stream.errors import StartRefused

_REBUILD = "run `csat-stream rebuild`"


class TopicWatch:
    """Compares topics with what they were. `state`: those that the state depends on; the others are filled again by whoever starts next."""

    def __init__(self, before: Mapping[str, Found], state: Collection[str]) -> None:
        self._before = before
        self._state = frozenset(state)
        self._missing: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        """The topics to find."""
        return list(self._before)

    def verify(self, found: Mapping[str, Found]) -> None:
        """StartRefused where a topic, as it was found, is another one now; one that is missing twice in a row counts as deleted."""
        for name in self._before.keys() & found.keys():
            self._verify(name, self._before[name], found[name])
        missing = frozenset(self._before.keys() - found.keys())
        gone = sorted(missing & self._missing)
        self._missing = missing
        if gone:
            remedy = "`csat-stream topics create` makes those that are shared with others"
            raise StartRefused(f"topics were deleted: {', '.join(gone)}", f"{remedy}; {_REBUILD}" if self._state.intersection(gone) else remedy)

    def _verify(self, name: str, before: Found, now: Found) -> None:
        if now.id != before.id:
            remedy = _REBUILD if name in self._state else "start the workers again"
            raise StartRefused(f"topic {name} was deleted and made anew", remedy)
        if now.partitions != before.partitions:
            raise StartRefused(f"topic {name} has {now.partitions} partitions, it had {before.partitions}", MORE_PARTITIONS)
