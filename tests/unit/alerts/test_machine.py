"""The state machine: domain.md's sentences, one test each."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from stream.alerts.machine import Event, due, notified, step, thaw, unit_of
from stream.alerts.memory import Memory, State, decode, encode, idempotency_key
from stream.alerts.rules import Bound, Burn, Custom, Oldest, OneWindow, Point, Rule, SignalLost, TwoWindows
from stream.alerts.verdict import Key, Verdict
from stream.durations import DAY, HOUR, MINUTE, SECOND

NAN = float("nan")
START = 1_750_000_020_000  # a whole minute
DIP = TwoWindows(
    kind="two_windows", severity="page", source="test", metric="csat", long=Bound(window="4h", z=2.88, min_n=20), short=Point(window="1h")
)
AT_ONCE = DIP.model_copy(update={"wait": 0, "clear_for": 0})
OLDEST = Oldest(kind="oldest", severity="page", source="test", factor=2)
MISSED = OneWindow(
    kind="one_window", severity="ticket", source="test", metric="csat", window=Bound(window="30d", z=2.33, min_n=30), lowers_page_target_by=5
)


def hot(value: float = 60, target: float = 80) -> Verdict:
    """The condition holds."""
    return Verdict(hot=True, clear=False, data=True, value=value, n=40, bound=value + 5, target=target)


CLEAR = Verdict(hot=False, clear=True, data=True, value=90, n=40, bound=95, target=80)
BETWEEN = Verdict(hot=False, clear=False, data=True, value=80.5, n=40, bound=85, target=80)
SILENT = Verdict(hot=False, clear=False, data=False, value=NAN, n=0, bound=NAN, target=80)


def walk(rule: Rule, memory: Memory, steps: Iterable[tuple[int, Verdict]]) -> tuple[Memory, list[tuple[int, Event]]]:
    """Take a memory through (minutes after the start, verdict): the memory after, and (minutes, event) of all that happened."""
    events: list[tuple[int, Event]] = []
    for minutes, verdict in steps:
        memory, event = step(rule, memory, START + minutes * MINUTE, verdict)
        if event:
            events.append((minutes, event))
    return memory, events


def fired(rule: Rule = AT_ONCE, value: float = 60, target: float = 80) -> Memory:
    """An alert that fires since the start, of which somebody was notified."""
    memory, event = step(rule.model_copy(update={"wait": 0}), Memory(), START, hot(value, target))
    assert event == "fired"
    return notified(rule, memory, START, hot(value, target))


def test_hot_is_pending_first_and_fires_after_five_minutes() -> None:
    """Ok -> pending (`for` 5m) -> firing; the episode begins when it became pending."""
    memory, events = walk(DIP, Memory(), [(minute, hot()) for minute in range(8)])
    assert events == [(0, "pending"), (5, "fired")]
    assert (memory.state, memory.since, memory.fired_at) == (State.FIRING, START, START + 5 * MINUTE)


def test_without_a_wait_it_fires_at_once() -> None:
    """`for` 0: no pending."""
    assert walk(AT_ONCE, Memory(), [(0, hot())])[1] == [(0, "fired")]


def test_a_break_while_pending_begins_again() -> None:
    """Hot without a break: one tick that is not hot returns to ok."""
    memory, events = walk(DIP, Memory(), [(0, hot()), (4, BETWEEN), (5, hot()), (9, hot()), (10, hot())])
    assert events == [(0, "pending"), (4, "cancelled"), (5, "pending"), (10, "fired")]
    assert memory.since == START + 5 * MINUTE


def test_what_was_cancelled_leaves_nothing() -> None:
    """Ok again is as if nothing had been."""
    assert walk(DIP, Memory(), [(0, hot()), (1, CLEAR)])[0] == Memory()


def test_pending_without_data_is_ok_again() -> None:
    """Nothing to judge by ends the pending time."""
    assert walk(DIP, Memory(), [(0, hot()), (1, SILENT)])[1] == [(0, "pending"), (1, "cancelled")]


def test_time_leaps_while_pending() -> None:
    """Durations are event time, however few looks there are."""
    assert walk(DIP, Memory(), [(0, hot()), (600, hot())])[1] == [(0, "pending"), (600, "fired")]


def test_all_times_are_whole_minutes() -> None:
    """Seconds within a minute make no difference, so neither does a crash."""
    memory, _ = step(DIP, Memory(), START + 59_999, hot())
    early, event = step(DIP, memory, START + 5 * MINUTE - 1, hot())
    assert (memory.since, event) == (START, "")
    late, event = step(DIP, early, START + 5 * MINUTE + 59_999, hot())
    assert (late.fired_at, event) == (START + 5 * MINUTE, "fired")


def test_resolved_after_60_clear_minutes() -> None:
    """Past target by the hysteresis for 60 min: the 60th clear minute ends it."""
    memory, events = walk(DIP, fired(DIP), [(minute, CLEAR) for minute in range(1, 70)])
    assert events == [(60, "resolved")]
    assert (memory.state, memory.since, memory.ended_at, memory.reason) == (State.RESOLVED, START, START + 60 * MINUTE, "cleared")


def test_many_looks_in_a_minute_count_once() -> None:
    """Distinct minutes are counted, not ticks."""
    memory = fired(DIP)
    for second in range(60, 360):
        memory, _ = step(DIP, memory, START + second * SECOND, CLEAR)
    assert memory.clear_minutes == 5


def test_a_leap_counts_as_one_clear_minute() -> None:
    """Nobody has seen it clear in between."""
    assert walk(DIP, fired(DIP), [(1, CLEAR), (500, CLEAR)])[0].clear_minutes == 2


@pytest.mark.parametrize("verdict", [BETWEEN, hot()])
def test_not_clear_begins_the_clear_time_again(verdict: Verdict) -> None:
    """Between target and hysteresis is not clear."""
    memory, events = walk(DIP, fired(DIP), [*((minute, CLEAR) for minute in range(1, 60)), (60, verdict)])
    assert (memory.clear_minutes, events) == (0, [])
    assert walk(DIP, memory, [(minute, CLEAR) for minute in range(61, 121)])[1] == [(120, "resolved")]


def test_only_minutes_with_data_count_as_clear() -> None:
    """59 clear minutes, an hour without data, and one more clear minute."""
    before = [(minute, CLEAR) for minute in range(1, 60)]
    without = [(minute, SILENT) for minute in range(60, 120)]
    assert walk(DIP, fired(DIP), [*before, *without, (120, CLEAR)])[1] == [(60, "stale"), (120, "resolved")]


def test_no_clear_time_is_resolved_at_once() -> None:
    """`clear_for` 0."""
    assert walk(AT_ONCE, fired(), [(1, CLEAR)])[1] == [(1, "resolved")]


def test_hot_and_clear_is_not_clear() -> None:
    """The condition has the last word."""
    assert walk(AT_ONCE, fired(), [(1, hot()._replace(clear=True))])[1] == []


def test_without_data_it_is_stale_and_with_data_it_is_back() -> None:
    """Stale says so; data make it firing again, in the same episode."""
    memory, events = walk(DIP, fired(DIP), [(3, SILENT), (4, SILENT), (90, hot())])
    assert events == [(3, "stale"), (90, "back")]
    assert (memory.state, memory.since, memory.stale_since) == (State.FIRING, START, 0)


def test_stale_for_24_hours_ends_as_no_data() -> None:
    """Resolved, with its reason."""
    day = DAY // MINUTE
    memory, events = walk(DIP, fired(DIP), [(3, SILENT), (3 + day - 1, SILENT), (3 + day, SILENT)])
    assert events == [(3, "stale"), (3 + day, "resolved")]
    assert (memory.state, memory.reason) == (State.RESOLVED, "no_data")


def test_resolved_rests_until_hot_again() -> None:
    """A new episode, with a start of its own."""
    memory, events = walk(AT_ONCE, fired(), [(1, CLEAR), (2, CLEAR), (3, SILENT), (9, hot())])
    assert events == [(1, "resolved"), (9, "fired")]
    assert (memory.since, memory.ended_at, memory.clear_minutes) == (START + 9 * MINUTE, 0, 0)


def test_no_episode_begins_in_the_minute_the_last_one_ended() -> None:
    """An episode is named by its first minute."""
    memory, _ = walk(AT_ONCE, fired(), [(0, CLEAR)])
    assert step(AT_ONCE, memory, START + 59_999, hot()) == (memory, "")
    assert step(AT_ONCE, memory, START + MINUTE, hot())[1] == "fired"


def test_standing_still_does_not_count_as_waiting() -> None:
    """Two minutes hot, an hour frozen, three minutes hot."""
    memory, _ = walk(DIP, Memory(), [(0, hot()), (2, hot())])
    memory = thaw(memory, START + 62 * MINUTE)
    assert walk(DIP, memory, [(62, hot()), (64, hot()), (65, hot())])[1] == [(65, "fired")]


def test_a_condition_that_holds_at_the_end_of_the_cooldown_is_said_again() -> None:
    """Cooldown 6 h: nothing inside it, `still` at its end."""
    memory, rest = fired(), 6 * HOUR
    assert due(DIP, memory, START + rest - 1, hot()) == ""
    assert due(DIP, memory, START + rest, hot()) == "still"


@pytest.mark.parametrize("verdict", [BETWEEN, CLEAR, SILENT])
def test_nothing_is_said_of_what_is_not_hot(verdict: Verdict) -> None:
    """It only waits to be clear."""
    assert due(DIP, fired(), START + DAY, verdict) == ""


def test_ten_points_worse_is_said_within_the_cooldown() -> None:
    """Against the value last said, not the first one."""
    memory = fired(value=60)
    assert due(DIP, memory, START + MINUTE, hot(50.01)) == ""
    assert due(DIP, memory, START + MINUTE, hot(50)) == "worse"
    again = notified(DIP, memory, START + MINUTE, hot(50))
    assert due(DIP, again, START + 2 * MINUTE, hot(40.01)) == ""
    assert due(DIP, again, START + 2 * MINUTE, hot(40)) == "worse"


def test_better_by_ten_points_is_not_worse() -> None:
    """Past the target on the side on which it went hot."""
    assert due(DIP, fired(value=60), START + MINUTE, hot(70)) == ""


def test_above_the_target_more_is_worse() -> None:
    """A rule that went hot above its target."""
    rule = Custom(kind="custom", severity="page", source="test", metric="csat", window="1h", above=30, wait=0)
    memory = fired(rule, 90)
    assert due(rule, memory, START + MINUTE, hot(100)) == "worse"
    assert due(rule, memory, START + MINUTE, hot(80)) == ""


def test_times_are_worse_by_percent_of_the_target() -> None:
    """Target 7,200 s, 10 %: 720 s more."""
    rule = Custom(kind="custom", severity="page", source="test", metric="first_response", window="1h", above=7200, wait=0)
    memory = fired(rule, 7300, 7200)
    assert due(rule, memory, START + MINUTE, hot(8019, 7200)) == ""
    assert due(rule, memory, START + MINUTE, hot(8020, 7200)) == "worse"


def test_a_waiting_ticket_is_worse_by_percent_of_its_age_when_it_was_said() -> None:
    """It gets older by itself: at 100 % it is said again when it has waited twice as long."""
    rule = OLDEST.model_copy(update={"wait": 0, "worse_by": 100.0})
    memory = fired(rule, 7300, 180)
    assert due(rule, memory, START + MINUTE, hot(14_599, 180)) == ""
    assert due(rule, memory, START + MINUTE, hot(14_600, 180)) == "worse"


def test_an_unknown_value_is_never_worse() -> None:
    """Neither one that was said, nor one that is."""
    assert due(DIP, fired(value=NAN), START + MINUTE, hot(1)) == ""
    assert due(DIP, fired(), START + MINUTE, hot(NAN)) == ""


def test_the_cooldown_outlives_an_episode() -> None:
    """A flap keeps what was said, until the cooldown is over."""
    memory, _ = walk(AT_ONCE, fired(), [(1, CLEAR), (2, hot(55))])
    assert (memory.said, memory.notified_value) == (False, 60)
    assert due(AT_ONCE, memory, START + 2 * MINUTE, hot(55)) == ""
    assert due(AT_ONCE, memory, START + 2 * MINUTE, hot(50)) == "worse"
    assert due(AT_ONCE, memory, START + 6 * HOUR, hot(55)) == "still"
    assert walk(AT_ONCE, fired(), [(1, CLEAR), (6 * 60, hot())])[0].notified_value is None


def test_a_lowered_page_target_is_one_ticket() -> None:
    """Said once in an episode; only worse is said again."""
    memory = fired(MISSED, 78)
    assert due(MISSED, memory, START + DAY, hot(78)) == ""
    assert due(MISSED, memory, START + DAY, hot(68)) == "worse"


def test_the_page_target_is_frozen_when_it_fires() -> None:
    """At its score less 5 points; it outlives the episode, and another configured target ends it."""
    memory, _ = walk(MISSED, Memory(), [(0, hot(78)), (5, hot(77))])
    assert memory.page_target == 72
    memory, _ = walk(MISSED.model_copy(update={"clear_for": 0}), memory, [(9, hot(70)), (10, CLEAR), (11, SILENT._replace(target=NAN))])
    assert (memory.state, memory.page_target) == (State.RESOLVED, 72)
    assert walk(MISSED, memory, [(12, CLEAR._replace(target=75))])[0].page_target is None


def test_units_of_values() -> None:
    """Percent where it is a share; a metric's own unit where a rule takes any; cases of signals."""
    signal = SignalLost(kind="signal_lost", severity="ticket", source="test", metric="csat", windows=("1h",), expected=15)
    time = Custom(kind="custom", severity="page", source="test", metric="first_response", window="1h", above=30)
    unknown = OneWindow(kind="one_window", severity="ticket", source="test", metric="nothing", window=Bound(window="7d", z=2.33, min_n=30))
    burn = Burn(kind="burn", severity="ticket", source="test", metric="csat", burn=2, long=Point(window="24h"), short=Point(window="4h"))
    assert [unit_of(rule) for rule in (DIP, burn, MISSED, OLDEST, signal, time, unknown)] == [
        "percent",
        "percent",
        "percent",
        "seconds",
        "cases",
        "seconds",
        None,
    ]


