"""A low rating as one partition keeps it and the scorer reads it: what a follow-up needs, and the evidence of alerts. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Low(msgspec.Struct, frozen=True, array_like=True):
    """One survey's rating that is low. Times in ms; `done_at` is 0 while nobody has answered; `survey` is empty where it has no id."""

    ticket: str
    survey: str
    score: int
    low: int
    """Lowest score of its scale."""
    high: int
    """Highest score of its scale."""
    stars: int
    """The score moved to 1..5."""
    lowest: bool
    """Whether it is the lowest step of its scale."""
    rated_at: int
    """When the survey was first rated."""
    due_at: int
    dims: dict[str, str]
    """Team, channel and the others it is attributed to, missing ones left out; never the agent."""
    done_at: int = 0
    done_by: str = ""
    """reply or tag."""

    def segment(self) -> dict[str, str]:
        """Values of its dimensions."""
        return dict(self.dims)

    def lies_in(self, segment: Mapping[str, str]) -> bool:
        """Whether it counts in a segment; a missing value is `(none)`."""
        return all(self.dims.get(name, NONE) == value for name, value in segment.items())


NONE = "(none)"
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Low)


def encode(low: Low) -> bytes:
    """As it is kept."""
    return _encoder.encode(low)


def decode(packed: bytes) -> Low:
    """A low rating of `encode`."""
    return _decoder.decode(packed)
