"""Durations as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from stream.durations import DAY, HOUR, MINUTE, SECOND, Duration, parse, text


@pytest.mark.parametrize(
    ("written", "ms"), [("250ms", 250), ("90s", 90 * SECOND), ("15m", 15 * MINUTE), ("4h", 4 * HOUR), ("7d", 7 * DAY), (" 7 d ", 7 * DAY)]
)
def test_parse(written: str, ms: int) -> None:
    """A whole number and a unit."""
    assert parse(written) == ms


@pytest.mark.parametrize("written", ["", "15", "m", "1.5h", "-1m", "1h30m", "1w", "15M", "٣m\n1"])
def test_anything_else_is_refused(written: str) -> None:
    """With a text that says how to write one."""
    with pytest.raises(ValueError, match="such as 15m"):
        parse(written)


@given(st.integers(1, 10**12))
def test_text_is_what_parse_reads(ms: int) -> None:
    """There and back."""
    assert parse(text(ms)) == ms


@pytest.mark.parametrize(("ms", "shortest"), [(90 * MINUTE, "90m"), (DAY, "1d"), (25 * HOUR, "25h"), (1_500, "1500ms"), (SECOND, "1s")])
def test_text_is_the_largest_unit_that_fits(ms: int, shortest: str) -> None:
    """Nothing is rounded."""
    assert text(ms) == shortest


def test_settings_take_text_or_milliseconds() -> None:
    """Above 0, never true or false, never a fraction."""
    adapter: TypeAdapter[int] = TypeAdapter(Duration)
    assert [adapter.validate_python(value) for value in ("1m", 60_000)] == [MINUTE, MINUTE]
    refused: list[object] = [0, -1, "0s", True, 1.5, None, []]
    for wrong in refused:
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)
