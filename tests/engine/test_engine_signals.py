"""Ratings that stop coming in, on the real broker, and a replay of old ones that notifies nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from alert_feed import AT_ONCE, always, assert_revisions_count, has, hook, never, rating, ratings, said, until_said
from alert_script import alerts_of, only
from engine_case import Case, Input
from engine_worker import WorkerProcess, until

from schemas.alerts import Alert
from stream.clock import real_ms
from stream.devkit.receiver import WebhookReceiver
from stream.durations import DAY, HOUR, MINUTE, SECOND

SPEED = 600.0
"""Ten simulated minutes a second: an hour without ratings is six seconds long."""
START_UP = 12 * SECOND
WEEK = 7 * DAY
LOW = {"kind": "custom", "metric": "csat", "window": "90m", "below": 80, "min_n": 10, "severity": "page", "source": "own", **AT_ONCE}


class Simulation:
    """A clock that runs ten minutes a second, from eight hours ago on."""

    def __init__(self) -> None:
        self.begin = (real_ms() - 8 * HOUR) // HOUR * HOUR
        self.at = real_ms() + START_UP

    @property
    def clock(self) -> dict[str, Any]:
        """The clock setting."""
        return {"simulated_from": self.begin, "simulated_at": self.at, "simulated_speed": SPEED}

    async def feed(self, case: Case, name: str, minutes: range, bad: Callable[[int], bool]) -> None:
        """A rating a minute in these minutes since the beginning, by chat, every ten minutes together."""
        for minute in minutes[::10]:
            times = range(self.begin + minute * MINUTE, self.begin + (minute + 10) * MINUTE, MINUTE)
            await self.until(minute + 9)
            await case.produce(ratings(f"{name}-{minute}", times, bad, channel="chat"))

    async def until(self, minute: int) -> None:
        """Wait for a minute."""
        await asyncio.sleep(max(0.0, (self.at + minute * MINUTE / SPEED - real_ms()) / SECOND))

    def history(self) -> list[Input]:
        """A good rating a minute in the same hours of the last three weeks."""
        weeks = [range(self.begin - week * WEEK, self.begin - week * WEEK + 9 * HOUR, MINUTE) for week in (3, 2, 1)]
        return [each for number, times in enumerate(weeks) for each in ratings(f"week-{number}", times, never, channel="chat")]


def of(alerts: list[Alert], rule: str) -> list[str]:
    """What a rule has said of everything, in order."""
    return [each.event for each in alerts if each.rule == rule and not each.segment]


async def test_rating_topic_goes_silent(new: Callable[..., Case], start: Callable[..., WorkerProcess], tmp_path: Path) -> None:
    """signal_lost fires and a csat rule stands still, where one that does not freeze goes stale; both are undone when ratings come back."""
    simulation = Simulation()
    async with WebhookReceiver() as receiver:
        case = new(
            partitions=1,
            clock=simulation.clock,
            segments=[[], ["channel"]],
            alerts=only(signal_lost={}, frozen={**LOW, "freezes_with_signal": True}, free=LOW),
            notify=[hook(receiver, tmp_path)],
        )
        await case.create_topics()
        await case.produce(simulation.history())
        worker = start(case, "worker")
        await worker.until_ready()
        await simulation.feed(case, "bad", range(0, 60, 1), always)
        await until_said(case, lambda alerts: has(alerts, "frozen", "fired") and has(alerts, "free", "fired"))
        silent = await until_said(case, lambda alerts: has(alerts, "signal_lost", "fired") and has(alerts, "free", "stale"))
        assert has(silent, "signal_lost", "fired", channel="chat")
        assert of(silent, "frozen")[0] == "fired"
        back = -(-((real_ms() - simulation.at) * SPEED // MINUTE) // 10) * 10
        await simulation.feed(case, "good", range(int(back), int(back) + 100), never)
        alerts = await until_said(case, lambda found: all("resolved" in of(found, rule) for rule in ("signal_lost", "frozen", "free")))
        assert await worker.stop() == 0
    _check_silence(alerts)


def _check_silence(alerts: list[Alert]) -> None:
    lost = next(each for each in alerts if each.rule == "signal_lost" and each.event == "fired" and not each.segment)
    assert (lost.n, lost.severity) == (0, "ticket")
    assert lost.target is not None
    assert 50 <= lost.target <= 61, "a rating a minute was expected"
    assert "stale" in of(alerts, "free")
    assert not {"stale", "back"} & set(of(alerts, "frozen")), "the frozen rule did not stand still"
    cleared = [each for each in alerts if each.event == "resolved"]
    assert {each.reason for each in cleared} == {"cleared"}
    undone = next(each for each in cleared if each.rule == "signal_lost" and not each.segment)
    thawed = next(each for each in cleared if each.rule == "frozen")
    assert undone.ended_at is not None
    assert thawed.ended_at is not None
    assert undone.ended_at <= thawed.ended_at


# -- a replay

RULES = only(
    **{name: {} for name in ("csat_dip", "csat_low", "csat_drift", "target_missed", "budget", "rating_lowest")},
    day={**LOW, "window": "24h"},
    now={**LOW, "window": "15m"},
)
"""What is judged by the ratings themselves (that none come in after a replay is worth saying), and rules of one's own."""


