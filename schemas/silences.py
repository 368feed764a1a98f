"""Silences: records of people who want no notifications of some alerts for a time."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from schemas.scores import Timestamp

_ADDRESS = r"\S@\S"
LONGEST_WHO = 80
LONGEST_WHY = 300


def _without_address(text: str) -> str:
    if re.search(_ADDRESS, text):
        raise ValueError("must not hold an e-mail address: it goes into alerts")
    return text


# What the model refuses, its JSON Schema refuses too.
_NO_ADDRESS: dict[str, Any] = {"not": {"pattern": _ADDRESS}}


class Silence(BaseModel):
    """Nobody is notified of these alerts until then; their state goes on. A tombstone for its key ends it at once."""

    model_config = ConfigDict(strict=True, frozen=True, use_attribute_docstrings=True)

    id: Annotated[str, Field(pattern="^[a-zA-Z0-9._-]{1,80}$")]
    """Name of the silence: the record's key."""
    rule: Annotated[str, Field(min_length=1)] | None
    """Only this rule; any for null."""
    segment: dict[str, str]
    """Only segments with all of these values; any where empty."""
    until: Timestamp
    """It ends at this time: RFC 3339, UTC, with milliseconds."""
    who: Annotated[str, Field(min_length=1, max_length=LONGEST_WHO, json_schema_extra=_NO_ADDRESS), AfterValidator(_without_address)]
    """Who asked for it: a name, no e-mail address."""
    why: Annotated[str, Field(min_length=1, max_length=LONGEST_WHY, json_schema_extra=_NO_ADDRESS), AfterValidator(_without_address)]
    """Why, in words, without e-mail addresses."""
    created: Timestamp
    """When it was made."""


def silence_key(name: str) -> bytes:
    """The key of a silence record: its id."""
    return name.encode()
