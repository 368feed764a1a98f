"""Segments: the configured lists of dimensions, and the keys of the segments that one set of values belongs to. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import compress
from typing import NamedTuple

NONE = "(none)"
"""Name of a missing value."""
NOBODY = ""
"""Agent of a figure that belongs to no agent: such a figure is left out of segments with that dimension."""
AGENT = "agent"


class Dimensions(NamedTuple):
    """Values of one figure in every dimension."""

    team: str | None = None
    channel: str | None = None
    product: str | None = None
    priority: str | None = None
    language: str | None = None
    campaign: str | None = None
    agent: str | None = NOBODY


class Keys(NamedTuple):
    """Segment keys of one set of values: `all` of them, and the `sliding` ones (agent-level figures never slide).

    `number`: the place of these keys in the order in which their segmenter came upon them; negative for keys made elsewhere.
    """

    all: tuple[str, ...]
    sliding: tuple[str, ...]
    number: int


def segment_key(segment: Mapping[str, str]) -> str:
    """Canonical text of a segment: compact JSON with sorted names; `{}` is everything."""
    return json.dumps(segment, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def parse_segment(key: str) -> dict[str, str]:
    """The segment of a key made by `segment_key`."""
    segment: dict[str, str] = json.loads(key)
    return segment


def pseudonym(agent: str, secret: bytes) -> str:
    """Keyed hash that stands for an agent: 16 hex digits."""
    return hashlib.blake2b(agent.encode(), key=secret[:64], digest_size=8).hexdigest()


class Segmenter:
    """Finds the segment keys of dimension values; every distinct set of values is worked out once."""

    def __init__(self, segments: Sequence[Sequence[str]], secret: bytes | None = None) -> None:
        self._lists = [tuple(dimensions) for dimensions in segments]
        self._secret = secret
        self.lists = len(self._lists)
        self._known: dict[tuple[str | None, ...], Keys] = {}
        used = {name for dimensions in self._lists for name in dimensions}
        self.by_agent = AGENT in used
        self._used = [name in used for name in Dimensions._fields]

    def keys(self, values: Dimensions) -> Keys:
        """Keys of all segments that these values belong to."""
        used = tuple(compress(values, self._used))
        known = self._known.get(used)
        if known is None:
            known = self._known[used] = self._work_out(values)
        return known

    def _work_out(self, values: Dimensions) -> Keys:
        lists = [dimensions for dimensions in self._lists if not (AGENT in dimensions and values.agent == NOBODY)]
        keys = [segment_key({name: self._value(values, name) for name in dimensions}) for dimensions in lists]
        sliding = [key for key, dimensions in zip(keys, lists, strict=True) if AGENT not in dimensions]
        return Keys(tuple(keys), tuple(sliding), len(self._known))

    def _value(self, values: Dimensions, name: str) -> str:
        value: str | None = getattr(values, name)
        if value is None:
            return NONE
        return pseudonym(value, self._secret) if name == AGENT and self._secret else value
