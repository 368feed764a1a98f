"""What is remembered of one rule in one segment, as bytes too, and what names a notification. All times are whole minutes of event time. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from stream.alerts.verdict import Key
from stream.durations import MINUTE

FORMAT = 1
"""Version of the bytes."""


class State(StrEnum):
    """Where a rule stands in a segment."""

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    STALE = "stale"
    RESOLVED = "resolved"


ACTIVE = (State.FIRING, State.STALE)
"""An episode that has fired and not ended."""
UNDER_WAY = (State.PENDING, *ACTIVE)
"""An episode that has not ended."""


class Memory(msgspec.Struct, frozen=True, array_like=True):
    """Everything that is remembered of one key. Times in ms, whole minutes, 0 where there is none."""

    state: State = State.OK
    since: int = 0
    """Start of the episode; a resolved one keeps it until the next begins."""
    fired_at: int = 0
    ended_at: int = 0
    reason: str = ""
    """Why it ended: `cleared` or `no_data`."""
    held: int = 0
    """How long (ms) it has been hot while pending."""
    clear_minutes: int = 0
    """Distinct minutes with data at which it was clear, since it was last not clear."""
    last_minute: int = 0
    """Last minute that was counted."""
    stale_since: int = 0
    side: int = 0
    """Side of the target on which it went hot: -1 below, 1 above, 0 unknown."""
    notified_at: int = 0
    """When it was last said to be fired, worse, still there or released."""
    notified_value: float | None = None
    """Value that was said then."""
    notified_episode: int = 0
    """Start of the episode that was said then."""
    cooldown_until: int = 0
    all_clear_due: bool = False
    """It has ended, and those who were notified have not been told yet."""
    inhibited_by: str = ""
    """Segment that speaks for this one."""
    page_target: float | None = None
    """What the paging rules of the metric compare with in this segment."""
    page_target_for: float | None = None
    """The configured target that was in force then."""

    @property
    def said(self) -> bool:
        """Whether somebody was notified of this episode."""
        return self.since > 0 and self.notified_episode == self.since

    def at_rest(self, now: int) -> bool:
        """Whether it is as good as never having been: nothing of it matters after `now`."""
        return self.state is State.OK and self.cooldown_until <= now and self.page_target is None


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    rule: str
    segment: str
    memory: Memory


class _Clock(msgspec.Struct, frozen=True, array_like=True):
    format: int
    tick: int
    entries: msgspec.Raw


def whole_minute(now: int) -> int:
    """Beginning of the minute that a time lies in."""
    return now - now % MINUTE


def encode(tick: int, memories: Mapping[Key, Memory]) -> bytes:
    """The book at a tick as bytes; equal books give equal bytes."""
    entries = [_Entry(*key, memories[key]) for key in sorted(memories)]
    return msgspec.msgpack.encode(_Clock(FORMAT, tick, msgspec.Raw(msgspec.msgpack.encode(entries))))


def decode(data: bytes) -> tuple[int, dict[Key, Memory]]:
    """Tick and memories of `encode`; ValueError where the bytes are of another format, or none of ours."""
    try:
        clock = msgspec.msgpack.decode(data, type=_Clock)
        if clock.format != FORMAT:
            raise ValueError(f"the memory of alerts has format {clock.format}; this version reads {FORMAT}")
        entries = msgspec.msgpack.decode(clock.entries, type=list[_Entry])
    except msgspec.DecodeError:
        raise ValueError("not the memory of alerts") from None
    return clock.tick, {Key(entry.rule, entry.segment): entry.memory for entry in entries}


def idempotency_key(rule: str, segment: str, since: int, state: str) -> str:
    """Name of what is said of an episode: SHA-256 (hex) of the four as compact JSON."""
    text = json.dumps([rule, segment, since, state], separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
