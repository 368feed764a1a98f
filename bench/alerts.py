"""How often the rules cry wolf, and how soon they find what is really wrong: many simulated months through the real rules.

Each trial runs a number of seeds side by side, one segment each; before the month that is judged come four weeks or more that are not.
`python -m bench.alerts` prints all figures and writes them to bench/results/alerts.json.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.machine import machine, versions
from stream.alerts.rules import Drift, Rule
from stream.alerts.shipped import shipped_rules
from stream.alerts.targets import Targets
from stream.backtest.episodes import Episode
from stream.backtest.history import History
from stream.backtest.report import flaps
from stream.backtest.run import replay, replay_naive
from stream.backtest.sight import Replay
from stream.backtest.simulate import FLEET_LISTS, MONDAY, OFFICE, Step, Traffic, fleet, simulate
from stream.durations import HOUR, MINUTE
from stream.settings import Settings

RESULT = Path(__file__).parent / "results" / "alerts.json"
SEEDS = 40
DAYS = 30
BASELINE = 90.0
_BEFORE = 35
"""Days before the judged month: whole weeks, and more than any rule looks back at."""
_A_DAY = 24 * 60
_FALLEN = 10
_STOPPED = 7
"""Days that a fall and a stop last."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with the bound it must keep: at most `most`, or at least `least`."""

    name: str
    value: float
    most: float | None = None
    least: float | None = None

    @property
    def holds(self) -> bool:
        """Whether it keeps its bound."""
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)

    def __str__(self) -> str:
        bound = f"at most {self.most:g}" if self.most is not None else f"at least {self.least:g}" if self.least is not None else ""
        return f"{'   ' if self.holds else '!! '}{self.name}: {self.value:g}{f' ({bound})' if bound else ''}"


@dataclass(slots=True)
class Trial:
    """One trial: its figures, and what else is worth knowing of it."""

    name: str
    seed: int
    figures: list[Figure]
    notes: dict[str, Any] = field(default_factory=dict)


def healthy(per_hour: float, seeds: int, seed: int) -> Trial:
    """Months in which nothing is wrong, at 0.90: whatever fires is false."""
    history = _side_by_side([Traffic({}, per_hour, 0.90)] * seeds, _BEFORE + DAYS, seed)
    outcome = _judge(history, ("csat_dip", "csat_low", "csat_drift"))
    counts = {name: len(outcome[name]) for name in ("csat_dip", "csat_low", "csat_drift")}
    naive = replay_naive(Replay(history), _targets(), history.last - DAYS * _A_DAY + 1, history.last).episodes
    at = f"healthy, {per_hour:g}/h"
    figures = [
        Figure(f"{at}: csat_dip and csat_low, false episodes a month", (counts["csat_dip"] + counts["csat_low"]) / seeds, most=0.1),
        Figure(f"{at}: naive rule, false episodes a month", len(naive) / seeds, least=8),
        Figure(f"{at}: csat_drift, false alarms in {seeds} months", counts["csat_drift"], most=20 * seeds / SEEDS),
    ]
    return Trial(at, seed, figures, {**counts, "naive, a month, without flaps": (len(naive) - flaps(naive)) / seeds})


def healthy_fleet(seeds: int, seed: int) -> Trial:
    """A healthy helpdesk of 20 teams and 4 channels: pages and tickets of csat_low a month, in all 25 segments together."""
    told = {"csat_dip": 0, "csat_low": 0}
    for number in range(seeds):
        history = simulate(fleet(np.random.default_rng([seed, number])), _BEFORE + DAYS, seed + number, FLEET_LISTS)
        for name, episodes in _judge(history, tuple(told)).items():
            told[name] += sum(episode.said for episode in episodes)
    figures = [
        Figure("healthy fleet: pages (csat_dip) a month", told["csat_dip"] / seeds, most=1),
        Figure("healthy fleet: csat_low tickets a month", told["csat_low"] / seeds, most=1),
    ]
    return Trial("healthy fleet", seed, figures)


def falls(rule: str, per_hour: float, to: float, most: Mapping[str, float], sizes: tuple[int, int]) -> Trial:
    """From 0.90 to `to` for ten days: hours until `rule` fires. `sizes`: number of seeds, seed."""
    seeds, seed = sizes
    step = Step(_BEFORE * _A_DAY, (_BEFORE + _FALLEN) * _A_DAY, satisfied=to)
    history = _side_by_side([Traffic({}, per_hour, 0.90, steps=(step,))] * seeds, _BEFORE + _FALLEN, seed)
    # A day earlier, so that what fires already can be told from what the fall sets off.
    episodes = _judge(history, (rule,), days=_FALLEN + 1)[rule]
    begin = MONDAY + step.begin * MINUTE
    already = {episode.key for episode in episodes if episode.fired_at < begin and (episode.ended_at is None or episode.ended_at > begin)}
    fired: dict[Any, float] = {}
    for episode in episodes:
        if episode.fired_at >= begin and episode.key not in already:
            fired.setdefault(episode.key, (episode.fired_at - begin) / HOUR)
    delays = sorted(fired.values())
    at = f"0.90 to {to:.2f} at {per_hour:g}/h: {rule}"
    figures = [Figure(f"{at}, {name} (h)", round(_quantile(delays, share), 2), most=most.get(name)) for name, share in _SHARES.items()]
    figures.append(Figure(f"{at}, missed", seeds - len(delays) - len(already), most=0))
    return Trial(at, seed, figures, {"fired before": len(already)})


