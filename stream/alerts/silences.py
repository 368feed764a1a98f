"""Silences: nobody is notified of some alerts for a time; their state goes on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from stream.alerts.verdict import Key
from stream.segments import parse_segment


class Silence(NamedTuple):
    """Alerts that nobody is notified of, until when (ms), who asked for it, and why.

    `rule`: the empty text is any. `segment`: values that must all be in the alert's segment; none is any.
    """

    id: str
    rule: str
    segment: Mapping[str, str]
    until: int
    who: str
    why: str


def matching(silences: Sequence[Silence], key: Key, now: int) -> Silence | None:
    """The silence that holds for a key at `now`; of several the one that holds longest, then the first by id."""
    found = [silence for silence in silences if now < silence.until and _covers(silence, key)]
    return min(found, key=lambda silence: (-silence.until, silence.id), default=None)


def _covers(silence: Silence, key: Key) -> bool:
    return silence.rule in {"", key.rule} and silence.segment.items() <= parse_segment(key.segment).items()
