"""Waiting, overdue, oldest waiting and backlog: the tickets that stand open, in the window `now`."""

from __future__ import annotations

import pytest

from schemas.scores import Score
from stream.durations import DAY, HOUR, MINUTE
from stream.settings import Settings
from tests.helpdesk import NOON, Event, closed, merged, of_ticket, opened, reopened, replied
from tests.pipeline import counts, figure

NOW = NOON + 2 * HOUR


def read(metric: str, *events: Event, now: int = NOW) -> tuple[float, int] | None:
    """Value and n at `now`."""
    found: Score | None = figure(metric, *events, now=now, window="now")
    return None if found is None else (found.value, found.n)


def test_waiting_is_a_share_of_the_open() -> None:
    """Value: waiting tickets; n: open ones; no interval and no counts."""
    events = [*of_ticket("T-1", opened()), *of_ticket("T-2", opened(), replied(NOON + 1))]
    found = figure("waiting", *events, now=NOW, window="now")
    assert found is not None
    assert (found.value, found.n, found.unit, found.counts, found.low, found.high) == (1, 2, "tickets", {}, None, None)


def test_nobody_waiting_is_0_of_the_open() -> None:
    """Waiting is absent only when nothing is open; overdue and oldest waiting when nothing waits."""
    assert read("waiting", opened(), replied(NOON + 1)) == (0, 1)
    assert read("overdue", opened(), replied(NOON + 1)) is None
    assert read("oldest_waiting", opened(), replied(NOON + 1)) is None
    assert read("waiting", opened(), closed(NOON + 1)) is None


def test_a_ticket_waits_until_a_human_replies_or_it_is_closed() -> None:
    """Bots and notes answer nobody; a ticket that is reopened unanswered waits again."""
    assert read("waiting", opened(), replied(NOON + 1, author="bot"), replied(NOON + 2, public=False)) == (1, 1)
    assert read("waiting", opened(), closed(NOON + 1), reopened(NOON + 2)) == (1, 1)
    assert read("waiting", opened(), replied(NOON + 1), closed(NOON + 2), reopened(NOON + 3)) == (0, 1)


def test_negative_reply_is_a_reply() -> None:
    """A ticket that was answered before its opening does not wait."""
    assert read("waiting", opened(), replied(NOON - 1)) == (0, 1)


@pytest.mark.parametrize("begun", [{"initiated_by": "agent"}, {"bot": True}])
def test_only_customers_wait(begun: dict[str, object]) -> None:
    """Other tickets are open, but nobody waits."""
    assert read("waiting", opened(NOON, **begun)) == (0, 1)


def test_opening_counts_from_its_hour_pane() -> None:
    """A ticket opened in the current hour counts at once, one of the next hour only then."""
    assert read("waiting", opened(NOON + HOUR - 1), now=NOON) == (1, 1)
    assert read("backlog", opened(NOON + HOUR), now=NOON + HOUR - 1) is None
    assert read("backlog", opened(NOON + HOUR), now=NOON + HOUR) == (1, 1)


def test_overdue_by_the_last_full_minute() -> None:
    """A deadline at 13:00 is overdue at 13:00:00.000; one at 13:00:30 from 13:01."""
    assert read("overdue", opened(NOON), now=NOON + HOUR - 1) == (0, 1)
    assert read("overdue", opened(NOON), now=NOON + HOUR) == (1, 1)
    assert read("overdue", opened(NOON + 30_000), now=NOON + HOUR + MINUTE - 1) == (0, 1)
    assert read("overdue", opened(NOON + 30_000), now=NOON + HOUR + MINUTE) == (1, 1)


def test_overdue_by_the_channels_own_target() -> None:
    """A call waits 3 minutes, a mail an hour."""
    events = [*of_ticket("T-1", opened(NOON, channel="phone")), *of_ticket("T-2", opened(NOON, channel="email"))]
    assert read("overdue", *events, now=NOON + 3 * MINUTE) == (1, 2)


def test_oldest_waiting_is_the_time_of_its_opening() -> None:
    """As Unix seconds, exact to the millisecond; the next oldest once it is answered."""
    events = [*of_ticket("T-1", opened(NOON)), *of_ticket("T-2", opened(NOON + 1))]
    assert read("oldest_waiting", *events) == (NOON / 1000, 2)
    assert read("oldest_waiting", *events, *of_ticket("T-1", replied(NOON + 2))) == ((NOON + 1) / 1000, 1)


def test_open_tickets_do_not_leave_with_the_panes() -> None:
    """A ticket opened 399 days ago still waits."""
    assert read("oldest_waiting", opened(NOON), now=NOON + 399 * DAY) == (NOON / 1000, 1)


def test_backlog_by_age_in_hour_panes() -> None:
    """Exactly 24 panes ago is the next band; the bands add up to the value."""
    ages = (0, 23, 24, 71, 72, 167, 168, 719, 720, 1000)
    end = NOON + 1000 * HOUR
    events = [event for hours in reversed(ages) for event in of_ticket(f"T-{hours}", opened(end - hours * HOUR))]
    settings = Settings(lateness="60d")
    assert counts("backlog", *events, now=end, window="now", settings=settings) == {"under_1d": 2, "1d_3d": 2, "3d_7d": 2, "7d_30d": 2, "over_30d": 2}


def test_backlog_of_agents_and_customers() -> None:
    """Every open ticket is in the backlog; closed, merged and spam ones are not."""
    assert read("backlog", opened(NOON, initiated_by="agent")) == (1, 1)
    assert read("backlog", opened(), closed(NOON + 1)) is None
    assert read("backlog", opened(), merged(NOON + 1)) is None
    assert read("backlog", opened(), closed(NOON + 1, spam=True), reopened(NOON + 2)) is None


def test_life_without_its_opening_is_in_no_figure_of_the_open() -> None:
    """Until the opening arrives."""
    assert read("backlog", replied(NOON)) is None
    assert read("backlog", replied(NOON), opened(NOON - 1)) == (1, 1)


def test_figures_of_the_open_have_no_other_window() -> None:
    """Only `now`."""
    assert figure("backlog", opened(), now=NOW, window="24h") is None
    assert figure("waiting", opened(), now=NOW, window="all") is None


def test_open_tickets_belong_to_no_agent() -> None:
    """They are left out of agent-level segments."""
    settings = Settings(segments=(("agent",),), agents="on", min_group=2)
    assert figure("backlog", opened(), now=NOW, window="now", segment={"agent": "(none)"}, settings=settings) is None


def test_an_open_ticket_too_old_leaves_by_the_slowest_clock() -> None:
    """Once all four topics have come 400 days further; while one of them is empty there is no such clock."""
    old, age = opened(NOON), NOON + 400 * DAY + 1
    newer = [*of_ticket("T-2", replied(age)), *of_ticket("T-3", closed(age)), *of_ticket("T-4", opened(age))]
    rating = Event("survey.offered", age, {}, "T-5", "offer")
    assert read("backlog", old, *newer, now=age) == (2, 2)
    assert read("backlog", old, *newer, rating, now=age) == (1, 1)


def test_an_open_life_that_is_followed_by_another_leaves() -> None:
    """An event more than 400 days after the opening begins a new life, which needs an opening of its own."""
    late = NOON + 400 * DAY + 1
    assert read("backlog", opened(NOON), replied(late), now=late) is None
    assert read("waiting", opened(NOON), opened(late), now=late) == (1, 1)
    assert read("oldest_waiting", opened(NOON), opened(late), now=late) == (late / 1000, 1)
