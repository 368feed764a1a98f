"""Follow-ups: open, overdue, the oldest; and business hours asked of the clock on the wall."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from audit_cases import DAY, HOUR, MIDNIGHT, MINUTE, NOON, ask, auditor, closed, judged, merged, offered, opened, rated, reply, seen

from schemas.essence import Essence
from stream.audit.auditor import Auditor
from stream.audit.schedules import OpenMinutes
from stream.setting_parts import Schedule
from stream.settings import Settings


def now(metric: str, *tickets: list[Essence], as_of: int = NOON, **settings: Any) -> tuple[object, ...] | None:
    """Value and n of the window `now`."""
    found = ask(metric, *tickets, window="now", as_of=as_of, **settings)
    return None if found is None else seen(found.value, found.n)


def test_worked_example() -> None:
    """Of four low ratings one was answered and one got the tag; of the two that wait one is overdue."""
    tickets: list[list[Essence]] = [
        [rated(NOON - DAY, 1)],
        [rated(NOON - DAY + 1, 2)],
        [rated(NOON - DAY, 1), reply(NOON)],
        [rated(NOON - DAY, 1), closed(NOON, tag=True)],
        [rated(NOON - DAY, 3)],
    ]
    assert now("follow_ups", *tickets) == (2, 2)
    assert now("follow_ups_overdue", *tickets) == (1, 2)
    assert now("oldest_follow_up", *tickets) == (Fraction(NOON - DAY, 1000), 2)


@pytest.mark.parametrize("events", [
    [rated(NOON, 3)], [rated(NOON, 1, kind="nps", high=10)], [rated(NOON, 1), merged(NOON)], [rated(NOON, 1), closed(NOON, spam=True)],
    [rated(NOON, 1), reply(NOON + 1)], [rated(NOON, 1), reply(NOON + 1, human=False, tag=True)], [rated(NOON, 1), rated(NOON + 1, 4)],
    [offered(NOON - 14 * DAY - 1), rated(NOON, 1)], [rated(NOON + HOUR, 1)],
])  # fmt: skip
def test_what_is_no_follow_up(events: list[Essence]) -> None:
    """Not low, no csat, void, answered, tagged, corrected, after the lock, or not yet there."""
    assert now("follow_ups", events) is None
    assert now("follow_ups_overdue", events) is None
    assert now("oldest_follow_up", events) is None


@pytest.mark.parametrize("events", [
    [rated(NOON, 2)], [rated(NOON, 1), reply(NOON)], [rated(NOON, 1), reply(NOON + 1, human=False)], [rated(NOON, 1), closed(NOON + 1)],
    [rated(NOON, 1), reply(NOON - 1, tag=True)], [rated(NOON - 9, 5), reply(NOON - 1), rated(NOON, 1)], [rated(NOON, 1), rated(NOON + 15 * DAY, 5)],
])  # fmt: skip
def test_what_is_one(events: list[Essence]) -> None:
    """Nothing public and human, and no tag, later than the first of the low ratings that stand."""
    assert now("follow_ups", events) == (1, 1)
    assert now("oldest_follow_up", events) == (Fraction(NOON, 1000), 1)


def test_low_since_the_earliest_of_the_ratings_that_stayed_low() -> None:
    """1, 4, 2, 1 is low since the third."""
    ratings = [rated(NOON, 1), rated(NOON + 1, 4), rated(NOON + 2, 2), rated(NOON + 3, 1)]
    assert now("oldest_follow_up", ratings) == (Fraction(NOON + 2, 1000), 1)
    assert now("oldest_follow_up", [*ratings, reply(NOON + 2)]) == (Fraction(NOON + 2, 1000), 1)


def test_overdue_to_the_minute() -> None:
    """By the last full minute before `as_of`."""
    assert now("follow_ups_overdue", [rated(NOON, 1)], as_of=NOON + DAY - 1) == (0, 1)
    assert now("follow_ups_overdue", [rated(NOON, 1)], as_of=NOON + DAY) == (1, 1)
    assert now("follow_ups_overdue", [rated(NOON + 1, 1)], as_of=NOON + DAY + MINUTE - 1) == (0, 1)


@pytest.mark.parametrize(("events", "last"), [
    ([opened(NOON), rated(NOON, 1), closed(NOON + 1)], NOON + 1 + 28 * DAY),
    ([opened(NOON), rated(NOON + 1, 1)], NOON + 400 * DAY),
    ([rated(NOON, 1)], NOON + 407 * DAY),
])  # fmt: skip
def test_it_leaves_when_its_life_is_over(events: list[Essence], last: int) -> None:
    """Closed: 28 days after its last event; open: 400 days after the opening, or 407 after the last event where none is known."""
    for slowest, expected in ((last, True), (last + 1, False)):
        found = Auditor(judged(events, slowest={0: slowest}), Settings())
        assert bool(found.answer("follow_ups", {}, "now", last)) is expected
    assert auditor(events).answer("follow_ups", {}, "now", last)


def test_it_leaves_when_another_life_follows() -> None:
    """Even if that was answered."""
    events = [rated(NOON, 1), closed(NOON)]
    assert now("follow_ups", [*events, reply(NOON + 21 * DAY, human=False)]) == (1, 1)
    assert now("follow_ups", [*events, reply(NOON + 21 * DAY + 1, human=False)]) is None


def test_segments_are_those_of_the_rating_but_for_the_agent() -> None:
    """Which keys have an answer."""
    events = [opened(NOON, channel="email"), rated(NOON, 1, team="red", agent="ann")]
    found = auditor(events, segments=[["team", "channel"], ["agent"]], agents="on")
    assert [segment for metric, segment, window in found.keys(NOON) if metric == "follow_ups"] == [{"team": "red", "channel": "email"}]


def test_business_hours() -> None:
    """A Friday noon (UTC) in Amsterdam, on summer time: 3 h left, then Monday is a holiday, then Tuesday."""
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), (("09:00", "17:00"),))
    schedule = Schedule.model_validate({"timezone": "Europe/Amsterdam", "weekly": week, "holidays": ["2024-10-07"]})
    minutes = OpenMinutes(schedule)
    assert minutes.after(NOON, 3 * HOUR) == NOON + 3 * HOUR
    assert minutes.after(NOON, 3 * HOUR + 1) == MIDNIGHT + 4 * DAY + 7 * HOUR + 1
    assert minutes.after(NOON + 30_500, 11 * HOUR - 30_500) == MIDNIGHT + 4 * DAY + 15 * HOUR


def test_the_schedule_is_that_of_team_and_channel() -> None:
    """The first rule that fits; the calendar where none does."""
    settings = {
        "schedules": {"never": {"timezone": "UTC", "weekly": {"sun": (("00:00", "01:00"),)}}},
        "schedule_of": ({"schedule": "never", "team": "red", "channel": "(none)"},),
    }
    later = NOON + 30 * DAY
    assert now("follow_ups_overdue", [rated(NOON, 1, team="red")], as_of=later, **settings) == (0, 1)
    assert now("follow_ups_overdue", [rated(NOON, 1, team="blue")], as_of=later, **settings) == (1, 1)
    assert now("follow_ups_overdue", [opened(NOON, channel="email"), rated(NOON, 1, team="red")], as_of=later, **settings) == (1, 1)
