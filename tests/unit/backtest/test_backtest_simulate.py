"""Simulated history is what was asked for, the same for the same seed; a dip put into history falls everywhere at once."""

from __future__ import annotations

import numpy as np

from stream.backtest.history import with_dip
from stream.backtest.sight import Replay, ReplaySight
from stream.backtest.simulate import DAYS_ONLY, FLEET_LISTS, OFFICE, Step, Traffic, fleet, simulate

A_DAY = 24 * 60


def counts(traffic: Traffic, days: int, seed: int = 1) -> tuple[int, int]:
    """Satisfied and rated of one simulated segment."""
    cases = simulate([traffic], days, seed, ((),)).cases["csat"].short
    return int(cases.part.sum()), int(cases.whole.sum())


def test_rates_and_shares() -> None:
    """20 an hour over 100 days, 0.9 satisfied: within four standard errors."""
    part, whole = counts(Traffic({}, 20, 0.9), 100)
    assert abs(whole - 48_000) < 4 * 48_000**0.5
    assert abs(part / whole - 0.9) < 4 * (0.09 / whole) ** 0.5


def test_only_active_hours_have_ratings() -> None:
    """Office hours from Monday to Friday: 40 of 168 hours."""
    history = simulate([Traffic({}, 30, 0.9, OFFICE)], 28, 1, ((),))
    seen = set(((history.cases["csat"].short.minutes - history.first) // 60 % 168).tolist())
    assert seen == {hour for hour in range(168) if OFFICE[hour]}
    assert sum(OFFICE) == 40
    assert sum(DAYS_ONLY) == 84


def test_days_differ_by_their_variation() -> None:
    """40 % of the mean, over many days; hardly any without."""
    for daily, low, high in ((0.4, 0.33, 0.47), (0.0, 0.0, 0.1)):
        cases = simulate([Traffic({}, 20, 0.9, daily=daily)], 400, 3, ((),)).cases["csat"].short
        by_day = np.bincount((cases.minutes - cases.minutes.min()) // A_DAY, cases.whole)
        assert low < by_day[:-1].std() / by_day[:-1].mean() < high


def test_a_seed_gives_the_same_again() -> None:
    """Another gives another; a segment does not depend on how many there are beside it."""
    one, two = Traffic({"team": "a"}, 20, 0.9), Traffic({"team": "b"}, 20, 0.9)
    first, again, other = (simulate([one, two], 3, seed, (("team",),)).cases["csat"].short for seed in (1, 1, 2))
    alone = simulate([one], 3, 1, (("team",),)).cases["csat"].short
    assert np.array_equal(first.minutes, again.minutes)
    assert not np.array_equal(first.minutes, other.minutes)
    assert np.array_equal(first.minutes[first.atoms == 0], alone.minutes)


def test_steps_change_share_and_rate() -> None:
    """All of the second day is dissatisfied, the third is silent."""
    steps = (Step(A_DAY, 2 * A_DAY, satisfied=0.0), Step(2 * A_DAY, 3 * A_DAY, rate=0.0))
    history = simulate([Traffic({}, 60, 1.0, steps=steps)], 3, 1, ((),))
    cases = history.cases["csat"].short
    day = (cases.minutes - history.first) // A_DAY
    assert set(day.tolist()) == {0, 1}
    assert cases.part[day == 0].sum() == cases.whole[day == 0].sum()
    assert cases.part[day == 1].sum() == 0


def test_the_fleet_is_that_of_the_definitions() -> None:
    """20 teams, 4 channels and the whole: 25 segments; 1 to 12 ratings an hour and 0.82 to 0.94 by team."""
    traffic = fleet(np.random.default_rng(1))
    replay = Replay(simulate(traffic, 1, 1, FLEET_LISTS))
    assert len(replay.members.segments) == 25
    by_team: dict[str, float] = {}
    for own in traffic:
        by_team[own.segment["team"]] = by_team.get(own.segment["team"], 0) + own.per_hour
        assert 0.82 <= own.satisfied <= 0.94
    assert all(1 <= rate <= 12 for rate in by_team.values())


def test_a_dip_falls_in_the_segment_and_around_it() -> None:
    """To the share asked for, within its hours only; the whole loses just as many, another team none."""
    history = simulate(
        [Traffic({"team": name, "channel": channel}, 40, 0.9) for name in "ab" for channel in "xy"], 4, 1, ((), ("team",), ("channel",))
    )
    minutes = history.first + A_DAY, history.first + 2 * A_DAY
    dipped = with_dip(history, "csat", {"team": "a"}, minutes, 0.5, np.random.default_rng(1))
    lost, share = {}, {}
    before, after = (ReplaySight(Replay(one), minutes[1] - 1, minutes[1] - 1).ratio("csat", "24h") for one in (history, dipped))
    assert before is not None
    assert after is not None
    for row, segment in enumerate(Replay(history).members.segments):
        lost[str(dict(segment))] = int(before.part[row, 0] - after.part[row, 0])
        share[str(dict(segment))] = after.part[row, 0] / after.whole[row, 0]
    assert abs(share["{'team': 'a'}"] - 0.5) < 0.05
    assert lost["{'team': 'b'}"] == 0
    assert lost["{}"] == lost["{'team': 'a'}"] == lost["{'channel': 'x'}"] + lost["{'channel': 'y'}"] > 0
    assert np.array_equal(before.whole, after.whole)
    outside = (history.cases["csat"].short.minutes < minutes[0]) | (history.cases["csat"].short.minutes >= minutes[1])
    assert np.array_equal(history.cases["csat"].short.part[outside], dipped.cases["csat"].short.part[outside])


def test_a_dip_upwards_is_none() -> None:
    """The same history, so that the command can refuse it."""
    history = simulate([Traffic({}, 20, 0.5)], 2, 1, ((),))
    generator = np.random.default_rng(1)
    assert with_dip(history, "csat", {}, (history.first, history.last), 0.9, generator) is history
    assert with_dip(history, "csat", {"team": "none"}, (history.first, history.last), 0.1, generator) is history
