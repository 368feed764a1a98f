"""Times of the contracts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.times import END_MS, from_iso, iso


def test_text_of_a_time() -> None:
    """Times are written in UTC with milliseconds."""
    assert iso(1_795_341_600_000) == "2026-11-22T10:00:00.000Z"
    assert iso(0) == "1970-01-01T00:00:00.000Z"
    assert iso(END_MS - 1) == "9999-12-31T23:59:59.999Z"


@given(st.integers(0, END_MS - 1))
def test_writing_and_reading_a_time_changes_nothing(ms: int) -> None:
    """Every millisecond of 1970 to 9999 comes back as it was."""
    assert from_iso(iso(ms)) == ms


@pytest.mark.parametrize("ms", [-1, END_MS])
def test_times_that_cannot_be_written(ms: int) -> None:
    """Outside the years 1970 to 9999 there is no text."""
    with pytest.raises(ValueError, match="1970 to 9999"):
        iso(ms)


@pytest.mark.parametrize("text", ["", "secret", "2031-01-02T03:04:05", "2031-01-02", "1969-12-31T23:59:59.999Z", "9999-12-31T23:59:59-00:01"])
def test_texts_that_are_no_times(text: str) -> None:
    """What has no zone, or lies outside 1970 to 9999, is refused without repeating it."""
    with pytest.raises(ValueError, match="not a") as caught:
        from_iso(text)
    assert not text or text not in str(caught.value)
