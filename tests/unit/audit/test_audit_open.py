"""Backlog, waiting, overdue, oldest waiting."""

from __future__ import annotations

from fractions import Fraction

import pytest
from audit_cases import DAY, HOUR, MINUTE, NOON, ask, closed, counts, judged, merged, opened, reopened, reply, seen

from schemas.essence import Essence
from stream.audit.auditor import Auditor
from stream.settings import Settings


def now(metric: str, *tickets: list[Essence], as_of: int = NOON) -> tuple[object, ...] | None:
    """Value and n of the window `now`."""
    found = ask(metric, *tickets, window="now", as_of=as_of)
    return None if found is None else seen(found.value, found.n)


def test_worked_example() -> None:
    """Three open: one answered, two waiting, one of them past its hour."""
    tickets: list[list[Essence]] = [
        [opened(NOON - 30 * MINUTE)],
        [opened(NOON - 90 * MINUTE)],
        [opened(NOON - 5 * HOUR), reply(NOON)],
        [opened(NOON), closed(NOON)],
    ]
    assert now("backlog", *tickets) == (3, 3)
    assert now("waiting", *tickets) == (2, 3)
    assert now("overdue", *tickets) == (1, 2)
    assert now("oldest_waiting", *tickets) == (Fraction(NOON - 90 * MINUTE, 1000), 2)


def test_who_waits() -> None:
    """Customer's, open, no human reply; a bot's reply is none, a reopened unanswered life waits again."""
    assert now("waiting", [opened(NOON, by_customer=False)]) == (0, 1)
    assert now("oldest_waiting", [opened(NOON, by_customer=False)]) is None
    assert now("overdue", [opened(NOON, by_customer=False)]) is None
    assert now("waiting", [opened(NOON), reply(NOON, human=False)]) == (1, 1)
    assert now("waiting", [opened(NOON - 9), closed(NOON - 8)]) is None
    assert now("waiting", [opened(NOON - 9), closed(NOON - 8), reopened(NOON - 7)]) == (1, 1)
    assert now("backlog", [opened(NOON), merged(NOON)]) is None
    assert now("backlog", [reply(NOON)]) is None


def test_overdue_at_the_last_full_minute() -> None:
    """A deadline of 12:00:00.000 is overdue from 12:00:00, one of 12:00:00.001 from 12:01:00."""
    assert now("overdue", [opened(NOON - HOUR)], as_of=NOON - 1) == (0, 1)
    assert now("overdue", [opened(NOON - HOUR)]) == (1, 1)
    assert now("overdue", [opened(NOON - HOUR + 1)], as_of=NOON + MINUTE - 1) == (0, 1)
    assert now("overdue", [opened(NOON - HOUR + 1)], as_of=NOON + MINUTE) == (1, 1)


def test_opened_after_the_current_hour_is_not_yet_there() -> None:
    """The whole current hour counts."""
    assert now("backlog", [opened(NOON + HOUR - 1)]) == (1, 1)
    assert now("backlog", [opened(NOON + HOUR)]) is None


@pytest.mark.parametrize(
    ("hours", "band"),
    [
        (0, "under_1d"),
        (23, "under_1d"),
        (24, "1d_3d"),
        (71, "1d_3d"),
        (72, "3d_7d"),
        (167, "3d_7d"),
        (168, "7d_30d"),
        (719, "7d_30d"),
        (720, "over_30d"),
    ],
)
def test_ages_in_hour_panes(hours: int, band: str) -> None:
    """Counted between panes, so the minutes don't matter."""
    assert counts("backlog", [opened(NOON - hours * HOUR + 59 * MINUTE)], window="now", as_of=NOON) == {band: 1}
    assert counts("backlog", [opened(NOON - hours * HOUR)], window="now", as_of=NOON + 59 * MINUTE) == {band: 1}


@pytest.mark.parametrize(("older", "expected"), [(0, True), (1, False)])
def test_more_than_max_open_age_before_the_slowest_clock(older: int, expected: bool) -> None:
    """Exactly 400 days stay; one without a slowest clock stays too."""
    events = [opened(NOON - 400 * DAY - older)]
    found = Auditor(judged(events, slowest={0: NOON}), Settings())
    kept = {metric for metric, segment, window in found.keys(NOON) if not segment and window == "now"}
    assert kept == ({"backlog", "waiting", "overdue", "oldest_waiting"} if expected else set())
    assert Auditor(judged(events, slowest={1: NOON}), Settings()).answer("backlog", {}, "now", NOON)


def test_window_now_only() -> None:
    """They have no other window, and others have no `now`."""
    assert ask("backlog", [opened(NOON)], window="24h", as_of=NOON) is None
    assert ask("first_response", [opened(NOON), reply(NOON)], window="now", as_of=NOON) is None
    assert ask("unheard_of", [opened(NOON)], window="now", as_of=NOON) is None
    found = ask("backlog", [opened(NOON)], window="now", as_of=NOON)
    assert found is not None
    assert (found.low, found.high, found.unit, found.stats) == (None, None, "tickets", {})