def signal(per_hour: float, seeds: int, seed: int) -> Trial:
    """Office hours with 40 % variation from day to day: false signal_lost a month, and active hours until a real stop is found."""
    usual = Traffic({}, per_hour, 0.90, OFFICE, daily=0.4)
    false = _judge(_side_by_side([usual] * seeds, _BEFORE + DAYS, seed, "channel"), ("signal_lost",))["signal_lost"]
    begins = _stops(seeds, seed)
    stopped = [Traffic({}, per_hour, 0.90, OFFICE, 0.4, (Step(begin, begin + _STOPPED * _A_DAY, rate=0),)) for begin in begins]
    days = 2 * _STOPPED
    episodes = _judge(_side_by_side(stopped, _BEFORE + days, seed, "channel"), ("signal_lost",), days)["signal_lost"]
    found: dict[str, float] = {}
    for episode in episodes:
        begin = begins[_number(episode)] * MINUTE + MONDAY
        if episode.ended_at is None or episode.ended_at > begin:
            found.setdefault(episode.key.segment, _active_hours(begin, episode.fired_at))
    delays = sorted(found.values())
    at = f"signal_lost at {per_hour:g}/h in office hours"
    figures = [Figure(f"{at}: false a month", len(false) / seeds, most=0.25)]
    figures += [Figure(f"{at}: stop found after active hours, {name}", round(_quantile(delays, share), 2), most=4) for name, share in _SHARES.items()]
    figures.append(Figure(f"{at}: stops missed", seeds - len(delays), most=0))
    return Trial(at, seed, figures)


_SHARES = {"median": 0.5, "p95": 0.95}


def trials(seeds: int) -> Sequence[Trial]:
    """Everything that is asked for, in the order of the issue."""
    return [
        healthy(5, seeds, 1),
        healthy(20, seeds, 2),
        healthy_fleet(seeds, 300),
        falls("csat_dip", 20, 0.60, {"median": 3.5, "p95": 5.5}, (seeds, 4)),
        falls("csat_drift", 20, 0.80, {"median": 8}, (seeds, 5)),
        falls("csat_drift", 5, 0.80, {"median": 26}, (seeds, 6)),
        *(signal(per_hour, seeds, 7 + number) for number, per_hour in enumerate((10, 20, 40))),
    ]


def _judge(history: History, names: Sequence[str], days: int = DAYS) -> dict[str, list[Episode]]:
    """Episodes of some shipped rules in the last days of a history."""
    first = history.last - days * _A_DAY + 1
    found = replay(Replay(history), {name: _rule(name) for name in names}, _targets(), first, history.last).episodes
    return {name: [episode for episode in found if episode.key.rule == name] for name in names}


def _rule(name: str) -> Rule:
    rule = shipped_rules()[name]
    return rule.model_copy(update={"baseline": BASELINE}) if isinstance(rule, Drift) else rule


def _targets() -> Targets:
    return Targets.of(Settings())


def _side_by_side(traffic: Sequence[Traffic], days: int, seed: int, dimension: str = "team") -> History:
    """Every traffic in a segment of its own."""
    named = [Traffic({dimension: f"{number}"}, own.per_hour, own.satisfied, own.week, own.daily, own.steps) for number, own in enumerate(traffic)]
    return simulate(named, days, seed, ((dimension,),))


def _number(episode: Episode) -> int:
    return int(next(iter(json.loads(episode.key.segment).values())))


def _stops(seeds: int, seed: int) -> list[int]:
    """Minutes of history at which ratings stop: any minute of the office hours of any working day of the month's first week."""
    generator = np.random.default_rng([seed, SEEDS])
    office = np.flatnonzero(np.repeat(OFFICE, 60)) + _BEFORE * _A_DAY
    return [int(minute) for minute in generator.choice(office, seeds)]


def _active_hours(begin: int, end: int) -> float:
    """Office hours between two times (ms)."""
    minutes = np.arange(begin // MINUTE, end // MINUTE) - MONDAY // MINUTE
    return float(np.asarray(OFFICE)[minutes // 60 % len(OFFICE)].sum() / 60)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """By the nearest rank; infinite where nothing was found."""
    return ordered[max(1, int(np.ceil(share * len(ordered)))) - 1] if ordered else float("inf")


def main() -> int:
    """Run all trials, print and write their figures; 1 where one does not keep its bound."""
    begin = time.perf_counter()
    done = trials(SEEDS)
    seconds = round(time.perf_counter() - begin, 1)
    for trial in done:
        for figure in trial.figures:
            print(figure)
    result = {
        "seeds": SEEDS,
        "days": DAYS,
        "trials": [
            {"name": trial.name, "seed": trial.seed, "figures": {one.name: one.value for one in trial.figures}, "notes": trial.notes}
            for trial in done
        ],
        "seconds": seconds,
        "machine": machine(),
        "versions": versions(),
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"{seconds} s; written to bench/results/{RESULT.name}")
    return 0 if all(figure.holds for trial in done for figure in trial.figures) else 1


if __name__ == "__main__":
    sys.exit(main())
