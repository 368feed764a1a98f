"""Source logs that end before what was read from them: a broker has lost records that it had given out. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from stream.engine.verify import verify_end

_Offsets = Mapping[tuple[str, int], int]


class LogEnds:
    """Looks at where the source logs end, again and again; by topic and partition.

    One look is not enough: a broker that was cut off, or a topic that is just being made anew, may tell an older end.
    """

    def __init__(self) -> None:
        self._short: frozenset[tuple[str, int]] = frozenset()

    def verify(self, done: _Offsets, ends: _Offsets) -> bool:
        """Whether all reach as far as was `done` before the ends were asked for. StartRefused where one is too short twice in a row."""
        short = frozenset(place for place, offset in done.items() if ends.get(place, offset) < offset)
        for topic, number in sorted(short & self._short):
            verify_end(topic, number, done[topic, number], ends[topic, number])
        self._short = short
        return not short
