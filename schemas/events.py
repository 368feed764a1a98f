"""Every input event: a CloudEvents 1.0 envelope and its data. These models are the judge of what is valid.

Fields that are not named here are allowed and ignored. An optional field without a default may be null.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from schemas.times import from_iso, iso

NAME_LENGTH = 200
COMMENT_LENGTH = 100_000
TAGS = 100
HIGHEST_SCORE = 1_000

# NUL is refused since several stores and sinks can't hold it.
_NO_NUL = r"^[^\x00]*$"
# The years of the times that count (schemas.times.in_range), so that the generated schema says so too.
_TIME_SCHEMA = {
    "type": "string",
    "format": "date-time",
    "pattern": "^(19[7-9][0-9]|[2-9][0-9]{3})-",
    "description": "RFC 3339 time with a zone, from 1970 on.",
}


def _read_time(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError("not a string")
    return from_iso(value)


Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH, pattern=_NO_NUL)]
"""An identifier or a name: 1 to 200 characters."""
Tags = Annotated[list[Name], Field(max_length=TAGS)]
"""Free labels."""
Comment = Annotated[str, Field(max_length=COMMENT_LENGTH, pattern=_NO_NUL)]
"""Free text; never logged, never kept."""
Step = Annotated[int, Field(ge=0, le=HIGHEST_SCORE)]
"""A score, or an end of its scale."""
EventTime = Annotated[int, BeforeValidator(_read_time), PlainSerializer(iso, return_type=str), WithJsonSchema(_TIME_SCHEMA)]
"""RFC 3339 text outside, whole milliseconds since 1970 inside."""


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", use_attribute_docstrings=True, hide_input_in_errors=True)


class Event(_Part):
    """The CloudEvents 1.0 envelope. Events of a ticket with the same `source` and `id` are one event."""

    specversion: Literal["1.0"]
    """Version of CloudEvents."""
    source: Name
    """The system that says so."""
    id: Name
    """Identity of the event within its source."""
    time: EventTime
    """When it happened."""
    subject: Name | None = None
    """CloudEvents attribute, not used."""
    datacontenttype: Name | None = None
    """CloudEvents attribute, not used: the data are always JSON."""
    dataschema: Name | None = None
    """CloudEvents attribute, not used."""


class _TicketData(_Part):
    ticket_id: Name
    """The ticket; also the key of the Kafka record."""


class TicketOpenedData(_TicketData):
    """What a ticket is at its opening; these are its dimensions from then on."""

    customer_id: Name | None = None
    """The customer."""
    channel: Name | None = None
    """email, chat, phone, ..."""
    team: Name | None = None
    """The team it was given to."""
    product: Name | None = None
    """The product or category."""
    priority: Name | None = None
    """The priority."""
    language: Name | None = None
    """The customer's language."""
    campaign: Name | None = None
    """The campaign it came from."""
    tags: Tags | None = None
    """Free labels."""
    initiated_by: Literal["customer", "agent"] = "customer"
    """Who began the conversation."""
    bot: bool = False
    """Whether a bot opened it on somebody's behalf."""


class TicketOpened(Event):
    """A ticket was opened."""

    type: Literal["ticket.opened"]
    data: TicketOpenedData


class TicketRepliedData(_TicketData):
    """A message in a ticket."""

    author: Literal["agent", "bot", "auto", "customer"]
    """Who wrote it."""
    public: bool
    """Whether the customer can read it; false for internal notes."""
    agent: Name | None = None
    """The agent who wrote it."""
    team: Name | None = None
    """That agent's team."""
    tags: Tags | None = None
    """Free labels that were set with it; one of `follow_up.tags` closes the follow-up of a low rating before it."""


class TicketReplied(Event):
    """A reply or a note was written."""

    type: Literal["ticket.replied"]
    data: TicketRepliedData


class TicketClosedData(_TicketData):
    """How a ticket was closed."""

    closed_by: Literal["agent", "bot", "auto"] = "agent"
    """Who closed it."""
    agent: Name | None = None
    """The agent who closed it, or who held it then."""
    spam: bool = False
    """Whether it was closed as spam."""
    tags: Tags | None = None
    """Free labels that were set with it; one of `follow_up.tags` closes the follow-up of a low rating before it."""


class TicketClosed(Event):
    """A ticket was closed."""

    type: Literal["ticket.closed"]
    data: TicketClosedData


class TicketReopenedData(_TicketData):
    """A ticket that was opened again."""


class TicketReopened(Event):
    """A closed ticket was opened again."""

    type: Literal["ticket.reopened"]
    data: TicketReopenedData


class TicketMergedData(_TicketData):
    """A ticket that went into another."""

    merged_into: Name
    """The ticket that goes on."""


class TicketMerged(Event):
    """A ticket was merged away into another."""

    type: Literal["ticket.merged"]
    data: TicketMergedData


class RatingSubmittedData(_TicketData):
    """A customer's rating, with the agent, team and channel at the time of the survey where known."""

    survey_id: Name | None = None
    """The survey; ratings of the same survey replace each other."""
    kind: Literal["csat", "nps", "ces"] = "csat"
    """Satisfaction, recommendation or effort."""
    score: Step
    """The answer, between `scale_min` and `scale_max`."""
    scale_min: Step | None = None
    """Lowest answer; 0 where `scale_max` is 1, 10 or 100, otherwise 1."""
    scale_max: Step = 5
    """Highest answer."""
    comment: Comment | None = None
    """Free text; never logged, never kept in the state."""
    agent: Name | None = None
    """The agent at the time of the survey."""
    team: Name | None = None
    """The team at the time of the survey."""
    channel: Name | None = None
    """The channel of the survey."""


class RatingSubmitted(Event):
    """A customer rated a ticket."""

    type: Literal["rating.submitted"]
    data: RatingSubmittedData


class SurveyOfferedData(_TicketData):
    """A survey about a ticket."""

    survey_id: Name | None = None
    """The survey."""


class SurveyOffered(Event):
    """A survey was offered to a customer."""

    type: Literal["survey.offered"]
    data: SurveyOfferedData


class CustomerData(_Part):
    """A customer."""

    customer_id: Name
    """The customer; also the key of the Kafka record."""


class CustomerJoined(Event):
    """A customer joined."""

    type: Literal["customer.joined"]
    data: CustomerData


class CustomerLeft(Event):
    """A customer left."""

    type: Literal["customer.left"]
    data: CustomerData


class OrderPlacedData(CustomerData):
    """An order of a customer."""

    order_id: Name
    """The order."""
    value: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """What it is worth, in `currency`."""
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    """ISO 4217 code."""


class OrderPlaced(Event):
    """A customer placed an order."""

    type: Literal["order.placed"]
    data: OrderPlacedData


TicketEvent = TicketOpened | TicketReplied | TicketClosed | TicketReopened | TicketMerged | RatingSubmitted | SurveyOffered

TICKET_EVENTS: dict[str, type[TicketEvent]] = {
    "ticket.opened": TicketOpened,
    "ticket.replied": TicketReplied,
    "ticket.closed": TicketClosed,
    "ticket.reopened": TicketReopened,
    "ticket.merged": TicketMerged,
    "rating.submitted": RatingSubmitted,
    "survey.offered": SurveyOffered,
}
"""The events of tickets, by `type`; any of them may be on any of the four source topics."""

CUSTOMER_EVENTS: dict[str, type[Event]] = {"customer.joined": CustomerJoined, "customer.left": CustomerLeft, "order.placed": OrderPlaced}
"""The events of customers, by `type`; they have a topic of their own."""
