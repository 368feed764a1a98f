"""Inhibition: who speaks for whom. All through the book, so that the order within a tick is the real one."""

from __future__ import annotations

from typing import Any

import pytest

from stream.alerts.book import Book, Change
from stream.alerts.inhibition import parents, shortfall
from stream.alerts.rules import Bound, Oldest, Point, Rule, SignalLost, TwoWindows
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
    wait=0,
    clear_for=0,
    metric="csat",
    long=Bound(window="4h", z=2.88, min_n=20),
    short=Point(window="1h"),
)
OLDEST = Oldest(kind="oldest", severity="page", source="test", factor=2, wait=0, clear_for=0)


def key(rule: str = "dip", **segment: str) -> Key:
    """Key of a segment."""
    return Key(rule, segment_key(segment))


ALL, A, B, CHAT, A_CHAT = key(), key(team="a"), key(team="b"), key(channel="chat"), key(team="a", channel="chat")
CLEAR = Verdict(hot=False, clear=True, data=True, value=90, n=100, bound=95, target=80)
BETWEEN = CLEAR._replace(clear=False, value=81)


def hot(n: int, value: float = 60, target: float = 80) -> Verdict:
    """Hot, with so many cases: a shortfall of n / 5 against 80."""
    return Verdict(hot=True, clear=False, data=True, value=value, n=n, bound=value + 5, target=target)


class Day:
    """A book and the minutes of a day."""

    def __init__(self, **rules: Rule) -> None:
        self.book = Book(rules or {"dip": DIP})

    def at(self, minute: int, verdicts: dict[Key, Verdict], *, live: bool = True, silences: tuple[Silence, ...] = ()) -> list[Change]:
        """The changes of a tick."""
        return self.book.tick(START + minute * MINUTE, verdicts, live=live, silences=silences)

    def inhibited_by(self) -> dict[Key, str]:
        """Who speaks for whom."""
        return {key: memory.inhibited_by for key, memory in self.book.snapshot()[1].items() if memory.inhibited_by}


def told(changes: list[Change]) -> list[Key]:
    """Keys of which somebody is notified."""
    return [change.key for change in changes if change.notify]


def test_children_have_exactly_one_more_dimension() -> None:
    """Of two dimensions there are two parents; everything has none."""
    assert parents("{}") == ()
    assert set(parents(A_CHAT.segment)) == {A.segment, CHAT.segment}
    assert parents(A.segment) == ("{}",)


def test_shortfall_is_counted_in_cases() -> None:
    """(80 - 60) / 100 x 40 = 8 unhappy too many; only of percentages."""
    assert shortfall(DIP, hot(40), 80, -1) == 8
    assert shortfall(DIP, hot(40, NAN), 80, -1) is None
    assert shortfall(OLDEST, hot(40), 80, 1) is None


def test_a_child_that_explains_half_inhibits_its_parent() -> None:
    """It is first in practice, and names the team: 50 of 100 cases at the same score are half of the shortfall."""
    day = Day()
    assert told(day.at(0, {A: hot(50)})) == [A]
    changes = day.at(1, {A: hot(50), ALL: hot(100)})
    assert [(change.key, change.event, change.notify, change.memory.inhibited_by) for change in changes] == [(ALL, "fired", False, A.segment)]
    assert day.book.inhibited(A) == (ALL.segment,)


def test_a_child_that_explains_less_does_not() -> None:
    """49 of 100: both are said."""
    day = Day()
    assert told(day.at(0, {A: hot(49)})) == [A]
    assert told(day.at(1, {A: hot(49), ALL: hot(100)})) == [ALL]


def test_the_parents_target_counts_for_both() -> None:
    """A child with a target of its own: 15 cases at 60 are 3 of 10, whatever it aims at (against 99 they would be 5.85)."""
    day = Day()
    day.at(0, {A: hot(15, target=99)})
    assert told(day.at(1, {A: hot(15, target=99), ALL: hot(50)})) == [ALL]


def test_the_child_that_explains_most_speaks() -> None:
    """Of several."""
    day = Day()
    day.at(0, {A: hot(50), B: hot(60)})
    day.at(1, {A: hot(50), B: hot(60), ALL: hot(100)})
    assert day.inhibited_by() == {ALL: B.segment}


def test_otherwise_the_parent_inhibits_children_not_yet_firing() -> None:
    """They begin to fire, and nobody is notified."""
    day = Day()
    assert told(day.at(0, {ALL: hot(100)})) == [ALL]
    changes = day.at(1, {ALL: hot(100), A: hot(90)})
    assert [(change.key, change.event, change.notify, change.memory.inhibited_by) for change in changes] == [(A, "fired", False, "{}")]


def test_children_that_fire_already_are_not_inhibited() -> None:
    """What has been said is never taken back, and goes on: it is said again at the end of its cooldown."""
    day = Day()
    day.at(0, {A: hot(10)})
    day.at(1, {A: hot(10), ALL: hot(100)})
    assert day.inhibited_by() == {}
    assert told(day.at(360, {A: hot(10), ALL: hot(100)})) == [A]


