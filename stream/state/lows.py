"""The low ratings of one partition, kept beside its sums: what was last said of each, and since when the oldest waits to be followed up. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from stream.kpis.low_ratings import Low
from stream.segments import Segmenter
from stream.state.oldest import Oldest

__all__ = ["Low", "Lows", "decode", "encode", "name_of"]

_SEPARATOR = "\x00"
_NOTHING: dict[str, bytes] = {}
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Low)


def encode(low: Low) -> bytes:
    """Bytes of a low rating."""
    return _encoder.encode(low)


def decode(packed: bytes) -> Low:
    """Low rating of some bytes; msgspec.ValidationError where they are none."""
    return _decoder.decode(packed)


def name_of(low: Low) -> str:
    """What a low rating is kept under: ticket and survey, neither of which has a NUL."""
    return f"{low.ticket}{_SEPARATOR}{low.survey}"


class Lows:
    """Packed low ratings by ticket and name, and those that nobody followed up by segment."""

    def __init__(self, segmenter: Segmenter) -> None:
        self.oldest = Oldest()
        self.weight = 0
        self._segmenter = segmenter
        self._held: dict[str, dict[str, bytes]] = {}
        self._before: dict[str, dict[str, bytes]] = {}

    def __contains__(self, ticket: str) -> bool:
        return ticket in self._held

    def put(self, ticket: str, lows: Sequence[Low]) -> None:
        """These are all the low ratings of a ticket."""
        before = self._held.get(ticket, _NOTHING)
        if not lows and not before:
            return
        after = {name_of(low): encode(low) for low in lows}
        if after == before:
            return
        self._before.setdefault(ticket, before)
        self._set(ticket, after)
        for name in before.keys() - after.keys():
            self.oldest.put(name, None, ())
        for low in lows:
            self._wait(low)
        self.weight += sum(len(name) + len(packed) + 32 for name, packed in (*before.items(), *after.items()))

    def _set(self, ticket: str, named: dict[str, bytes]) -> None:
        if named:
            self._held[ticket] = named
        else:
            self._held.pop(ticket, None)

    def _wait(self, low: Low) -> None:
        self.oldest.put(name_of(low), low.since if low.open else None, self._segmenter.keys(low.dimensions).all if low.open else ())

    def close(self) -> Iterator[tuple[str, bytes | None]]:
        """Names of what changed since the last call, with the packed low rating, or None where it is low no more or let go."""
        for ticket, before in self._before.items():
            after = self._held.get(ticket, _NOTHING)
            for name in {**before, **after}:
                if before.get(name) != after.get(name):
                    yield name, after.get(name)
        self._before.clear()
        self.weight = 0

    def load(self, name: str, packed: bytes | None) -> None:
        """Put back what was last said of one. After the last, `finish_loading`."""
        ticket = name.partition(_SEPARATOR)[0]
        named = self._held.get(ticket, _NOTHING)
        others = {other: found for other, found in named.items() if other != name}
        self._set(ticket, others if packed is None else {**others, name: packed})

    def finish_loading(self) -> None:
        """Work out what is not kept: who waits."""
        for low in self.all():
            self._wait(low)

    def all(self) -> Iterator[Low]:
        """Every low rating as it stands."""
        return (decode(packed) for named in self._held.values() for packed in named.values())

    def get(self, name: str) -> bytes | None:
        """One of them."""
        return self._held.get(name.partition(_SEPARATOR)[0], _NOTHING).get(name)
