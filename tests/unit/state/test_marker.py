"""Markers: what was encoded comes back, and what another version wrote is refused with the way out."""

from __future__ import annotations

import msgspec
import pytest

from stream.errors import StartRefused
from stream.state import marker
from stream.state.marker import FORMAT, Marker

MARKER = Marker(FORMAT, "print", 3, {"ratings": 7}, {"ratings": 1_000}, 5, 6, {"ratings": "id"}, 2)


def test_there_and_back() -> None:
    """Every field."""
    assert marker.decode(marker.encode(MARKER)) == MARKER


@pytest.mark.parametrize("data", [b"", b"\xc1", msgspec.msgpack.encode({"format": FORMAT + 1, "prints": []}), msgspec.msgpack.encode([1, 2])])
def test_another_shape_is_refused(data: bytes) -> None:
    """A number alone would not tell: a later version may have other fields."""
    with pytest.raises(StartRefused, match="rebuild"):
        marker.decode(data)
