"""Source logs that end before what was read from them."""

from __future__ import annotations

import pytest

from stream.engine.log_ends import LogEnds
from stream.errors import StartRefused

PLACE, OTHER = ("ratings", 0), ("ratings", 1)


def test_one_look_is_not_enough() -> None:
    """A broker that was cut off may tell an older end once; what has come to its end again is forgotten."""
    looks = LogEnds()
    assert not looks.verify({PLACE: 20, OTHER: 5}, {PLACE: 10, OTHER: 5})
    assert looks.verify({PLACE: 20, OTHER: 5}, {PLACE: 20, OTHER: 9})
    assert not looks.verify({PLACE: 20, OTHER: 5}, {PLACE: 20, OTHER: 4})


def test_too_short_twice() -> None:
    """The refusal names the place."""
    looks = LogEnds()
    looks.verify({PLACE: 20}, {PLACE: 10})
    with pytest.raises(StartRefused, match="ratings/0 ends at offset 12, but 20 records of it are in the state"):
        looks.verify({PLACE: 20}, {PLACE: 12})


def test_who_is_owned_no_longer_does_not_count() -> None:
    """Nor what the broker does not tell of."""
    looks = LogEnds()
    looks.verify({PLACE: 20}, {PLACE: 10})
    assert looks.verify({}, {PLACE: 10})
    assert not looks.verify({PLACE: 20}, {PLACE: 10})
    assert looks.verify({PLACE: 20}, {})
