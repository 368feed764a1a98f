"""First-contact resolution, bot-only tickets and the reopen rate: read at the first close."""

from __future__ import annotations

import pytest

from stream.durations import DAY, HOUR, MINUTE
from tests.helpdesk import NOON, closed, merged, of_ticket, opened, reopened, replied
from tests.pipeline import counts, figure, segments_of

FIRST = {"first_contact": 1, "resolved": 1}
NOT_FIRST = {"resolved": 1}
PROFILES = pytest.mark.parametrize("profile", ["fcr_one_touch", "fcr_never_reopened"])


@PROFILES
def test_one_reply_and_a_close(profile: str) -> None:
    """Resolved at first contact in both profiles."""
    found = figure(profile, opened(), replied(NOON + 1), closed(NOON + 2))
    assert found is not None
    assert (found.value, found.n, found.unit, found.counts) == (100, 1, "percent", FIRST)


def test_one_touch_is_fewer_than_two_human_replies_in_the_life() -> None:
    """Replies after the close count too; bots and notes never do."""
    assert counts("fcr_one_touch", opened(), replied(NOON + 1), replied(NOON + 2), closed(NOON + 3)) == NOT_FIRST
    assert counts("fcr_one_touch", opened(), replied(NOON + 1), closed(NOON + 2), replied(NOON + 3)) == NOT_FIRST
    assert (
        counts("fcr_one_touch", opened(), replied(NOON + 1), replied(NOON + 2, author="bot"), replied(NOON + 3, public=False), closed(NOON + 4))
        == FIRST
    )


def test_closed_by_an_agent_without_a_reply_is_one_touch() -> None:
    """No reply at all is fewer than two."""
    assert counts("fcr_one_touch", opened(), closed(NOON + 1)) == FIRST
    assert counts("fcr_never_reopened", opened(), closed(NOON + 1)) == FIRST


def test_never_reopened_needs_one_agent() -> None:
    """Two replies of one agent are first contact, replies of two agents are not; who has no name is no other agent."""
    assert counts("fcr_never_reopened", opened(), replied(NOON + 1, "ann"), replied(NOON + 2, "ann"), closed(NOON + 3)) == FIRST
    assert counts("fcr_never_reopened", opened(), replied(NOON + 1, "ann"), replied(NOON + 2, "bob"), closed(NOON + 3)) == NOT_FIRST
    assert counts("fcr_never_reopened", opened(), replied(NOON + 1, "ann"), replied(NOON + 2, None), closed(NOON + 3)) == FIRST


def test_reopened_is_not_first_contact() -> None:
    """Answered again, or still open."""
    begun = opened(), replied(NOON + 1), closed(NOON + 2), reopened(NOON + 3)
    assert counts("fcr_never_reopened", *begun) == NOT_FIRST
    assert counts("fcr_never_reopened", *begun, replied(NOON + 4), closed(NOON + 5)) == NOT_FIRST


def test_a_thanks_is_no_reopening() -> None:
    """Reopened and closed again with no human reply between: bots and notes are none."""
    begun = opened(), replied(NOON + 1), closed(NOON + 2), reopened(NOON + 3)
    assert counts("fcr_never_reopened", *begun, closed(NOON + 5)) == FIRST
    assert counts("fcr_never_reopened", *begun, replied(NOON + 4, author="bot"), replied(NOON + 4, public=False), closed(NOON + 5)) == FIRST
    assert counts("fcr_never_reopened", *begun, closed(NOON + 4), replied(NOON + 5)) == FIRST


def test_ties_of_a_thanks_go_by_kind() -> None:
    """At one time: reply before close before reopening, so a reply at the time of the second close was between."""
    begun = opened(), replied(NOON + 1), closed(NOON + 2), reopened(NOON + 2)
    assert counts("fcr_never_reopened", *begun, closed(NOON + 3)) == FIRST
    assert counts("fcr_never_reopened", *begun, replied(NOON + 3), closed(NOON + 3)) == NOT_FIRST


def test_reopening_of_an_open_ticket_is_nothing() -> None:
    """Only a close can be undone."""
    assert counts("fcr_never_reopened", opened(), reopened(NOON + 1), replied(NOON + 2), closed(NOON + 3)) == FIRST
    assert counts("reopen_rate", opened(), reopened(NOON + 1), closed(NOON + 2)) == {"closed": 1}


