"""The hot path's decoder: the fields of `schemas.events` as msgspec structs. It only ever refuses more than the models do.

Fields that no figure needs are named too, so that a wrong one is seen here as well.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from schemas.events import COMMENT_LENGTH, HIGHEST_SCORE, NAME_LENGTH, TAGS
from schemas.modes import DEEPEST, brackets
from schemas.times import AwareTime

Name = Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH)]
Comment = Annotated[str, Meta(max_length=COMMENT_LENGTH)]
Tags = Annotated[list[Name], Meta(max_length=TAGS)]
Step = Annotated[int, Meta(ge=0, le=HIGHEST_SCORE)]

# The models refuse NUL, and a pattern would cost more than the rest: bodies with this escape are left to them.
NUL = "\\u0000"
# msgspec does not see a number of more than 4,300 digits in a skipped field, but refuses to read one: only shorter bodies are read here.
LONGEST = 4_096


class _Event(msgspec.Struct, tag_field="type", kw_only=True, gc=False):
    specversion: Literal["1.0"]
    source: Name
    id: Name
    time: AwareTime
    subject: Name | None = None
    datacontenttype: Name | None = None
    dataschema: Name | None = None


class _Data(msgspec.Struct, kw_only=True, gc=False):
    ticket_id: Name


class _OpenedData(_Data):
    customer_id: Name | None = None
    channel: Name | None = None
    team: Name | None = None
    product: Name | None = None
    priority: Name | None = None
    language: Name | None = None
    campaign: Name | None = None
    tags: Tags | None = None
    initiated_by: Literal["customer", "agent"] = "customer"
    bot: bool = False


class TicketOpened(_Event, tag="ticket.opened"):
    """See `schemas.events.TicketOpened`."""

    data: _OpenedData


class _RepliedData(_Data):
    author: Literal["agent", "bot", "auto", "customer"]
    public: bool
    agent: Name | None = None
    team: Name | None = None
    tags: Tags | None = None


class TicketReplied(_Event, tag="ticket.replied"):
    """See `schemas.events.TicketReplied`."""

    data: _RepliedData


class _ClosedData(_Data):
    closed_by: Literal["agent", "bot", "auto"] = "agent"
    agent: Name | None = None
    spam: bool = False
    tags: Tags | None = None


class TicketClosed(_Event, tag="ticket.closed"):
    """See `schemas.events.TicketClosed`."""

    data: _ClosedData


class TicketReopened(_Event, tag="ticket.reopened"):
    """See `schemas.events.TicketReopened`."""

    data: _Data


class _MergedData(_Data):
    merged_into: Name


class TicketMerged(_Event, tag="ticket.merged"):
    """See `schemas.events.TicketMerged`."""

    data: _MergedData


class _RatingData(_Data, kw_only=True):
    survey_id: Name | None = None
    kind: Literal["csat", "nps", "ces"] = "csat"
    score: Step
    scale_min: Step | None = None
    scale_max: Step = 5
    comment: Comment | None = None
    agent: Name | None = None
    team: Name | None = None
    channel: Name | None = None


class RatingSubmitted(_Event, tag="rating.submitted"):
    """See `schemas.events.RatingSubmitted`."""

    data: _RatingData


class _OfferedData(_Data):
    survey_id: Name | None = None


class SurveyOffered(_Event, tag="survey.offered"):
    """See `schemas.events.SurveyOffered`."""

    data: _OfferedData


FastEvent = TicketOpened | TicketReplied | TicketClosed | TicketReopened | TicketMerged | RatingSubmitted | SurveyOffered

_decoder: msgspec.json.Decoder[FastEvent] = msgspec.json.Decoder(FastEvent)


def decode(value: bytes) -> FastEvent | None:
    """A structured-mode event; None where it is wrong, in another mode, or so unusual that the models have to look."""
    if len(value) > LONGEST or brackets(value) > DEEPEST:
        return None
    try:
        # msgspec does not look at the UTF-8 of skipped fields.
        text = value.decode()
        if NUL in text:
            return None
        return _decoder.decode(text)
    except (UnicodeDecodeError, msgspec.DecodeError):
        return None
