"""First response: the value, what is no answer, and the outcome against the target."""

from __future__ import annotations

from fractions import Fraction

import pytest
from audit_cases import HOUR, MINUTE, NOON, ask, auditor, closed, counts, opened, reopened, reply, seen

from stream.durations import SECOND


def test_worked_example() -> None:
    """10 s, 20 s and 60 s: mean 30 s, standard error 15.2753 s."""
    found = ask("first_response", *([opened(NOON), reply(NOON + seconds * SECOND)] for seconds in (10, 20, 60)))
    assert found is not None
    assert seen(found.value, found.n, found.unit) == (30, 3, "seconds")
    assert found.counts == {"answered": 3, "sum_ms": 90_000, "negative": 0}
    assert seen(found.low, found.high) == (pytest.approx(0.0605, abs=1e-4), pytest.approx(59.9395, abs=1e-4))
    assert seen(found.stats["p50"], found.stats["p90"], found.stats["p50_low"]) == (20, 60, None)


def test_one_value_has_no_interval() -> None:
    """For n = 1 low and high are null."""
    found = ask("first_response", [opened(NOON), reply(NOON + 1)])
    assert found is not None
    assert seen(found.value, found.low, found.high) == (Fraction(1, 1000), None, None)


def test_what_is_no_answer() -> None:
    """Bots, notes and agent-initiated tickets; a life without a human reply."""
    assert counts("first_response", [opened(NOON), reply(NOON + 1, human=False)]) is None
    assert counts("first_response", [opened(NOON, by_customer=False), reply(NOON + 1)]) is None
    assert counts("first_response", [opened(NOON), reply(NOON + 1, human=False), reply(NOON + 9)]) == {"answered": 1, "sum_ms": 9}


def test_negative_reply_has_no_value() -> None:
    """It stands at the reply, and a later reply doesn't heal it; equal times are a value of 0."""
    negative = [opened(NOON), reply(NOON - 1), reply(NOON + 5)]
    assert counts("first_response", negative) is None
    assert counts("first_response", negative, [opened(NOON), reply(NOON)]) == {"answered": 1, "negative": 1}
    assert counts("first_response_within", negative) is None


def test_stands_at_the_reply() -> None:
    """24h at noon: the reply of 12:59 the day before is out, of 13:00 is in."""
    #   hour panes:  12 [13 14 ... 11 12]
    tickets = [[opened(NOON - 90 * HOUR), reply(NOON - 23 * HOUR + edge)] for edge in (-1, 0)]
    assert counts("first_response", *tickets, window="24h", as_of=NOON) == {"answered": 1, "sum_ms": 67 * HOUR}


def test_hit_up_to_the_deadline() -> None:
    """Exactly at the deadline is a hit, a millisecond later a miss; the target is the channel's."""
    assert counts("first_response_within", [opened(NOON), reply(NOON + HOUR)]) == {"hit": 1}
    assert counts("first_response_within", [opened(NOON), reply(NOON + HOUR + 1)]) == {"miss": 1}
    assert counts("first_response_within", [opened(NOON, channel="phone"), reply(NOON + 3 * MINUTE + 1)]) == {"miss": 1}
    assert counts("first_response_within", [opened(NOON, channel="letter"), reply(NOON + HOUR)]) == {"hit": 1}


@pytest.mark.parametrize(("window", "pane"), [("1h", MINUTE), ("24h", HOUR)])
def test_miss_counts_from_the_first_pane_that_begins_at_or_after_the_deadline(window: str, pane: int) -> None:
    """Never before the deadline has passed: at the pane's begin if that is the deadline, else in the next pane."""
    exactly, after = [opened(NOON - HOUR)], [opened(NOON - HOUR + 1)]
    assert counts("first_response_within", exactly, window=window, as_of=NOON - 1) is None
    assert counts("first_response_within", exactly, window=window, as_of=NOON) == {"miss": 1}
    assert counts("first_response_within", after, window=window, as_of=NOON + pane - 1) is None
    assert counts("first_response_within", after, window=window, as_of=NOON + pane) == {"miss": 1}


def test_miss_leaves_the_window_with_its_pane() -> None:
    """A deadline in mid-minute 12:00 counts as 12:01 and leaves the 1h window at 13:01."""
    events = [opened(NOON - HOUR + 1)]
    assert counts("first_response_within", events, window="1h", as_of=NOON + 61 * MINUTE - 1) == {"miss": 1}
    assert counts("first_response_within", events, window="1h", as_of=NOON + 61 * MINUTE) is None


def test_no_outcome_when_closed_unanswered_before_the_deadline() -> None:
    """The last close decides; answered later or reopened it is a miss."""
    base = [opened(NOON), closed(NOON + HOUR)]
    assert counts("first_response_within", base) is None
    assert counts("first_response_within", [opened(NOON), closed(NOON + HOUR + 1)]) == {"miss": 1}
    assert counts("first_response_within", [*base, reopened(NOON + HOUR + 2)]) == {"miss": 1}
    assert counts("first_response_within", [*base, reopened(NOON + HOUR + 2), closed(NOON + HOUR + 3)]) == {"miss": 1}
    assert counts("first_response_within", [*base, reply(NOON + HOUR + 1)]) == {"miss": 1}


def test_share_within() -> None:
    """3 hits, 1 miss: 75 % of 4, in no agent segment."""
    tickets = [[opened(NOON), reply(NOON + minutes * MINUTE)] for minutes in (1, 2, 3, 61)]
    found = ask("first_response_within", *tickets)
    assert found is not None
    assert seen(found.value, found.n, found.counts) == (75, 4, {"hit": 3, "miss": 1})
    level = auditor(*tickets, segments=[["agent"]], agents="on", min_group=2)
    assert {metric for metric, _, _ in level.keys(NOON + 90 * HOUR)} == {"first_response"}
