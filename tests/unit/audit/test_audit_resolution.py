"""Time to resolution: first and last close, negatives, agents."""

from __future__ import annotations

from audit_cases import HOUR, LATER, NOON, ask, auditor, closed, counts, opened, reopened, reply, seen


def test_first_and_last_close() -> None:
    """Closed after 1 h, reopened, closed after 3 h: 3,600 s and 10,800 s."""
    events = [opened(NOON), closed(NOON + HOUR), reopened(NOON + 2 * HOUR), closed(NOON + 3 * HOUR)]
    first, last = ask("resolution_first", events), ask("resolution_last", events)
    assert first is not None
    assert last is not None
    assert seen(first.value, last.value, first.unit) == (3600, 10_800, "seconds")
    assert first.counts == {"resolved": 1, "sum_ms": HOUR, "negative": 0}


def test_last_only_while_closed() -> None:
    """An open life has a first resolution and no last one."""
    events = [opened(NOON), closed(NOON + HOUR), reopened(NOON + 2 * HOUR)]
    assert counts("resolution_first", events) == {"resolved": 1, "sum_ms": HOUR}
    assert counts("resolution_last", events) is None


def test_two_closes_without_a_reopening() -> None:
    """The last `closed` event counts, reopened or not."""
    assert counts("resolution_last", [opened(NOON), closed(NOON + 1), closed(NOON + 7)]) == {"resolved": 1, "sum_ms": 7}


def test_each_stands_at_its_close() -> None:
    """The 1h window after the last close does not see the first."""
    events = [opened(NOON), closed(NOON + HOUR), reopened(NOON + 2 * HOUR), closed(NOON + 3 * HOUR)]
    assert counts("resolution_first", events, window="1h", as_of=NOON + 3 * HOUR) is None
    assert counts("resolution_last", events, window="1h", as_of=NOON + 3 * HOUR) == {"resolved": 1, "sum_ms": 3 * HOUR}


def test_close_before_opening_is_negative() -> None:
    """Only the close it is about: the first is negative, the last has a value."""
    events = [opened(NOON), closed(NOON - 5), closed(NOON + 5)]
    assert counts("resolution_first", events) is None
    assert counts("resolution_first", events, [opened(NOON), closed(NOON)]) == {"resolved": 1, "negative": 1}
    assert counts("resolution_last", events) == {"resolved": 1, "sum_ms": 5}


def test_agent_is_the_last_human_replier_up_to_the_close() -> None:
    """At the same time too; else the agent of the close, else (none)."""
    tickets = [
        [opened(NOON), reply(NOON + 1, "bob"), reply(NOON + 3, "cid"), closed(NOON + 2, agent="dan")],
        [opened(NOON), reply(NOON + 2, "eve"), closed(NOON + 2, agent="dan")],
        [opened(NOON), closed(NOON + 2, agent="dan"), reply(NOON + 3, "fay")],
        [opened(NOON), closed(NOON + 2)],
    ]
    found = auditor(*(ticket for ticket in tickets for _ in range(2)), segments=[["agent"]], agents="on", min_group=2)
    names = {segment["agent"] for metric, segment, window in found.keys(LATER) if (metric, window) == ("resolution_first", "all")}
    assert names == {"bob", "eve", "dan", "(none)"}
