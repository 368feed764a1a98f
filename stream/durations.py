"""Durations as people write them (`15m`, `7d`), in whole milliseconds."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNITS = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_PATTERN = re.compile(r"(\d+)\s*(ms|s|m|h|d)")


def parse(text: str) -> int:
    """Milliseconds of a text such as `90s` or `7d`; ValueError otherwise."""
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError("not a duration: write a whole number and a unit (ms, s, m, h or d), such as 15m")
    return int(match[1]) * _UNITS[match[2]]


def text(ms: int) -> str:
    """The shortest way to write a duration: 5400000 is `90m`, 86400000 is `1d`."""
    unit = next(name for name in ("d", "h", "m", "s", "ms") if ms % _UNITS[name] == 0)
    return f"{ms // _UNITS[unit]}{unit}"


def _read(value: Any) -> int:
    if isinstance(value, str):
        return parse(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("not a duration: write a whole number and a unit (ms, s, m, h or d), such as 15m")


Duration = Annotated[
    int,
    BeforeValidator(_read, json_schema_input_type=str),
    PlainSerializer(text, return_type=str),
    Field(gt=0),
]
DurationOrNone = Annotated[
    int,
    BeforeValidator(_read, json_schema_input_type=str),
    PlainSerializer(text, return_type=str),
    Field(ge=0),
]
"""A duration that may be nothing at all: 0s."""
