"""What a report says of episodes, with and without known incidents; and its table."""

from __future__ import annotations

import pytest

from stream.alerts.verdict import Key
from stream.backtest.episodes import Episode
from stream.backtest.history import Span
from stream.backtest.incidents import Incident
from stream.backtest.report import Row, flaps, rows_of, totals_of
from stream.backtest.run import Outcome, Trait
from stream.durations import DAY, HOUR, MINUTE
from stream.segments import segment_key

BILLING, CHAT, TECH = {"team": "billing"}, {"channel": "chat"}, {"team": "tech"}
SPAN = Span(0, 60 * DAY)
TRAITS = {"dip": Trait(4 * HOUR, "csat"), "slow": Trait(30 * DAY, "csat"), "signal": Trait(4 * HOUR, None)}


def episode(rule: str, segment: dict[str, str], begin: float, end: float | None, *, said: bool = True) -> Episode:
    """Fired from `begin` to `end`, in hours."""
    ended = None if end is None else round(end * HOUR)
    return Episode(Key(rule, segment_key(segment)), round(begin * HOUR) - 5 * MINUTE, round(begin * HOUR), ended, said)


def outcome(*episodes: Episode, also: tuple[Key, ...] = ()) -> Outcome:
    """An outcome of these episodes."""
    return Outcome(list(episodes), frozenset({*(one.key for one in episodes), *also}), TRAITS)


def test_without_incidents_nothing_is_false() -> None:
    """Alerts a month, hours, flaps; what nobody was told of is no alert, but fires."""
    found = outcome(episode("dip", {}, 10, 12), episode("dip", {}, 17, 18, said=False), episode("dip", {}, 60 * 24 - 1, None))
    (row,) = rows_of("new", found, SPAN, None)
    assert row == Row("new", "dip", {}, 2, 1.0, 4.0, 1, cooling=1)
    assert row.as_json() == {
        "rules": "new",
        "rule": "dip",
        "segment": "all",
        "alerts_per_month": 1.0,
        "hours_firing": 4.0,
        "flaps": 1,
        "median_delay_hours": None,
        "missed": None,
        "false": None,
        "note": None,
    }


def test_delay_missed_and_false() -> None:
    """Found three hours in and at once; one missed; one alert that belongs to nothing, and one that nobody heard of."""
    incidents = [Incident(BILLING, day * DAY, day * DAY + 6 * HOUR) for day in (1, 10, 20)]
    unsaid = episode("dip", BILLING, 950, 951, said=False)
    found = outcome(episode("dip", BILLING, 24 + 3, 40), episode("dip", BILLING, 239, 250), episode("dip", BILLING, 900, 901), unsaid)
    (row,) = rows_of("new", found, SPAN, incidents)
    assert (row.median_delay_hours, row.missed, row.false) == (1.5, 1, 1)


def test_an_incident_is_seen_wherever_its_cases_are() -> None:
    """In the whole and in a channel it shares cases with, an alert is not false; in another team it is. Only its own segment can miss it."""
    incident = Incident(BILLING, DAY, 2 * DAY)
    episodes = [episode("dip", segment, 26, 30) for segment in ({}, CHAT, {**BILLING, **CHAT}, TECH)]
    rows = {segment_key(row.segment or {}): row for row in rows_of("new", outcome(*episodes), SPAN, [incident])}
    assert {key: (row.missed, row.false) for key, row in rows.items()} == {
        "{}": (0, 0),
        segment_key(CHAT): (0, 0),
        segment_key({**BILLING, **CHAT}): (0, 0),
        segment_key(TECH): (0, 1),
    }
    (total,) = totals_of("new", outcome(*episodes), SPAN, [incident])
    assert (total.median_delay_hours, total.missed, total.false) == (2.0, 0, 1)


@pytest.mark.parametrize(("rule", "after", "missed", "false"), [("dip", 23, 0, 0), ("dip", 25, 1, 1), ("slow", 25, 1, 0), ("slow", 31 * 24, 1, 1)])
def test_what_fires_after_an_incident(rule: str, after: int, missed: int, false: int) -> None:
    """Within a day it has found it; as long as the rule remembers it is not false."""
    found = outcome(episode(rule, {}, 48 + after, 48 + after + 1))
    (row,) = rows_of("new", found, SPAN, [Incident({}, DAY, 2 * DAY)])
    assert (row.missed, row.false) == (missed, false)


def test_a_rule_that_judges_no_such_figure_misses_nothing() -> None:
    """A dip of csat is not the business of what counts ratings; any rule may find a marked incident."""
    quiet = outcome(also=(Key("signal", "{}"), Key("dip", "{}")))
    dip, marked = Incident({}, DAY, 2 * DAY, "csat"), Incident({}, DAY, 2 * DAY)
    assert [row.missed for row in rows_of("new", quiet, SPAN, [dip])] == [1, 0]
    assert [row.missed for row in rows_of("new", quiet, SPAN, [marked])] == [1, 1]


def test_flaps_are_of_one_key() -> None:
    """What comes back within six hours; another segment's alert is none."""
    own = [episode("dip", {}, 0, 1), episode("dip", {}, 6.9, 8), episode("dip", {}, 14, 15)]
    assert flaps([*own, episode("dip", TECH, 1.5, 2)]) == 1


def test_what_fires_at_the_end_ends_with_history() -> None:
    """It finds what is going on then, and nothing that begins when history is over."""
    found = outcome(episode("slow", {}, 58 * 24, None))
    going_on, later = Incident({}, 59 * DAY, 61 * DAY), Incident({}, 60 * DAY, 61 * DAY)
    assert [row.missed for row in rows_of("new", found, SPAN, [going_on])] == [0]
    assert [(row.missed, row.median_delay_hours, row.false) for row in rows_of("new", found, SPAN, [later])] == [(1, None, 1)]
    assert [(row.missed, row.median_delay_hours, row.false) for row in totals_of("new", found, SPAN, [later])] == [(1, None, 1)]


def test_what_nobody_was_told_of_is_told_apart() -> None:
    """Another segment spoke for it, or it came back within the cooldown."""
    quiet = episode("dip", BILLING, 26, 30, said=False)
    found = outcome(episode("dip", {}, 26, 30), quiet._replace(spoken_for=True), episode("dip", {}, 31, 32, said=False))
    (total,) = totals_of("new", found, SPAN, None)
    assert (total.alerts, total.elsewhere, total.cooling) == (1, 1, 1)
