"""Follow-ups as the scorer publishes them: one record for each low rating, until it is answered, or low no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from schemas.followups import followup_key
from schemas.times import iso
from stream.alerts.low_ratings import Change
from stream.engine.fenced import Record
from stream.state.lows import Low

_encode = msgspec.json.Encoder().encode


class FollowUps:
    """What the follow-up topic holds, and what must change in it."""

    def __init__(self, left: Mapping[bytes, bytes]) -> None:
        self._published = dict(left)

    def records(self, changes: Iterable[Change]) -> Iterator[Record]:
        """The records that these changes make; none where the topic says so already."""
        for before, after in changes:
            key, value = key_of(after or before), None if after is None else value_of(after)
            if self._published.get(key) == value:
                continue
            if value is None:
                del self._published[key]
            else:
                self._published[key] = value
            yield key, value

    def orphans(self, held: Iterable[Low]) -> list[Record]:
        """Tombstones for what the topic holds and is no low rating any more."""
        keys = {key_of(low) for low in held}
        gone = [key for key in self._published if key not in keys]
        for key in gone:
            del self._published[key]
        return [(key, None) for key in gone]


def key_of(low: Low | None) -> bytes:
    """Key of a low rating's record."""
    if low is None:
        raise ValueError("neither before nor after a change there is a rating")
    return followup_key(low.ticket, low.survey)


def value_of(low: Low) -> bytes:
    """Value of a low rating's record, field by field as `schemas.followups.FollowUp`."""
    return _encode(
        {
            "ticket_id": low.ticket,
            "survey_id": low.survey or None,
            "score": low.score,
            "scale_min": low.low,
            "scale_max": low.high,
            "segment": low.segment(),
            "rated_at": iso(low.rated_at),
            "due_at": iso(low.due_at),
            "state": "done" if low.done_at else "due",
            "done_at": iso(low.done_at) if low.done_at else None,
            "done_by": low.done_by if low.done_at else None,
        }
    )
