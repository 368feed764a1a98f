"""Follow-ups, the output: low ratings that somebody should answer, one record each. Neither comment text nor customer."""

from __future__ import annotations

from typing import Literal, NamedTuple, Self

import msgspec
from pydantic import BaseModel, ConfigDict, model_validator

from schemas.scores import Timestamp


class FollowUp(BaseModel):
    """A low rating, until when somebody should answer it, and whether somebody has. A tombstone: the rating is low no more, or forgotten."""

    model_config = ConfigDict(strict=True, frozen=True, use_attribute_docstrings=True)

    ticket_id: str
    """Ticket."""
    survey_id: str | None
    """Survey; null where it has no id."""
    score: int
    """The score that counts."""
    scale_min: int
    """Lowest score of its scale."""
    scale_max: int
    """Highest score of its scale."""
    segment: dict[str, str]
    """Team, channel and the other dimensions of the rating, never its agent; missing ones are left out."""
    rated_at: Timestamp
    """When the survey was first rated: RFC 3339, UTC, with milliseconds."""
    due_at: Timestamp
    """Somebody should have answered by then."""
    state: Literal["due", "done"]
    """done: a person has replied in public since, or set one of the configured tags."""
    done_at: Timestamp | None
    """When that was; null while it is due."""
    done_by: Literal["reply", "tag"] | None
    """What closed it; null while it is due."""

    @model_validator(mode="after")
    def _is_done_or_not(self) -> Self:
        done = self.state == "done"
        if (self.done_at is not None) != done or (self.done_by is not None) != done:
            raise ValueError("done_at and done_by belong to the state done")
        return self


class FollowUpKey(NamedTuple):
    """What a follow-up record is about; `survey` is empty where the rating has no id."""

    ticket: str
    survey: str


class _Key(msgspec.Struct, forbid_unknown_fields=True):
    survey: str
    ticket: str


def followup_key(ticket: str, survey: str) -> bytes:
    """The key of a follow-up record: compact JSON with sorted names."""
    return msgspec.json.encode({"survey": survey, "ticket": ticket}, order="sorted")


def parse_key(key: bytes) -> FollowUpKey:
    """Ticket and survey of a follow-up record's key; ValueError where it is none."""
    try:
        found = msgspec.json.decode(key, type=_Key)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ValueError("not the key of a follow-up") from None
    return FollowUpKey(found.ticket, found.survey)
