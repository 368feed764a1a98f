"""First-response time: who answers whom, what a negative interval is, the mean, its quantiles and intervals."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest

from stream.durations import DAY, HOUR, MINUTE, SECOND
from tests.helpdesk import NOON, Event, merged, of_ticket, opened, replied
from tests.pipeline import counts, figure, segments_of


def answered(*seconds: int) -> list[Event]:
    """Tickets answered after so many seconds."""
    return list(chain.from_iterable(of_ticket(f"T-{number}", opened(), replied(NOON + wait * SECOND)) for number, wait in enumerate(seconds)))


def test_value_is_the_mean_in_seconds() -> None:
    """From the opening to the first public human reply; n is the number of the answered."""
    found = figure("first_response", *answered(60, 120))
    assert found is not None
    assert (found.value, found.unit, found.n) == (90, "seconds", 2)
    assert found.counts == {"answered": 2, "sum_ms": 180_000, "negative": 0}


def test_it_stands_at_the_time_of_the_reply() -> None:
    """The opening may be long before the window."""
    events = opened(NOON), replied(NOON + DAY)
    assert figure("first_response", *events, now=NOON + DAY, window="15m") is not None
    assert figure("first_response", *events, now=NOON + HOUR, window="24h") is None


def test_earliest_reply_wins_whatever_arrives_first() -> None:
    """A late-arriving earlier reply takes the later one back."""
    assert counts("first_response", replied(NOON + HOUR), opened(), replied(NOON + MINUTE)) == {"answered": 1, "sum_ms": MINUTE}


@pytest.mark.parametrize("no_answer", [{"author": "bot"}, {"author": "auto"}, {"author": "customer"}, {"public": False}])
def test_only_public_human_replies_answer(no_answer: dict[str, Any]) -> None:
    """Bots, automatic replies, customers and internal notes don't."""
    assert figure("first_response", opened(), replied(NOON + MINUTE, **no_answer)) is None


@pytest.mark.parametrize("begun", [{"initiated_by": "agent"}, {"bot": True}])
def test_only_customers_tickets_are_answered(begun: dict[str, object]) -> None:
    """Agent-initiated tickets and those that a bot opened are out."""
    assert figure("first_response", opened(NOON, **begun), replied(NOON + MINUTE)) is None


def test_reply_at_the_opening_is_no_time() -> None:
    """0 ms is a value."""
    found = figure("first_response", opened(), replied(NOON))
    assert found is not None
    assert (found.value, found.stats["p50"]) == (0, 0)


def test_reply_before_the_opening_is_negative() -> None:
    """It is counted at its own time, has no value, and a later reply does not answer."""
    negative = of_ticket("T-x", opened(NOON + 1), replied(NOON), replied(NOON + HOUR))
    assert figure("first_response", *negative) is None
    assert counts("first_response", *answered(60), *negative) == {"answered": 1, "sum_ms": MINUTE, "negative": 1}


def test_unanswered_is_absent() -> None:
    """No reply is no value, not a long one; nor is a reply without its opening."""
    assert figure("first_response", opened()) is None
    assert figure("first_response", replied(NOON)) is None


def test_void_is_out() -> None:
    """A merged ticket takes its value back."""
    assert figure("first_response", *answered(60), *of_ticket("T-0", merged(NOON + DAY))) is None


def test_agent_is_the_replier() -> None:
    """The figure belongs to whoever gave the first reply, `(none)` where it names nobody."""
    two = [*of_ticket("T-1", opened(), replied(NOON + 1, "ann"), replied(NOON + 2, "bob")), *of_ticket("T-2", opened(), replied(NOON + 1, "ann"))]
    assert segments_of("first_response", "agent", *two) == {"ann": 2}
    nobody = [*of_ticket("T-1", opened(), replied(NOON + 1, None)), *of_ticket("T-2", opened(), replied(NOON + 1, None))]
    assert segments_of("first_response", "agent", *nobody) == {"(none)": 2}


def test_team_is_the_tickets() -> None:
    """Ticket figures have the dimensions of the opening, not of who replied."""
    assert segments_of("first_response", "team", opened(NOON, team="red"), replied(NOON + 1, team="blue")) == {"red": 1}


def test_quantiles_are_nearest_ranks_within_one_percent() -> None:
    """Of 100 values 1..100 s the p50 is the 50th, the p99 the 99th."""
    found = figure("first_response", *answered(*range(1, 101)))
    assert found is not None
    shown = {name: found.stats[name] for name in ("p50", "p90", "p95", "p99")}
    assert shown == {
        "p50": pytest.approx(50, rel=0.01),
        "p90": pytest.approx(90, rel=0.01),
        "p95": pytest.approx(95, rel=0.01),
        "p99": pytest.approx(99, rel=0.01),
    }


@pytest.mark.parametrize(("name", "enough"), [("p50", 6), ("p90", 36), ("p95", 72)])
def test_quantile_intervals_need_enough_cases(name: str, enough: int) -> None:
    """Null below 6 (p50), 36 (p90), 72 (p95); and where a rank lies outside 1..n."""
    few, many = figure("first_response", *answered(*range(1, enough))), figure("first_response", *answered(*range(1, 3 * enough)))
    assert few is not None
    assert many is not None
    assert (few.stats[f"{name}_low"], few.stats[f"{name}_high"]) == (None, None)
    low, middle, high = many.stats[f"{name}_low"], many.stats[name], many.stats[f"{name}_high"]
    assert low is not None
    assert middle is not None
    assert high is not None
    assert low < middle < high


def test_interval_of_the_mean() -> None:
    """1.96 standard errors either way, from the sketch; 100 and 200 s: 150 -+ 98, and null for one case."""
    found, alone = figure("first_response", *answered(100, 200)), figure("first_response", *answered(100))
    assert found is not None
    assert [found.low, found.high] == pytest.approx([52, 248], abs=3)
    assert alone is not None
    assert (alone.low, alone.high) == (None, None)


def test_interval_of_the_mean_is_not_below_0() -> None:
    """1 s and 1000 s: the lower end would be negative."""
    found = figure("first_response", *answered(1, 1000))
    assert found is not None
    assert found.low == 0


def test_too_few_cases_are_said_so() -> None:
    """Below `min_n` (10) the state is insufficient_data."""
    few, enough = figure("first_response", *answered(*range(9))), figure("first_response", *answered(*range(10)))
    assert few is not None
    assert enough is not None
    assert (few.state, enough.state) == ("insufficient_data", "ok")
