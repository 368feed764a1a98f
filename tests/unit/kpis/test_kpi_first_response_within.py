"""First responses within target: one outcome a ticket, a miss at its deadline."""

from __future__ import annotations

from stream.durations import DAY, HOUR, MINUTE
from stream.settings import Settings
from tests.helpdesk import NOON, Event, closed, merged, of_ticket, opened, reopened, replied
from tests.pipeline import counts as counts_of
from tests.pipeline import figure

DEADLINE = NOON + HOUR


def counts(*events: Event, now: int = NOON + DAY, window: str = "all", settings: Settings | None = None) -> dict[str, int] | None:
    """Hits and misses that are not 0."""
    return counts_of("first_response_within", *events, now=now, window=window, settings=settings)


def test_value_is_hits_of_all_outcomes() -> None:
    """100 x hit / (hit + miss)."""
    events = [*of_ticket("T-1", opened(), replied(NOON + 1)), *of_ticket("T-2", opened())]
    found = figure("first_response_within", *events, now=NOON + DAY)
    assert found is not None
    assert (found.value, found.n, found.counts) == (50, 2, {"hit": 1, "miss": 1})


def test_reply_at_the_deadline_is_a_hit() -> None:
    """A millisecond later it is a miss."""
    assert counts(opened(), replied(DEADLINE)) == {"hit": 1}
    assert counts(opened(), replied(DEADLINE + 1)) == {"miss": 1}


def test_hit_stands_at_the_reply() -> None:
    """In the pane of the reply."""
    assert counts(opened(), replied(DEADLINE), now=DEADLINE, window="15m") == {"hit": 1}
    assert counts(opened(), replied(DEADLINE), now=DEADLINE + 15 * MINUTE, window="15m") is None


def test_miss_stands_at_the_deadline_whether_answered_later_or_not() -> None:
    """An answer takes no miss back, and none counts before its deadline."""
    assert counts(opened(), now=DEADLINE, window="1h") == {"miss": 1}
    assert counts(opened(), replied(NOON + 5 * HOUR), now=DEADLINE, window="1h") == {"miss": 1}
    assert counts(opened(), now=DEADLINE - 1) is None


def test_miss_counts_from_the_first_pane_that_begins_at_its_deadline_or_later() -> None:
    """So never before the deadline has passed.

    deadline at 13:00:30   |12:59|13:00|13:01|
                                    ^d  ^ counts in this minute pane, and in the hour pane from 14:00
    """
    late = opened(NOON + 30_000)
    assert counts(late, now=DEADLINE + 59_999, window="1h") is None
    assert counts(late, now=DEADLINE + MINUTE, window="1h") == {"miss": 1}
    assert counts(late, now=DEADLINE + HOUR - 1, window="24h") is None
    assert counts(late, now=DEADLINE + HOUR, window="24h") == {"miss": 1}


def test_reply_in_time_takes_a_miss_back() -> None:
    """A reply that arrives late but was in time is a hit."""
    assert counts(opened(), opened(NOON + 2 * HOUR), replied(NOON + MINUTE)) == {"hit": 1}


def test_closed_unanswered_within_the_target_has_no_outcome() -> None:
    """The last close counts, at the deadline included; later it is a miss."""
    assert counts(opened(), closed(DEADLINE)) is None
    assert counts(opened(), closed(DEADLINE + 1)) == {"miss": 1}
    assert counts(opened(), closed(NOON + 1), reopened(NOON + 2)) == {"miss": 1}
    assert counts(opened(), closed(NOON + 1), reopened(NOON + 2), closed(DEADLINE)) is None
    assert counts(opened(), closed(NOON + 1), reopened(NOON + 2), closed(DEADLINE + 1)) == {"miss": 1}


def test_closed_within_the_target_and_answered_after_it_is_a_miss() -> None:
    """Answered lives are judged by their reply."""
    assert counts(opened(), closed(NOON + 1), replied(DEADLINE + 1)) == {"miss": 1}


def test_negative_reply_has_no_outcome() -> None:
    """A reply before the opening is a data-quality event."""
    assert counts(opened(), replied(NOON - 1)) is None


def test_only_customers_tickets_that_are_not_void() -> None:
    """Agent-initiated and merged tickets have no outcome."""
    assert counts(opened(NOON, initiated_by="agent"), replied(NOON + 1)) is None
    assert counts(opened(), merged(NOON + 1)) is None


def test_target_is_the_channels() -> None:
    """3 min for the phone, the default for a channel that is not named or missing."""
    assert counts(opened(NOON, channel="phone"), replied(NOON + 3 * MINUTE + 1)) == {"miss": 1}
    settings = Settings(targets={"first_response": {"default": MINUTE, "fax": DAY}})
    assert counts(opened(NOON, channel="fax"), replied(NOON + HOUR), settings=settings) == {"hit": 1}
    assert counts(opened(NOON, channel="phone"), replied(NOON + HOUR), settings=settings) == {"miss": 1}
    assert counts(opened(NOON), replied(NOON + HOUR), settings=settings) == {"miss": 1}


def test_standstill_shows_at_once() -> None:
    """When replies stop, the 1h window falls to 0 % as deadlines pass, and rises again with the first replies in time."""
    waiting = [event for minute in range(60) for event in of_ticket(f"T-{minute}", opened(NOON + minute * MINUTE))]
    found = figure("first_response_within", *waiting, now=NOON + 2 * HOUR, window="1h")
    assert found is not None
    assert (found.value, found.n) == (0, 59)