def old_ratings(name: str, begin: int, days: int, dips: dict[int, float], random: Random) -> list[Input]:
    """90 ratings a day from `begin` (ms) on, in order: good ones are 93 %, or the share that `dips` has for the day."""
    times = sorted(random.randrange(begin, begin + days * DAY) for _ in range(90 * days))
    found = []
    for number, time in enumerate(times):
        satisfied = dips.get((time - begin) // DAY, 0.93)
        found.append(rating(f"{name}-{number}", time, 5 if random.random() < satisfied else 1, team=f"team{number % 3}"))
    return found


def replayed(random: Random) -> list[Input]:
    """Three weeks of last year and the last month but for two days, each with a dip in the midst, and one that nobody saw the end of.

    Nobody is satisfied in the last one: as its last ratings leave the window they can't clear the alert by chance.
    """
    now = real_ms()
    dip = dict.fromkeys((6, 7, 8), 0.6)
    year = old_ratings("year", now - 365 * DAY, 21, {**dip, 20: 0.0}, random)
    return year + old_ratings("month", now - 30 * DAY, 28, {**dip, 25: 0.0, 26: 0.0, 27: 0.0}, random)


async def test_replay_notifies_nobody(new: Callable[..., Case], start: Callable[..., WorkerProcess], tmp_path: Path) -> None:
    """Dips that the windows reach back to are recorded, and nobody hears of any; what happens now is told by the same installation."""
    async with WebhookReceiver() as receiver:
        everything = hook(receiver, tmp_path, severities=["page", "ticket", "info"])
        case = new(partitions=1, segments=[[], ["team"]], alerts=RULES, notify=[everything])
        await case.create_topics()
        await case.produce(replayed(Random(4)))
        worker = start(case, "worker")
        await worker.until_ready()
        alerts = await until_said(case, lambda found: of(found, "day")[-1:] == ["stale"])
        assert receiver.requests == []
        assert not [each for each in alerts if each.notify]
        _check_last_episode([each for each in alerts if each.rule == "day" and not each.segment])
        await case.produce(ratings("today", range(real_ms() - 20 * SECOND, real_ms(), SECOND), always, team="team0"))
        assert await until(lambda: ("now", "fired") in said(receiver.requests), 20)
        news = [each for each in await alerts_of(case) if each.notify]
        assert await worker.stop() == 0
    assert {each.rule for each in news} <= {"now", "day", "rating_lowest"}
    assert ("now", "fired") in {(each.rule, each.event) for each in news}, "of the team, or of everything where that speaks"
    assert_revisions_count(alerts)


def _check_last_episode(alerts: list[Alert]) -> None:
    """It fired and went stale; how often it was said to be worse or still bad depends on how far a look was from the next while catching up."""
    last = [each.event for each in alerts if each.since == alerts[-1].since]
    assert (last[0], last[-1]) == ("fired", "stale")
    assert set(last[1:-1]) <= {"worse", "still"}