def test_a_child_that_fired_before_its_parent_is_not_inhibited_later() -> None:
    """Nobody could be told yet; once they can, both are said."""
    day = Day()
    day.at(0, {A: hot(10)}, live=False)
    day.at(1, {A: hot(10), ALL: hot(100)}, live=False)
    assert told(day.at(2, {A: hot(10), ALL: hot(100)})) == [A, ALL]


def test_together_the_children_are_looked_at_first() -> None:
    """In one tick: the child that explains speaks, and other children of that parent speak for themselves."""
    day = Day()
    assert told(day.at(0, {ALL: hot(100), A: hot(60), B: hot(10)})) == [A, B]
    assert day.inhibited_by() == {ALL: A.segment}


def test_together_the_parent_speaks_if_no_child_explains() -> None:
    """In one tick: children that explain little are inhibited by it."""
    day = Day()
    assert told(day.at(0, {ALL: hot(100), A: hot(40), B: hot(30)})) == [ALL]
    assert day.inhibited_by() == {A: "{}", B: "{}"}


def test_several_levels_upwards() -> None:
    """The smallest segment that explains speaks for all above it."""
    day = Day()
    assert told(day.at(0, {ALL: hot(100), A: hot(90), CHAT: hot(85), A_CHAT: hot(80)})) == [A_CHAT]
    assert day.inhibited_by() == {ALL: A.segment, A: A_CHAT.segment, CHAT: A_CHAT.segment}


def test_several_levels_downwards() -> None:
    """Everything speaks for the team, and the team for its channel."""
    day = Day()
    assert told(day.at(0, {ALL: hot(1000)})) == [ALL]
    assert told(day.at(1, {ALL: hot(1000), A: hot(90)})) == []
    assert told(day.at(2, {ALL: hot(1000), A: hot(90), A_CHAT: hot(80)})) == []
    assert day.inhibited_by() == {A: "{}", A_CHAT: A.segment}


def test_two_never_inhibit_each_other() -> None:
    """A parent that could not speak yet speaks, although the child it inhibits explains it by now."""
    day = Day()
    day.at(0, {ALL: hot(100)}, live=False)
    day.at(1, {ALL: hot(100), A: hot(90)}, live=False)
    assert told(day.at(2, {ALL: hot(100), A: hot(90)})) == [ALL]


def test_only_alerts_of_one_rule_inhibit_each_other() -> None:
    """Another rule says something else."""
    day = Day(dip=DIP, low=DIP)
    assert told(day.at(0, {key("low", team="a"): hot(90)})) == [key("low", team="a")]
    assert told(day.at(1, {key("low", team="a"): hot(90), ALL: hot(100)})) == [ALL]


def test_times_do_not_explain_shares() -> None:
    """A parent's oldest ticket inhibits those of its teams; never the other way round."""
    day = Day(oldest=OLDEST)
    every, team = key("oldest"), key("oldest", team="a")
    assert told(day.at(0, {every: hot(5, 9000, 7200), team: hot(5, 9000, 7200)})) == [every]


def test_the_end_of_what_inhibits_releases() -> None:
    """What still fires hot is notified then."""
    day = Day()
    day.at(0, {A: hot(50)})
    day.at(1, {A: hot(50), ALL: hot(100)})
    changes = day.at(2, {A: CLEAR, ALL: hot(100)})
    assert [(change.key, change.event, change.notify) for change in changes] == [(A, "resolved", True), (ALL, "released", True)]
    assert day.inhibited_by() == {}


def test_what_is_not_hot_when_released_is_said_once_it_is() -> None:
    """Released without a word; hot again, never said: said."""
    day = Day()
    day.at(0, {A: hot(50)})
    day.at(1, {A: hot(50), ALL: hot(100)})
    assert [(change.event, change.notify) for change in day.at(2, {A: CLEAR, ALL: BETWEEN})] == [("resolved", True), ("released", False)]
    assert [(change.event, change.notify) for change in day.at(3, {ALL: hot(100)})] == [("still", True)]


@pytest.mark.parametrize("live", [True, False])
def test_another_child_takes_over(live: bool) -> None:
    """When the first ends and another explains by now, that one speaks for the parent, whether anybody may be told or not."""
    day = Day()
    day.at(0, {A: hot(60), B: hot(10)})
    day.at(1, {A: hot(60), B: hot(10), ALL: hot(100)})
    changes = day.at(2, {A: CLEAR, B: hot(55), ALL: hot(100)}, live=live)
    assert [(change.key, change.event) for change in changes] == [(A, "resolved"), (ALL, "inhibited")]
    assert day.inhibited_by() == {ALL: B.segment}


