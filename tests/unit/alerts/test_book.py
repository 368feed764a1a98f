"""The book: what is said and what is not, freezing, silences, page targets, restarts."""

from __future__ import annotations

import pytest

from stream.alerts.book import Book, Change
from stream.alerts.machine import Event
from stream.alerts.memory import State, decode, encode
from stream.alerts.rules import Bound, OneWindow, Point, Rating, Rule, SignalLost, TwoWindows
from stream.alerts.silences import Silence
from stream.alerts.verdict import Key, Verdict
from stream.durations import HOUR, MINUTE
from stream.segments import segment_key

NAN = float("nan")
START = 1_750_000_020_000  # a whole minute
DIP = TwoWindows(
    kind="two_windows",
    severity="page",
    source="test",
    clear_for=0,
    metric="csat",
    long=Bound(window="4h", z=2.88, min_n=20),
    short=Point(window="1h"),
    freezes_with_signal=True,
)
MISSED = OneWindow(
    kind="one_window",
    severity="ticket",
    source="test",
    wait=0,
    clear_for=0,
    metric="csat",
    window=Bound(window="30d", z=2.33, min_n=30),
    lowers_page_target_by=5,
)
LOST = SignalLost(kind="signal_lost", severity="ticket", source="test", wait=0, clear_for=0, metric="csat", windows=("1h",), expected=15)
RULES: dict[str, Rule] = {"dip": DIP, "flat": DIP.model_copy(update={"wait": 0, "freezes_with_signal": False}), "lost": LOST, "missed": MISSED}

CLEAR = Verdict(hot=False, clear=True, data=True, value=90, n=100, bound=95, target=80)
SILENT = Verdict(hot=False, clear=False, data=False, value=NAN, n=0, bound=NAN, target=80)
ALARM = Verdict(hot=True, clear=False, data=True, value=0, n=0, bound=NAN, target=20)
SEEN = ALARM._replace(hot=False, clear=True, value=20)


def hot(value: float = 60, target: float = 80) -> Verdict:
    """The condition holds."""
    return Verdict(hot=True, clear=False, data=True, value=value, n=40, bound=value + 5, target=target)


def key(rule: str, **segment: str) -> Key:
    """Key of a segment."""
    return Key(rule, segment_key(segment))


FLAT, MISS = key("flat"), key("missed")


def silence(until: int, **segment: str) -> Silence:
    """A silence for some minutes after the start."""
    return Silence(id="1", rule="", segment=segment, until=START + until * MINUTE, who="ann", why="known")


def tick(book: Book, minute: int, verdicts: dict[Key, Verdict], *silences: Silence, live: bool = True) -> list[Change]:
    """The changes some minutes after the start."""
    return book.tick(START + minute * MINUTE, verdicts, live=live, silences=silences)


def briefly(changes: list[Change]) -> list[tuple[Event, bool]]:
    """What happened, and whether somebody is notified."""
    return [(change.event, change.notify) for change in changes]


def test_an_episode_is_said_when_it_fires_and_when_it_is_over() -> None:
    """Pending is recorded and notifies nobody; the changes tell the start of the episode."""
    book = Book(RULES)
    dip = key("dip", team="a")
    found = [change for minute, verdict in ((0, hot()), (5, hot()), (6, CLEAR)) for change in tick(book, minute, {dip: verdict})]
    assert briefly(found) == [("pending", False), ("fired", True), ("resolved", True)]
    assert {change.since for change in found} == {START}
    assert [change.memory.state for change in found] == [State.PENDING, State.FIRING, State.RESOLVED]


def test_a_cancelled_episode_is_named_although_forgotten() -> None:
    """The memory is at rest, the change tells the start; nothing remains in the book."""
    book = Book(RULES)
    tick(book, 0, {key("dip"): hot()})
    (change,) = tick(book, 1, {key("dip"): CLEAR})
    assert (change.event, change.memory.state, change.memory.since, change.since) == ("cancelled", State.OK, 0, START)
    assert book.snapshot() == (START + MINUTE, {})


