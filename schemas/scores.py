"""Scores, the output: one record for each metric, segment and window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

import msgspec
from pydantic import BaseModel, ConfigDict, Field

Finite = Annotated[float, Field(allow_inf_nan=False)]
Timestamp = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$")]


class Score(BaseModel):
    """A figure with everything needed to check it. Where nothing was counted there is no record."""

    model_config = ConfigDict(strict=True, frozen=True, use_attribute_docstrings=True)

    metric: str
    """Name of the figure, such as csat."""
    segment: dict[str, str]
    """Values of the segment's dimensions; empty for everything."""
    window: str
    """Window, such as 24h; `all` or `now` for the rest."""
    value: Finite | int
    """The figure, in `unit`."""
    unit: Literal["percent", "seconds", "tickets", "unix_seconds"]
    """Unit of value, low and high."""
    n: Annotated[int, Field(ge=1)]
    """Number of cases."""
    counts: dict[str, int]
    """What the figure is made of; counts of disjoint segments may be added."""
    stats: dict[str, Finite | None] = {}
    """Further statistics of the same cases."""
    low: Finite | None
    """Lower end of the 95 % interval; null where there is none."""
    high: Finite | None
    """Upper end of the 95 % interval; null where there is none."""
    state: Literal["ok", "insufficient_data"]
    """insufficient_data where n is below the configured minimum."""
    as_of: Timestamp
    """The now the figure was read at: RFC 3339, UTC, with milliseconds."""
    revision: Annotated[int, Field(ge=1)]
    """Number of records of this metric, segment and window so far."""
    definition: str
    """Which definition was used, such as csat/4-5-of-5."""
    attribution: list[str] | None = None
    """Where team and agent of a rating came from, in order of preference; null where no rating is counted."""


class ScoreKey(NamedTuple):
    """What a score record is about."""

    metric: str
    segment: dict[str, str]
    window: str


class _Key(msgspec.Struct):
    metric: str
    segment: dict[str, str]
    window: str


def score_key(metric: str, segment: Mapping[str, str], window: str) -> bytes:
    """The key of a score record: compact JSON with sorted names, so that equal scores have equal bytes."""
    return msgspec.json.encode({"metric": metric, "segment": dict(segment), "window": window}, order="sorted")


def parse_key(key: bytes) -> ScoreKey:
    """Metric, segment and window of a score record's key; ValueError where it is none."""
    try:
        found = msgspec.json.decode(key, type=_Key)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ValueError("not the key of a score") from None
    return ScoreKey(found.metric, found.segment, found.window)