def test_memories_survive_as_bytes() -> None:
    """All fields, and equal bytes for equal memories in any order."""
    one, other = Key("csat_dip", "{}"), Key("csat_low", '{"team":"ü"}')
    full = replace(fired(MISSED, 78.5), inhibited_by="{}", all_clear_due=True, held=3, reason="no_data")
    data = encode(START, {one: full, other: Memory()})
    assert decode(data) == (START, {one: full, other: Memory()})
    assert encode(START, {other: Memory(), one: full}) == data


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x93\x02\x00\x90", b"\x93\x01\x00\x01", b"\x80", b"\x93\x01\x00"])
def test_other_bytes_are_refused(data: bytes) -> None:
    """A wrong format, and what is no memory at all."""
    with pytest.raises(ValueError, match="memory of alerts"):
        decode(data)


def test_idempotency_keys() -> None:
    """SHA-256 of the four as compact JSON; each of them counts."""
    key = idempotency_key("csat_dip", "{}", START, "firing")
    assert key == "083696ae0a60a7203d3b7fa4d88f576947395d4c9972ce3ecb0d77a9737aacbd"  # printf '["csat_dip","{}",1750000020000,"firing"]' | sha256sum
    others = {
        idempotency_key("csat_low", "{}", START, "firing"),
        idempotency_key("csat_dip", '{"team":"a"}', START, "firing"),
        idempotency_key("csat_dip", "{}", START + MINUTE, "firing"),
        idempotency_key("csat_dip", "{}", START, "resolved"),
        key,
    }
    assert len(others) == 5