@pytest.mark.parametrize("closer", ["bot", "auto"])
def test_bot_only_is_a_figure_of_its_own(closer: str) -> None:
    """No human reply and first closed by a bot: out of first contact, in `bot_only` and the reopen rate."""
    events = opened(), replied(NOON + 1, author="bot"), closed(NOON + 2, closed_by=closer)
    assert counts("fcr_one_touch", *events) is None
    assert counts("fcr_never_reopened_provisional", *events, now=NOON + HOUR, window="24h") is None
    assert counts("bot_only", *events) == {"bot_only": 1, "closed": 1}
    assert counts("reopen_rate", *events) == {"closed": 1}


def test_a_human_reply_ends_bot_only() -> None:
    """Also one after the close; the first close decides who closed."""
    assert counts("bot_only", opened(), closed(NOON + 1, closed_by="bot"), replied(NOON + 2)) == {"closed": 1}
    assert counts("bot_only", opened(), closed(NOON + 1), closed(NOON + 2, closed_by="bot")) == {"closed": 1}
    assert counts("bot_only", opened(), closed(NOON + 1, closed_by="bot"), closed(NOON + 2)) == {"bot_only": 1, "closed": 1}


def test_reopen_rate_counts_a_ticket_once() -> None:
    """However often it is reopened, a "thanks" included."""
    events = opened(), closed(NOON + 1), reopened(NOON + 2), closed(NOON + 3), reopened(NOON + 4), closed(NOON + 5)
    found = figure("reopen_rate", *events, *of_ticket("T-2", opened(), closed(NOON + 1)))
    assert found is not None
    assert (found.value, found.n, found.counts) == (50, 2, {"reopened": 1, "closed": 2})


@pytest.mark.parametrize("metric", ["fcr_one_touch", "fcr_never_reopened", "bot_only", "reopen_rate"])
def test_final_figures_have_matured(metric: str) -> None:
    """They stand at the first close, and their windows end 7 days before now.

    closed at 12:02       | 12h |          now = 7 days later, same hour pane: counts; an hour before: not yet; in 24h for 24 panes
    """
    humans = opened(), replied(NOON + 1), closed(NOON + 2 * MINUTE)
    assert figure(metric, *humans, now=NOON + 7 * DAY - 1) is None
    assert figure(metric, *humans, now=NOON + 7 * DAY) is not None
    assert figure(metric, *humans, now=NOON + 7 * DAY, window="24h") is not None
    assert figure(metric, *humans, now=NOON + 8 * DAY - 1, window="24h") is not None
    assert figure(metric, *humans, now=NOON + 8 * DAY, window="24h") is None


@pytest.mark.parametrize("window", ["15m", "1h", "4h"])
def test_final_figures_have_no_short_windows(window: str) -> None:
    """24h and longer only."""
    assert figure("reopen_rate", opened(), closed(NOON + 1), now=NOON + 7 * DAY, window=window) is None


@pytest.mark.parametrize(("window", "has"), [("15m", False), ("4h", False), ("24h", True), ("7d", True), ("30d", False), ("all", False)])
@PROFILES
def test_provisional_figures_have_two_windows(profile: str, window: str, has: bool) -> None:
    """24h and 7d, ending now."""
    found = figure(f"{profile}_provisional", opened(), replied(NOON + 1), closed(NOON + 2), now=NOON + HOUR, window=window)
    assert (found is not None) is has


def test_void_is_out() -> None:
    """Merged tickets and spam are in none of them."""
    for metric in ("fcr_one_touch", "fcr_never_reopened", "bot_only", "reopen_rate"):
        assert figure(metric, opened(), closed(NOON + 1), merged(NOON + 2)) is None
        assert figure(metric, opened(), closed(NOON + 1, closed_by="bot", spam=True)) is None


def test_agent_is_of_the_first_close() -> None:
    """The last human replier up to it."""
    two = [
        event
        for number in (1, 2)
        for event in of_ticket(f"T-{number}", opened(), replied(NOON + 1, "ann"), closed(NOON + 2), replied(NOON + 3, "bob"))
    ]
    for metric in ("fcr_one_touch", "reopen_rate"):
        assert segments_of(metric, "agent", *two) == {"ann": 2}
