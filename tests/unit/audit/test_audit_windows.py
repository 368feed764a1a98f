"""Windows to the pane."""

from __future__ import annotations

import pytest
from audit_cases import DAY, HOUR, MIDNIGHT, MINUTE, NOON

from stream.audit.windows import BEGINNING, Moment, Span, span

HALF_PAST = NOON + 30 * MINUTE + 1


def plain(name: str, now: int = HALF_PAST) -> Span | None:
    """A window that is neither matured nor of agents."""
    return span(name, "plain", Moment(now, by_agent=False, fixed=False))


def test_up_to_4h_by_minutes() -> None:
    """The minute of now is in, the minute a window ago is out."""
    #  15m:  12:15 [12:16 ... 12:30] 12:31
    assert plain("15m") == (NOON + 16 * MINUTE, NOON + 31 * MINUTE, MINUTE)
    assert plain("4h") == (NOON - 4 * HOUR + 31 * MINUTE, NOON + 31 * MINUTE, MINUTE)
    assert plain("1m", NOON) == (NOON, NOON + MINUTE, MINUTE)


def test_longer_by_hours() -> None:
    """The hour of now is in whole."""
    #  24h:  12 [13 14 ... 11 12] 13
    assert plain("24h") == (NOON - 23 * HOUR, NOON + HOUR, HOUR)
    assert plain("5h") == (NOON - 4 * HOUR, NOON + HOUR, HOUR)


def test_all_has_no_beginning() -> None:
    """Every hour up to now's."""
    assert plain("all") == (BEGINNING, NOON + HOUR, HOUR)


def test_matured_is_seven_days_earlier() -> None:
    """And `all` too."""
    moment = Moment(HALF_PAST, by_agent=False, fixed=False)
    assert span("24h", "matured", moment) == (NOON - 8 * DAY + HOUR, NOON - 7 * DAY + HOUR, HOUR)
    assert span("all", "matured", moment) == (BEGINNING, NOON - 7 * DAY + HOUR, HOUR)
    assert span("4h", "matured", moment) is None


def test_provisional_windows() -> None:
    """24h and 7d, by length."""
    moment = Moment(HALF_PAST, by_agent=False, fixed=False)
    assert span("1d", "provisional", moment) == plain("24h")
    assert span("7d", "provisional", moment) == plain("7d")
    assert span("48h", "provisional", moment) is None
    assert span("all", "provisional", moment) is None


def test_agent_level_ends_at_midnight() -> None:
    """Never sliding; at midnight itself the day that has just ended is in."""
    for now in (MIDNIGHT, NOON, MIDNIGHT + DAY - 1):
        assert span("24h", "plain", Moment(now, by_agent=True, fixed=False)) == (MIDNIGHT - DAY, MIDNIGHT, HOUR)
    assert span("all", "plain", Moment(NOON, by_agent=True, fixed=False)) == (BEGINNING, MIDNIGHT, HOUR)
    assert span("24h", "matured", Moment(NOON, by_agent=True, fixed=False)) == (MIDNIGHT - 8 * DAY, MIDNIGHT - 7 * DAY, HOUR)
    assert span("24h", "plain", Moment(HALF_PAST, by_agent=True, fixed=True)) == plain("24h")


@pytest.mark.parametrize("name", ["15m", "4h", "8h"])
def test_agent_level_has_no_short_windows(name: str) -> None:
    """24h and longer only, at a fixed now too."""
    assert span(name, "plain", Moment(NOON, by_agent=True, fixed=True)) is None


def test_deadlines_count_in_the_next_pane() -> None:
    """A deadline at a pane's begin is in that pane, one after it in the next."""
    assert Span(60, 120, 60).of_deadlines() == (1, 61, 60)
    assert Span(BEGINNING, 120, 60).of_deadlines() == (BEGINNING, 61, 60)