def test_what_does_not_change_is_not_returned() -> None:
    """Neither clear segments, nor an alert that goes on."""
    book = Book(RULES)
    assert tick(book, 0, {FLAT: CLEAR}) == []
    tick(book, 1, {FLAT: hot()})
    assert tick(book, 2, {FLAT: hot()}) == []


def test_stale_says_so_and_notifies_nobody() -> None:
    """Back notifies nobody either; the end without data is said, since the beginning was."""
    book = Book(RULES)
    tick(book, 0, {FLAT: hot()})
    assert briefly(tick(book, 1, {FLAT: SILENT})) == [("stale", False)]
    assert briefly(tick(book, 2, {FLAT: hot()})) == [("back", False)]
    tick(book, 3, {FLAT: SILENT})
    (change,) = tick(book, 3 + 24 * 60, {FLAT: SILENT})
    assert (change.event, change.notify, change.memory.reason) == ("resolved", True, "no_data")


def test_what_must_be_judged_and_is_not_has_no_data() -> None:
    """Its segment or baseline is gone: it would fire for ever."""
    book = Book(RULES)
    tick(book, 0, {FLAT: hot()})
    assert briefly(tick(book, 1, {})) == [("stale", False)]
    assert briefly(tick(book, 1 + 24 * 60, {})) == [("resolved", True)]
    assert book.busy() == frozenset()


