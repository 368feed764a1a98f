"""Numbers, names and times in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.alerts.phrases import LONGEST_NAME, bad, cases, duration, expected, figure, limit, moment, named, place, points, title


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("billing", "billing"),
        ("büro-2.a_b", "büro-2.a_b"),
        ("it support", '"it support"'),
        ("(none)", "(none)"),
        ("", '""'),
        ("<!channel>", '"?!channel?"'),
        ("a@b.example", '"a?b.example"'),
        ('say "hi"\n*now*', '"say ?hi???now?"'),
        ("abc\u202edef\x1b[0m", '"abc?def??0m"'),
        ("x" * 41, "x" * 37 + "..."),
        ("x" * 40, "x" * 40),
    ],
)
def test_names(text: str, shown: str) -> None:
    """Plain words stay as they are; everything else is put in quotes, without markup, calls or what can't be seen."""
    assert named(text) == shown


@given(st.text(max_size=200))
def test_any_name_is_a_short_plain_line(text: str) -> None:
    """Whatever customers call a team: one line, printable, short, nothing that a chat or mail program acts on."""
    shown = named(text)
    assert shown.isprintable()
    assert len(shown) <= LONGEST_NAME + 2
    assert not set(shown.removeprefix('"').removesuffix('"')) & set('<>@|[]*~`\\"\n')


@pytest.mark.parametrize(
    ("segment", "shown"),
    [
        ({}, "everything"),
        ({"channel": "chat", "team": "it support"}, 'team "it support", channel chat'),
        ({"team": "(none)"}, "team (none)"),
    ],
)
def test_segments(segment: dict[str, str], shown: str) -> None:
    """Dimensions stand in one order, whatever the order of the segment."""
    assert place(segment) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown", "as_limit"),
    [
        (61.2245, "percent", "61.2 %", "61.2 %"),
        (80.0, "percent", "80.0 %", "80 %"),
        (5400.0, "seconds", "1 h 30 min", "1 h 30 min"),
        (12.0, "tickets", "12", "12"),
        (0.0, "cases", "0", "0"),
        (1_763_805_600.0, "unix_seconds", "2025-11-22 10:00 UTC", "2025-11-22 10:00 UTC"),
        (40.0, None, "40.0", "40"),
        (-12.5, None, "-12.5", "-12.5"),
    ],
)
def test_figures(value: float, unit: str | None, shown: str, as_limit: str) -> None:
    """Each unit in its own way; a target has no needless decimals."""
    assert (figure(value, unit), limit(value, unit)) == (shown, as_limit)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (59.6, "1 min"),
        (45, "45 s"),
        (60, "1 min"),
        (7500, "2 h 5 min"),
        (3601, "1 h"),
        (90_000, "1 d 1 h"),
        (86_400 + 59, "1 d"),
        (-3, "0 s"),
    ],
)
def test_durations(seconds: float, shown: str) -> None:
    """The two largest units."""
    assert duration(seconds) == shown


def test_small_words() -> None:
    """Counts, points, times and the names of figures."""
    assert [expected(count) for count in (0.0, 0.4, 1.5, 9.8, 10.4)] == ["0", "0.4", "2", "10", "10"]
    assert [points(value) for value in (-14.2, 3.0, 0.0)] == ["-14.2 points", "+3.0 points", "0 points"]
    assert moment("2025-11-22T10:00:59.999Z") == "2025-11-22 10:00 UTC"
    assert [title("csat"), title("reopen_rate")] == ["CSAT", "reopen rate"]
    assert [bad("csat"), bad("first_response_within"), bad("reopen_rate"), bad(None)] == ["unhappy", "late", "bad", "bad"]
    assert [cases("csat"), cases("resolution_first"), cases(None)] == ["ratings", "cases", "cases"]
