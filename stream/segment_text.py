"""Segments as people write and read them: `team=billing, channel=chat`. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from stream.segments import Dimensions

ALL = "all"
"""How everything is written."""
EVERYTHING = "everything"
"""How everything is read."""
_BETWEEN = re.compile(rf",\s*(?=(?:{'|'.join(Dimensions._fields)})\s*=)")


def segment_of(texts: Iterable[str]) -> dict[str, str]:
    """The segment of `team=billing`, several texts or one with commas; `all` is everything. ValueError says what is wrong with it.

    A comma separates only where a dimension and `=` follow, so a value may hold others. Values are taken as they are, blanks included.
    """
    segment: dict[str, str] = {}
    for name, value in _pairs(texts):
        if name not in Dimensions._fields:
            raise ValueError(f"has the unknown dimension {printable(name)}; there are {', '.join(Dimensions._fields)}")
        if segment.get(name, value) != value:
            raise ValueError(f"has two values of {name}")
        segment[name] = value
    return segment


def segment_text(segment: Mapping[str, str]) -> str:
    """The same as text, in the order of the dimensions; a value that would be misread stands in quotes."""
    order = [*Dimensions._fields, *sorted(segment.keys() - set(Dimensions._fields))]
    return ", ".join(f"{printable(name)}={_shown(segment[name])}" for name in order if name in segment) or EVERYTHING


def printable(text: str) -> str:
    """Somebody else's words on one line; what can't be printed, and could steer a terminal, is a question mark."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _pairs(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for part in (part for text in texts for part in _BETWEEN.split(text)):
        if part.strip() in {"", ALL}:
            continue
        name, sign, value = part.partition("=")
        if not (name.strip() and sign and value):
            raise ValueError(f"is written as dimension=value, such as team=billing; `{ALL}` is everything")
        yield name.strip(), value


def _shown(value: str) -> str:
    plain = printable(value)
    is_clear = plain == plain.strip() and not set(plain) & set(',="')
    return plain if is_clear and plain else json.dumps(plain, ensure_ascii=False)