def test_flapping_never_notifies_again_within_the_cooldown() -> None:
    """Six episodes in six hours are said once; at the end of the cooldown what still holds is said as such."""
    book, found = Book(RULES), []
    for minute in range(0, 361, 30):
        found += tick(book, minute, {FLAT: hot() if minute % 60 == 0 else CLEAR})
    assert [(change.event, (change.since - START) // MINUTE) for change in found if change.notify] == [("fired", 0), ("resolved", 0), ("fired", 360)]


def test_what_still_holds_at_the_end_of_the_cooldown_is_said_again() -> None:
    """`still`, every six hours; also an episode that was never said."""
    book = Book(RULES)
    tick(book, 0, {FLAT: hot()})
    assert briefly(tick(book, 359, {FLAT: hot()})) == []
    assert briefly(tick(book, 360, {FLAT: hot()})) == [("still", True)]
    tick(book, 361, {FLAT: CLEAR})
    assert briefly(tick(book, 362, {FLAT: hot()})) == [("fired", False)]
    assert briefly(tick(book, 720, {FLAT: hot()})) == [("still", True)]


def test_a_cancelled_episode_does_not_end_the_cooldown() -> None:
    """What was said is remembered at rest too."""
    book, dip = Book(RULES), key("dip")
    for minute, verdict in ((0, hot()), (5, hot()), (6, CLEAR), (7, hot()), (8, CLEAR), (9, CLEAR)):
        tick(book, minute, {dip: verdict})
    assert [change for minute in range(10, 16) for change in briefly(tick(book, minute, {dip: hot()}))] == [("pending", False), ("fired", False)]


def test_worse_is_said_within_the_cooldown() -> None:
    """Ten points below what was said, in the same episode or as a new one."""
    book = Book(RULES)
    tick(book, 0, {FLAT: hot(60)})
    assert briefly(tick(book, 1, {FLAT: hot(50)})) == [("worse", True)]
    tick(book, 2, {FLAT: CLEAR})
    assert briefly(tick(book, 3, {FLAT: hot(40)})) == [("fired", True)]


def test_an_all_clear_only_of_what_was_said() -> None:
    """A flap within the cooldown ends without a word."""
    book = Book(RULES)
    tick(book, 0, {FLAT: hot()})
    tick(book, 1, {FLAT: CLEAR})
    tick(book, 2, {FLAT: hot()})
    assert briefly(tick(book, 3, {FLAT: CLEAR})) == [("resolved", False)]


def test_what_is_not_live_is_recorded_and_notifies_nobody() -> None:
    """A replay of last year."""
    book = Book(RULES)
    found = [change for minute in range(6) for change in tick(book, minute, {FLAT: hot(60 - 10 * minute) if minute < 5 else CLEAR}, live=False)]
    assert briefly(found) == [("fired", False), ("resolved", False)]
    assert tick(book, 9, {FLAT: CLEAR}) == []


def test_what_still_fires_once_live_is_said_then() -> None:
    """If it is hot and was never said."""
    book = Book(RULES)
    tick(book, 0, {FLAT: hot()}, live=False)
    assert briefly(tick(book, 1, {FLAT: CLEAR._replace(clear=False)})) == []
    assert briefly(tick(book, 2, {FLAT: hot()})) == [("still", True)]


def test_an_all_clear_that_could_not_be_said_is_said_later() -> None:
    """Whoever was notified hears of the end, once."""
    book = Book(RULES)
    tick(book, 0, {FLAT: hot()})
    assert briefly(tick(book, 1, {FLAT: CLEAR}, live=False)) == [("resolved", False)]
    assert FLAT in book.busy()
    assert briefly(tick(book, 2, {FLAT: CLEAR})) == [("resolved", True)]
    assert FLAT not in book.busy()
    assert tick(book, 3, {FLAT: CLEAR}) == []


def test_a_silence_suppresses_notifications_only() -> None:
    """The state goes on; when it ends and the alert still fires, it is said."""
    book = Book(RULES)
    assert briefly(tick(book, 0, {FLAT: hot()}, silence(30))) == [("fired", False)]
    assert briefly(tick(book, 29, {FLAT: hot(40)}, silence(30))) == []
    assert briefly(tick(book, 30, {FLAT: hot()}, silence(30))) == [("still", True)]


def test_a_silence_that_ends_says_nothing_twice() -> None:
    """The episode was said before: its cooldown counts."""
    book = Book(RULES)
    tick(book, 0, {FLAT: hot()})
    assert tick(book, 1, {FLAT: hot()}, silence(30)) == []
    assert tick(book, 31, {FLAT: hot()}, silence(30)) == []


def test_a_silence_of_another_segment_changes_nothing() -> None:
    """All its values must be in the alert's."""
    assert briefly(tick(Book(RULES), 0, {FLAT: hot()}, silence(30, team="a"))) == [("fired", True)]


def test_rules_freeze_while_no_ratings_come_in() -> None:
    """Within the segment whose signal is lost, and only rules that are made of it."""
    book = Book(RULES)
    chat, mail, all_dip = key("dip", channel="chat", team="a"), key("dip", channel="mail"), key("dip")
    lost = key("lost", channel="chat")
    verdicts = {chat: hot(), mail: hot(), all_dip: hot(), key("flat", channel="chat"): hot(), lost: ALARM}
    assert [change.key for change in tick(book, 0, verdicts)] == sorted([all_dip, mail, key("flat", channel="chat"), lost])


def test_the_state_stands_still_in_a_freeze() -> None:
    """Firing stays firing, without data and clear alike; afterwards it goes on."""
    book, dip, lost = Book(RULES), key("dip"), key("lost")
    for minute in (0, 5):
        tick(book, minute, {dip: hot()})
    before = book.snapshot()[1][dip]
    assert [change.key for change in tick(book, 6, {dip: SILENT, lost: ALARM})] == [lost]
    for minute, verdict in ((7, CLEAR), (400, hot(10)), (5000, SILENT)):
        assert dip not in [change.key for change in tick(book, minute, {dip: verdict, lost: ALARM})]
        assert book.snapshot()[1][dip] == before
    assert [(change.key, change.event) for change in tick(book, 5001, {dip: CLEAR, lost: SEEN})] == [(dip, "resolved"), (lost, "resolved")]


def test_time_in_a_freeze_does_not_count_as_waiting() -> None:
    """Three minutes hot, an hour frozen: two minutes are left."""
    book, dip, lost = Book(RULES), key("dip"), key("lost")
    tick(book, 0, {dip: hot()})
    tick(book, 3, {dip: hot()})
    for minute in range(4, 64):
        tick(book, minute, {dip: hot(), lost: ALARM})
    found = {minute: [change.event for change in tick(book, minute, {dip: hot(), lost: SEEN}) if change.key == dip] for minute in range(64, 67)}
    assert found == {64: [], 65: [], 66: ["fired"]}


def test_a_rule_that_fires_lowers_the_page_target() -> None:
    """To its score less 5 points, until the configured target changes."""
    book = Book(RULES)
    tick(book, 0, {MISS: hot(78)})
    assert book.lowered() == {("csat", "{}"): 73}
    tick(book, 1, {MISS: CLEAR})
    assert book.lowered() == {("csat", "{}"): 73}
    assert MISS in book.busy()
    tick(book, 2, {MISS: CLEAR._replace(target=70)})
    assert (book.lowered(), book.busy()) == ({}, frozenset())


def test_a_cancelled_episode_does_not_end_the_page_target() -> None:
    """It was made for a target that still stands."""
    book = Book({"missed": MISSED.model_copy(update={"wait": MINUTE})})
    for minute, verdict in ((0, hot(78)), (1, hot(78)), (2, CLEAR), (600, hot()), (601, CLEAR), (602, CLEAR)):
        tick(book, minute, {MISS: verdict})
    assert book.lowered() == {("csat", "{}"): 73}
    assert book.snapshot()[1][MISS].page_target == 73


def test_a_person_sets_another_target() -> None:
    """Of that metric and segment only."""
    book = Book(RULES)
    tick(book, 0, {MISS: hot(78)})
    book.retarget("csat", '{"team":"a"}')
    book.retarget("nps", "{}")
    assert book.lowered() == {("csat", "{}"): 73}
    book.retarget("csat", "{}")
    assert book.lowered() == {}


def test_what_must_be_judged_at_every_tick() -> None:
    """Pending, firing and stale; not what rests, even within its cooldown."""
    book = Book(RULES)
    tick(book, 0, {key("dip"): hot(), FLAT: hot(), key("flat", team="a"): hot(), key("flat", team="b"): hot()})
    tick(book, 1, {key("dip"): hot(), FLAT: hot(), key("flat", team="a"): SILENT, key("flat", team="b"): CLEAR})
    assert book.busy() == {key("dip"), FLAT, key("flat", team="a")}


def test_rules_that_are_no_more_are_left_out_and_told() -> None:
    """So that a final record can be written; disabled ones are no more either."""
    book = Book(RULES)
    tick(book, 0, {FLAT: hot(), MISS: hot()})
    now, memories = book.snapshot()
    other = Book({"missed": MISSED, "flat": RULES["flat"].model_copy(update={"enabled": False})})
    assert other.load(now, memories) == {FLAT: memories[FLAT]}
    assert other.snapshot() == (now, {MISS: memories[MISS]})


def test_disabled_rules_and_single_ratings_are_not_kept() -> None:
    """What is said of them is ignored."""
    rating = Rating(kind="rating", severity="info", source="test", wait=0)
    book = Book({"rating": rating, "flat": RULES["flat"].model_copy(update={"enabled": False})})
    assert tick(book, 0, {key("rating"): hot(), FLAT: hot()}) == []


def test_a_tick_that_is_over_changes_nothing() -> None:
    """Time does not go back; the same tick again finds nothing new."""
    book = Book(RULES)
    tick(book, 5, {FLAT: hot()})
    before = book.snapshot()
    assert tick(book, 5, {FLAT: hot()}) == []
    assert tick(book, 4, {FLAT: CLEAR}) == []
    assert book.snapshot() == before


def test_the_same_moment_may_bring_something_new() -> None:
    """A clock that stands still does not hide what comes in."""
    book = Book(RULES)
    assert tick(book, 5, {FLAT: CLEAR}) == []
    assert briefly(tick(book, 5, {FLAT: hot()})) == [("fired", True)]


@pytest.mark.parametrize("at", [1, 4, 6, 200, 361])
def test_a_restart_changes_nothing(at: int) -> None:
    """Pending, firing and in its cooldown."""
    whole, torn = Book(RULES), Book(RULES)
    script = {minute: {key("dip"): hot(60 - minute / 10)} for minute in (0, 3, 5, 100, 360, 400)}
    for minute, verdicts in script.items():
        if minute >= at:
            now, memories = decode(encode(*torn.snapshot()))
            torn = Book(RULES)
            torn.load(now, memories)
        assert tick(torn, minute, verdicts) == tick(whole, minute, verdicts)
    assert torn.snapshot() == whole.snapshot()
    assert whole.snapshot()[1][key("dip")].notified_at == START + 6 * HOUR
