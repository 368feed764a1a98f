"""A scripted feed of ratings, a step a minute of simulated time, and what the alert topic says of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from engine_case import Case, Input, event

from schemas.alerts import Alert
from schemas.times import from_iso
from stream.alerts.shipped import shipped_rules
from stream.clock import real_ms
from stream.durations import HOUR, MINUTE, SECOND

RATINGS = 3
SPEED = 120.0
"""Two simulated minutes a second."""
START_UP = 12 * SECOND


class Said(NamedTuple):
    """One entry of an alert's history; `since` in minutes of the script."""

    rule: str
    segment: str
    since: int
    state: str


@dataclass(frozen=True)
class Script:
    """Ratings by minute: team, and how many good and bad ones. `begin`: simulated ms of the first; `at`: real ms when it is produced."""

    begin: int
    at: int
    minutes: Sequence[Sequence[tuple[str, int, int]]]

    @classmethod
    def beginning_soon(cls, minutes: Iterable[Sequence[tuple[str, int, int]]]) -> Script:
        """It lies in the past, so that simulated time may run faster than the clock; a worker can be ready before it begins."""
        return cls((real_ms() - 6 * HOUR) // MINUTE * MINUTE, real_ms() + START_UP, list(minutes))

    @property
    def clock(self) -> dict[str, Any]:
        """The clock setting of every worker."""
        return {"simulated_from": self.begin, "simulated_at": self.at, "simulated_speed": SPEED}

    async def run(self, case: Case) -> None:
        """Produce every minute at its time."""
        for number in range(len(self.minutes)):
            due = self.at + number * MINUTE / SPEED
            await asyncio.sleep(max(0.0, (due - real_ms()) / SECOND))
            await case.produce(self._ratings(number))

    def _ratings(self, number: int) -> list[Input]:
        time = self.begin + number * MINUTE + SECOND
        found = []
        for team, good, bad in self.minutes[number]:
            for index in range(good + bad):
                ticket = f"{team}-{number}-{index}"
                score = 5 if index < good else 1
                found.append(Input(RATINGS, ticket.encode(), event("rating.submitted", ticket, time, f"r-{ticket}", score=score, team=team)))
        return found

    async def history(self, case: Case) -> list[Said]:
        """What the alert topic has said of each alert, in order; repeats removed."""
        alerts = await alerts_of(case)
        said = sorted((_said(alert, self.begin) for alert in alerts), key=lambda each: (each.rule, each.segment))
        return [each for each, _ in groupby(said)]


def _said(alert: Alert, begin: int) -> Said:
    since = -1 if alert.since is None else (from_iso(alert.since) - begin) // MINUTE
    return Said(alert.rule, json.dumps(alert.segment), since, alert.state)


async def alerts_of(case: Case) -> list[Alert]:
    """Every alert record, in order; the program's own records are left out."""
    records = [record for record in await case.read(case.settings.topics.alerts) if b'"clock"' not in (record.key or b"")]
    return [Alert.model_validate_json(record.value) for record in records if record.value is not None]


def only(**rules: dict[str, Any]) -> dict[str, Any]:
    """Alert settings with these rules alone; shipped ones may be changed, and others made."""
    off = {name: {"enabled": False} for name in shipped_rules() if name not in rules}
    return {"rules": {**off, **rules}}
