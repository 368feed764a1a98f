"""The outbox: order, bounds, waits, and that a restart loses nothing."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.alerts.rules import Severity
from stream.durations import DAY, HOUR, MINUTE, SECOND
from stream.outlets.notification import Notification, Record, from_value, to_record
from stream.outlets.outbox import LONGEST_WAIT, Outbox

NOW = 1_784_000_000_000


def outbox(*receivers: str, capacity: int = 1_000, seed: int = 7) -> Outbox:
    """An empty one, by default of the receiver `desk`."""
    return Outbox(receivers or ("desk",), random.Random(seed), capacity)


def one(key: str, severity: Severity = "page", about: str = "", receiver: str = "desk") -> Notification:
    """A notification about something of its own."""
    return Notification(receiver, key, about or key, severity, NOW, "title", "body")


def topic(log: list[Record]) -> list[Record]:
    """What compaction may leave of a log at worst: the last record of each key, in order."""
    last = {key: place for place, (key, _) in enumerate(log)}
    return [log[place] for place in sorted(last.values())]


def sent(box: Outbox, receiver: str = "desk", now: int = NOW) -> list[str]:
    """Keys in the order in which they are sent where all goes well."""
    keys = []
    while (notification := box.next(receiver, now)) is not None:
        keys.append(notification.key)
        box.done(receiver, notification.key)
    return keys


def test_the_same_key_twice_is_one_notification() -> None:
    """Nothing is written for the second; the first stays."""
    box = outbox()
    assert box.put(one("a")).records == [to_record(one("a"))]
    assert box.put(one("a", "info")) == ([], ())
    assert (len(box), sent(box)) == (1, ["a"])


def test_the_same_key_for_two_receivers_is_two() -> None:
    """Each has its own queue and its own record."""
    box = outbox("desk", "boss")
    records = [record for name in ("desk", "boss") for record in box.put(one("a", receiver=name)).records]
    assert [key for key, _ in records] == [b"desk/a", b"boss/a"]
    assert box.done("desk", "a") == [(b"desk/a", None)]
    assert sent(box, "boss") == ["a"]


def test_the_worst_goes_first_then_the_oldest() -> None:
    """Pages, tickets, info."""
    box = outbox()
    for key, severity in (("i", "info"), ("t1", "ticket"), ("p1", "page"), ("t2", "ticket"), ("p2", "page")):
        box.put(one(key, severity))  # type: ignore[arg-type]
    assert sent(box) == ["p1", "p2", "t1", "t2", "i"]


def test_nothing_overtakes_what_is_about_the_same() -> None:
    """While the alert waits for its next attempt the all-clear waits too; others do not."""
    box = outbox()
    for notification in (one("fired", about="x"), one("resolved", about="x"), one("other", "info")):
        box.put(notification)
    assert (first := box.next("desk", NOW)) is not None
    assert first.key == "fired"
    at = box.failed("desk", "fired", NOW, LONGEST_WAIT)
    box.put(one("later"))
    box.done("desk", "later")  # the receiver answers again, only `fired` waits
    assert sent(box, now=NOW + 1) == ["other"]
    assert sent(box, now=at) == ["fired", "resolved"]


def test_a_receiver_that_fails_rests_as_a_whole() -> None:
    """Otherwise a thousand notifications would be a thousand attempts at a time."""
    box = outbox()
    box.put(one("a"))
    box.put(one("b"))
    box.next("desk", NOW)
    at = box.failed("desk", "a", NOW)
    assert box.next("desk", at - 1) is None
    assert box.due("desk", NOW) == at
    assert box.next("desk", at) is not None


@given(st.integers(0, 10_000), st.integers(1, 40))
def test_waits_grow_to_their_limits(seed: int, failures: int) -> None:
    """Random between 1 s and a limit that doubles from 2 s to 5 min."""
    box = outbox(seed=seed)
    box.put(one("a"))
    now = NOW
    for failure in range(1, failures + 1):
        wait = box.failed("desk", "a", now) - now
        assert SECOND <= wait <= min(5 * MINUTE, SECOND * 2**failure)
        assert box.failures("desk") == failure
        now += wait
    box.done("desk", "a")
    assert box.failures("desk") == 0


def test_waits_are_spread_over_the_whole_range() -> None:
    """Full jitter: of many receivers that fail at once, no crowd comes back at once."""
    waits = []
    for seed in range(200):
        box = outbox(seed=seed)
        box.put(one("a"))
        box.next("desk", NOW)
        waits.append([box.failed("desk", "a", NOW) - NOW for _ in range(9)][-1])
    assert min(waits) < 30 * SECOND < 270 * SECOND < max(waits) <= 5 * MINUTE
    assert len(set(waits)) > 190


@pytest.mark.parametrize(("asked", "least"), [(90 * SECOND, 90 * SECOND), (DAY, LONGEST_WAIT), (None, SECOND)])
def test_a_receiver_may_ask_for_a_wait(asked: int | None, least: int) -> None:
    """It is kept, up to five minutes."""
    box = outbox()
    box.put(one("a"))
    box.next("desk", NOW)
    wait = box.failed("desk", "a", NOW, asked) - NOW
    assert least <= wait <= max(least, 2 * SECOND)
    assert box.next("desk", NOW + wait - 1) is None


def test_a_clock_that_is_set_back_holds_nothing_up() -> None:
    """A wait longer than any that is given is over."""
    box = outbox()
    box.put(one("a"))
    box.failed("desk", "a", NOW)
    assert box.next("desk", NOW - HOUR) is not None


def test_given_up_after_a_day() -> None:
    """Never tried or often: what is a day old leaves with a tombstone."""
    box = outbox()
    box.put(one("a"))
    box.put(one("b"))
    box.failed("desk", "a", NOW)
    assert box.expired("desk", NOW + DAY - 1) == []
    assert box.expired("desk", NOW + DAY) == [(b"desk/a", None), (b"desk/b", None)]
    assert (len(box), box.due("desk", NOW)) == (0, None)


def test_overflow_drops_the_oldest_of_the_lowest_severity() -> None:
    """A page pushes out info, then tickets, then the oldest page."""
    box = outbox(capacity=3)
    for key, severity in (("t", "ticket"), ("i1", "info"), ("i2", "info")):
        box.put(one(key, severity))  # type: ignore[arg-type]
    assert box.put(one("p1")) == ([to_record(one("p1")), (b"desk/i1", None)], ("desk",))
    assert box.put(one("p2")).records[1:] == [(b"desk/i2", None)]
    assert box.put(one("p3")).records[1:] == [(b"desk/t", None)]
    assert box.put(one("p4")).records[1:] == [(b"desk/p1", None)]
    assert sent(box) == ["p2", "p3", "p4"]


def test_a_full_queue_does_not_take_what_is_less_than_all_in_it() -> None:
    """It is dropped and counted; nothing is written of it."""
    box = outbox(capacity=2)
    box.put(one("p1"))
    box.put(one("p2"))
    assert box.put(one("i", "info")) == ([], ("desk",))
    assert sent(box) == ["p1", "p2"]


def test_what_is_being_sent_is_not_dropped() -> None:
    """It may have arrived already."""
    box = outbox(capacity=1)
    box.put(one("a"))
    box.next("desk", NOW)
    assert box.put(one("b")) == ([], ("desk",))
    assert box.done("desk", "a") == [(b"desk/a", None)]


def test_a_digest_is_never_dropped_and_can_be_replaced() -> None:
    """It stands for many; it goes out at its time."""
    box = outbox(capacity=1)
    for count in (1, 2):
        box.replace(Notification("desk", "d", "d", "info", NOW, "", "", not_before=NOW + HOUR, count=count))
    box.put(one("a"))
    assert [held.count for held in [box.held("desk", "d")] if held] == [2]
    assert (box.due("desk", NOW), sent(box), sent(box, now=NOW + HOUR)) == (NOW + HOUR, [], ["d"])


def test_nothing_is_sent_of_a_receiver_that_is_gone() -> None:
    """Its records are tombstoned at the next start, and counted."""
    assert outbox("desk").load([to_record(one("a", receiver="left"))]) == ([(b"left/a", None)], ("left",))


def test_a_smaller_capacity_holds_from_the_next_start() -> None:
    """What no longer fits leaves by the usual rule."""
    loaded = outbox(capacity=2).load([to_record(one(key, severity)) for key, severity in (("i", "info"), ("t", "ticket"), ("p", "page"))])  # type: ignore[arg-type]
    assert loaded == ([(b"desk/i", None)], ("desk",))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (b"", "outbox record: not a notification"),
        (b"{}", "outbox record: not a notification"),
        (msgspec.msgpack.encode([1]), "outbox record: not a notification"),
        (msgspec.msgpack.encode([9, ["desk"]]), "outbox record: format 9 is not known, only 1"),
        (msgspec.msgpack.encode([1, ["desk", 5]]), "outbox record: not a notification of format 1"),
        (msgspec.msgpack.encode([1, ["desk", "k", "x", "loud", 0, "", ""]]), "outbox record: not a notification of format 1"),
    ],
)
def test_a_record_that_can_not_be_read_is_named(value: bytes, told: str) -> None:
    """Without a word of what it holds."""
    with pytest.raises(ValueError, match="outbox record") as caught:
        outbox().load([(b"desk/k", value)])
    assert str(caught.value) == told


@given(st.text(), st.text(), st.integers(0, 2**60), st.integers(0, 2**31))
def test_a_record_gives_its_notification_back(title: str, body: str, accepted: int, count: int) -> None:
    """All fields."""
    notification = Notification("desk", "k", "x", "ticket", accepted, title, body, accepted + 1, count)
    key, value = to_record(notification)
    assert value is not None
    assert (key, from_value(value)) == (b"desk/k", notification)


STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "send", "fail", "expire", "restart"]), st.integers(0, 12), st.sampled_from(["page", "ticket", "info"])),
    max_size=40,
)


@given(STEPS, st.integers(1, 6), st.randoms(use_true_random=False))
def test_a_restart_anywhere_loses_nothing(steps: list[tuple[str, int, Severity]], capacity: int, chooser: random.Random) -> None:
    """What is put is delivered, dropped with a count, given up, or still there; the records say the same as the queue at every moment."""
    box, log, now = Outbox(["desk"], chooser, capacity), list[Record](), NOW
    put, gone = set[str](), set[str]()
    for step, number, severity in steps:
        now += number * HOUR // 4
        if step == "put" and f"k{number}" not in put:
            put.add(f"k{number}")
            accepted = box.put(Notification("desk", f"k{number}", f"x{number % 3}", severity, now, "", ""))
            log += accepted.records
            gone |= {f"k{number}"} if not accepted.records else {key.decode()[5:] for key, value in accepted.records if value is None}
            assert len(accepted.dropped) == sum(value is None for _, value in accepted.records) + (not accepted.records)
        elif step in ("send", "fail") and (found := box.next("desk", now)):
            if step == "fail":
                box.failed("desk", found.key, now)
            else:
                log += box.done("desk", found.key)
                gone.add(found.key)
        elif step == "expire":
            records = box.expired("desk", now)
            gone |= {key.decode()[5:] for key, _ in records}
            log += records
        elif step == "restart":
            box = Outbox(["desk"], chooser, capacity)
            assert box.load(topic(log)) == ([], ())
        queued = {key for key in put if box.held("desk", key)}
        assert queued == put - gone == {key.decode()[5:] for key, value in topic(log) if value is not None}
        assert len(box) == len(queued) <= capacity


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=30), st.randoms(use_true_random=False))
def test_order_of_one_alert_holds_whatever_fails(steps: list[tuple[int, bool]], chooser: random.Random) -> None:
    """The keys of each alert are delivered in the order in which they were put."""
    box, delivered, now = Outbox(["desk"], chooser), list[Notification](), NOW
    for number, (about, _) in enumerate(steps):
        box.put(one(f"{number:03d}", about=str(about)))
    for _, fails in steps * 3:
        if found := box.next("desk", now):
            if fails:
                box.failed("desk", found.key, now)
            else:
                box.done("desk", found.key)
                delivered.append(found)
        now += MINUTE
    while found := box.next("desk", now + HOUR):
        box.done("desk", found.key)
        delivered.append(found)
    assert len(delivered) == len(steps)
    for lane in "0123":
        keys = [found.key for found in delivered if found.about == lane]
        assert keys == sorted(keys)
