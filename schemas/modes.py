"""The three ways an event may be written (CloudEvents structured, CloudEvents binary, plain JSON), brought into the structured one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import msgspec

from schemas.deadletters import DeadLetterClass, Refused
from stream.errors import Fault

PLAIN_SOURCE = "plain"
DEEPEST = 64

# An untyped float beyond a double's range is no fault in a field that is ignored, so it becomes infinite.
_decoder = msgspec.json.Decoder(float_hook=float)
# The closing quote is optional, so that every match succeeds at once: linear for any input.
_STRINGS = re.compile(r'"(?:[^"\\]+|\\.)*"?', re.DOTALL)
_STEPS = {"{": 1, "[": 1, "}": -1, "]": -1}


class Envelope(NamedTuple):
    """An event in structured form, not judged yet. `flat`: its data stood beside its type, not under `data`."""

    fields: dict[str, Any]
    flat: bool


def carries_envelope(headers: Sequence[tuple[str, bytes]]) -> bool:
    """Whether the record's value holds the whole event; otherwise its attributes are in `ce_` headers (binary mode)."""
    return _says_structured(headers) or not any(name.lower().startswith("ce_") for name, _ in headers)


def envelope(value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> Envelope:
    """The event in structured form, whatever the mode; Refused (not_json) where the value is no JSON object."""
    if value is None:
        raise _not_json("there is no value")
    body = _object(value)
    if not carries_envelope(headers):
        return Envelope({**_attributes(headers), "data": body}, flat=False)
    if "specversion" in body or _says_structured(headers):
        return Envelope(body, flat=False)
    return _plain(body, value)


def brackets(value: bytes) -> int:
    """Number of opening brackets and braces: an upper bound of how deep a JSON text is nested."""
    return value.count(b"{") + value.count(b"[")


def _plain(body: dict[str, Any], value: bytes) -> Envelope:
    flat = "data" not in body
    fields = {**body, "specversion": "1.0", "data": body if flat else body["data"]}
    if fields.get("source") is None:
        fields["source"] = PLAIN_SOURCE
    if fields.get("id") is None:
        fields["id"] = hashlib.sha256(value).hexdigest()
    return Envelope(fields, flat)


def _says_structured(headers: Sequence[tuple[str, bytes]]) -> bool:
    return any(name.lower() == "content-type" and (value or b"").lower().startswith(b"application/cloudevents+json") for name, value in headers)


def _attributes(headers: Sequence[tuple[str, bytes]]) -> dict[str, str | bytes]:
    return {name.lower().removeprefix("ce_"): _text(value or b"") for name, value in headers if name.lower().startswith("ce_")}


def _text(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value  # stays bytes: the model says that it is no string


def _object(value: bytes) -> dict[str, Any]:
    try:
        text = value.decode()
        if brackets(value) > DEEPEST and _depth(text) > DEEPEST:
            raise _not_json(f"is nested more than {DEEPEST} levels deep")
        body = _decoder.decode(text)
    except (UnicodeDecodeError, msgspec.DecodeError):
        raise _not_json("is not JSON") from None
    if not isinstance(body, dict):
        raise _not_json("is not a JSON object")
    return body


def _depth(text: str) -> int:
    """How deep a JSON text is nested. Bounded before decoding: the decoder's own bound moves with the caller's stack."""
    steps = (_STEPS[character] for character in _STRINGS.sub("", text) if character in _STEPS)
    return max(accumulate(steps), default=0)


def _not_json(message: str) -> Refused:
    return Refused(DeadLetterClass.NOT_JSON, (Fault("", message),))
