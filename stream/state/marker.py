"""The marker that ends every flush: where the state stands in each source topic, and what it was made under. Pure."""

from __future__ import annotations

import msgspec

from stream.errors import StartRefused

FORMAT = 4
"""Version of everything that is kept in internal topics."""


class Marker(msgspec.Struct, frozen=True):
    """State and position of one partition after a flush.

    `next_offsets`: by topic, the first offset not yet in the state. `newest`: by topic, the newest event time (ms).
    `minutes_from`, `hours_from`: first minute and hour pane that is still held singly. `topic_ids`: identity of each source topic.
    `segments`: how many segments have been given a number.
    """

    format: int
    fingerprint: str
    flush: int
    next_offsets: dict[str, int]
    newest: dict[str, int]
    minutes_from: int
    hours_from: int
    topic_ids: dict[str, str] = {}
    segments: int = 0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Marker)


def encode(marker: Marker) -> bytes:
    """Bytes of a marker."""
    return _encoder.encode(marker)


def decode(data: bytes) -> Marker:
    """Marker of some bytes; StartRefused where this version knows no such marker."""
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError:
        raise StartRefused(f"the state has a marker of another format; this version reads {FORMAT}", "run `csat-stream rebuild`") from None
