"""Time to resolution: to the first close, and to the last close of a ticket that stands closed."""

from __future__ import annotations

import pytest

from stream.durations import DAY, HOUR
from tests.helpdesk import NOON, Event, closed, merged, of_ticket, opened, reopened, replied
from tests.pipeline import counts, figure, segments_of


def twice(*events: Event) -> list[Event]:
    """The same events of two tickets: agents with a single case are withheld."""
    return [*of_ticket("T-1", *events), *of_ticket("T-2", *events)]


BOTH = pytest.mark.parametrize("metric", ["resolution_first", "resolution_last"])


@BOTH
def test_value_is_the_mean_in_seconds(metric: str) -> None:
    """From the opening to the close, whoever opened it and whoever closed it."""
    events = [
        *of_ticket("T-1", opened(), closed(NOON + HOUR)),
        *of_ticket("T-2", opened(NOON, initiated_by="agent"), closed(NOON + 3 * HOUR, closed_by="bot")),
    ]
    found = figure(metric, *events)
    assert found is not None
    assert (found.value, found.n, found.unit) == (7200, 2, "seconds")
    assert found.counts == {"resolved": 2, "sum_ms": 4 * HOUR, "negative": 0}


def test_first_and_last_close() -> None:
    """After a reopening the first close stays, the last is another."""
    events = opened(), closed(NOON + 1), reopened(NOON + 2), closed(NOON + 3)
    assert counts("resolution_first", *events) == {"resolved": 1, "sum_ms": 1}
    assert counts("resolution_last", *events) == {"resolved": 1, "sum_ms": 3}


def test_a_second_close_without_reopening_is_the_last() -> None:
    """The last `closed` event counts, reopened or not."""
    assert counts("resolution_last", opened(), closed(NOON + 1), closed(NOON + 3)) == {"resolved": 1, "sum_ms": 3}


def test_last_close_only_while_it_stands_closed() -> None:
    """A reopened ticket takes its last resolution back, not its first."""
    events = opened(), closed(NOON + 1), reopened(NOON + 2)
    assert counts("resolution_first", *events) == {"resolved": 1, "sum_ms": 1}
    assert counts("resolution_last", *events) is None


@BOTH
def test_it_stands_at_the_close(metric: str) -> None:
    """Not at the opening."""
    events = opened(), closed(NOON + DAY)
    assert figure(metric, *events, now=NOON + DAY, window="1h") is not None
    assert figure(metric, *events, now=NOON, window="1h") is None


@BOTH
def test_close_before_the_opening_is_negative(metric: str) -> None:
    """It has no value; a close at the opening is 0."""
    negative = of_ticket("T-1", closed(NOON - 1), opened())
    assert figure(metric, *negative) is None
    assert counts(metric, *negative, *of_ticket("T-2", opened(), closed(NOON))) == {"resolved": 1, "negative": 1}


@BOTH
def test_close_without_an_opening_is_nothing(metric: str) -> None:
    """Until the opening arrives, however late."""
    assert figure(metric, closed(NOON + 1)) is None
    assert counts(metric, closed(NOON + 1), opened()) == {"resolved": 1, "sum_ms": 1}


@BOTH
def test_void_is_out(metric: str) -> None:
    """Merged tickets and spam are resolved by nobody."""
    assert figure(metric, opened(), closed(NOON + 1), merged(NOON + 2)) is None
    assert figure(metric, opened(), closed(NOON + 1, spam=True)) is None


def test_agent_is_the_last_human_replier_up_to_the_close() -> None:
    """A reply at the very time of the close is up to it; one after it is not."""
    events = opened(), replied(NOON + 1, "ann"), replied(NOON + 2, "bob"), closed(NOON + 2), replied(NOON + 3, "cem")
    assert segments_of("resolution_first", "agent", *twice(*events)) == {"bob": 2}


def test_agent_of_each_close_is_its_own() -> None:
    """The first close may be another's than the last."""
    begun = opened(), replied(NOON + 1, "ann"), closed(NOON + 2)
    again = reopened(NOON + 3), replied(NOON + 4, "bob"), closed(NOON + 5)
    assert segments_of("resolution_first", "agent", *twice(*begun, *again)) == {"ann": 2}
    assert segments_of("resolution_last", "agent", *twice(*begun, *again)) == {"bob": 2}


def test_agent_is_the_closes_own_where_nobody_replied() -> None:
    """And where the last replier has no name; `(none)` where the close has none either."""
    nameless = opened(), replied(NOON + 1, "ann"), replied(NOON + 2, None), closed(NOON + 3, "dan")
    assert segments_of("resolution_first", "agent", *twice(opened(), closed(NOON + 1, "dan"))) == {"dan": 2}
    assert segments_of("resolution_first", "agent", *twice(*nameless)) == {"dan": 2}
    assert segments_of("resolution_first", "agent", *twice(opened(), closed(NOON + 1))) == {"(none)": 2}