def test_who_loses_the_word_speaks_for_nobody() -> None:
    """A parent that was not said yet spoke for B; once A speaks for the parent, B speaks for itself."""
    day = Day()
    day.at(0, {A: hot(10)}, live=False)
    day.at(1, {A: hot(10), ALL: hot(100)}, live=False)
    day.at(2, {A: hot(10), ALL: hot(100), B: hot(30)}, live=False)
    assert day.inhibited_by() == {B: "{}"}
    changes = day.at(3, {A: hot(60), ALL: hot(100), B: hot(30)})
    assert [(change.key, change.event, change.notify) for change in changes] == [(A, "still", True), (B, "released", True), (ALL, "inhibited", False)]


def test_who_stood_still_meanwhile_is_released_afterwards() -> None:
    """The team spoke for its chat, whose signal was lost; meanwhile its mail came to speak for the team."""
    signal = SignalLost(kind="signal_lost", severity="ticket", source="test", wait=0, clear_for=0, metric="csat", windows=("1h",), expected=15)
    day = Day(dip=DIP.model_copy(update={"freezes_with_signal": True}), lost=signal)
    lost, a_mail = key("lost", channel="chat"), key(team="a", channel="mail")
    day.at(0, {a_mail: hot(10)}, live=False)
    day.at(1, {a_mail: hot(10), A: hot(100)}, live=False)
    day.at(2, {a_mail: hot(10), A: hot(100), A_CHAT: hot(30)}, live=False)
    day.at(3, {a_mail: hot(60), A: hot(100), A_CHAT: hot(30), lost: BETWEEN._replace(hot=True)})
    assert day.inhibited_by() == {A: a_mail.segment, A_CHAT: A.segment}
    changes = day.at(4, {a_mail: hot(60), A: hot(100), A_CHAT: hot(30), lost: CLEAR})
    assert [(change.key, change.event, change.notify) for change in changes] == [(A_CHAT, "released", True), (lost, "resolved", True)]


def test_who_is_not_hot_does_not_begin_to_speak_for_others() -> None:
    """A parent that only waits to be clear would say nothing for days."""
    day = Day()
    day.at(0, {ALL: hot(100)})
    assert told(day.at(1, {ALL: BETWEEN, A: hot(50)})) == [A]


def test_the_all_clear_of_an_inhibited_one_is_not_said() -> None:
    """Only of an episode that was said."""
    day = Day()
    day.at(0, {A: hot(50)})
    day.at(1, {A: hot(50), ALL: hot(100)})
    assert told(day.at(2, {A: hot(50), ALL: CLEAR})) == []


def test_a_silenced_parent_has_silenced_children() -> None:
    """A silence of a segment holds for all that lies in it, so that none is hidden by one that may not speak."""
    day = Day()
    silence = Silence(id="1", rule="dip", segment={"team": "a"}, until=START + HOUR, who="ann", why="known")
    assert told(day.at(0, {A: hot(60), A_CHAT: hot(10)}, silences=(silence,))) == []
    assert told(day.at(60, {A: hot(60), A_CHAT: hot(10)}, silences=(silence,))) == [A]


@pytest.mark.parametrize("live", [True, False])
def test_who_speaks_does_not_depend_on_who_may(live: bool) -> None:
    """A replay finds the same."""
    day = Day()
    day.at(0, {ALL: hot(100), A: hot(60), B: hot(10)}, live=live)
    assert day.inhibited_by() == {ALL: A.segment}


def spoken_for(changes: list[Change]) -> dict[Key, str]:
    """Who alone keeps what from being said."""
    return {change.key: change.spoken_for for change in changes if change.spoken_for}


def test_who_speaks_for_an_episode_is_told_with_its_beginning_and_its_end() -> None:
    """So that whoever hears nothing of the one that speaks can be told of both; of what lies between nothing is said."""
    day = Day()
    day.at(0, {ALL: hot(100)})
    begun = day.at(1, {ALL: hot(100), A: hot(10)})
    assert (spoken_for(begun), told(begun)) == ({A: ALL.segment}, [])
    assert spoken_for(day.at(2, {ALL: hot(100), A: hot(10, 30)})) == {}
    ended = day.at(3, {ALL: hot(100), A: CLEAR})
    assert (spoken_for(ended), told(ended)) == ({A: ALL.segment}, [])


def test_what_speaks_for_itself_or_may_not_be_said_is_spoken_for_by_nobody() -> None:
    """Released, silenced, and in a replay."""
    day = Day()
    day.at(0, {ALL: hot(100)})
    day.at(1, {ALL: hot(100), A: hot(10)})
    released = day.at(2, {ALL: CLEAR, A: hot(10)})
    assert (spoken_for(released), told(released)) == ({}, [A, ALL])
    quieted: list[dict[str, Any]] = [
        {"live": False},
        {"silences": (Silence(id="1", rule="dip", segment={"team": "a"}, until=START + HOUR, who="ann", why="known"),)},
    ]
    for quiet in quieted:
        day = Day()
        day.at(0, {ALL: hot(100)})
        assert spoken_for(day.at(1, {ALL: hot(100), A: hot(10)}, **quiet)) == {}
