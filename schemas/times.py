"""Times of the contracts: RFC 3339 text with a zone, and whole milliseconds since 1970 (UTC)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

# Times before 1970 and beyond the year 9999 can't be written back, so no record may carry one.
END_MS = 253_402_300_800_000

AwareTime = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time as msgspec reads it from a JSON string: RFC 3339, with a zone."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(time: datetime) -> int:
    """Whole milliseconds since 1970 of an aware time, rounded down."""
    since = time - _EPOCH
    return since.days * 86_400_000 + since.seconds * 1_000 + since.microseconds // 1_000


def in_range(ms: int) -> bool:
    """Whether a time in milliseconds lies in the years 1970 to 9999."""
    return 0 <= ms < END_MS


def iso(ms: int) -> str:
    """RFC 3339 text of a time in milliseconds, such as 2026-11-22T10:00:00.000Z; ValueError outside 1970 to 9999."""
    if not in_range(ms):
        raise ValueError("not a time in the years 1970 to 9999")
    return (_EPOCH + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1_000:03d}Z"


def from_iso(text: str) -> int:
    """Whole milliseconds of an RFC 3339 text, rounded down; ValueError where it is none or has no zone."""
    try:
        ms = to_ms(msgspec.convert(text, AwareTime))
    except msgspec.ValidationError:
        raise ValueError("not an RFC 3339 time with a zone, such as 2026-11-22T10:00:00.000Z") from None
    if not in_range(ms):
        raise ValueError("not a time in the years 1970 to 9999")
    return ms
