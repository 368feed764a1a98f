"""The afternoon that README and docs/alerts.md tell of: a made-up helpdesk of four teams, judged minute by minute by the shipped rules."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from random import Random
from typing import Any

from schemas.alerts import Alert, alert_key
from schemas.times import from_iso
from stream.alerts.book import Book
from stream.alerts.content import alert_record
from stream.alerts.gather import Gatherer
from stream.alerts.live import LiveSight
from stream.alerts.low_ratings import LowRatings
from stream.alerts.needs import needs_of
from stream.alerts.rules import Rating
from stream.alerts.shipped import rules_in_force
from stream.alerts.targets import Targets
from stream.durations import DAY, HOUR, MINUTE
from stream.segments import parse_segment
from stream.settings import Settings
from stream.windows.board import Board
from tests.helpdesk import Event, log
from tests.judging import verdicts_of
from tests.pipeline import Pipeline

BEGIN = from_iso("2026-11-15T00:00:00.000Z")
DIP = from_iso("2026-11-17T13:00:00.000Z")
LOOK_FROM = from_iso("2026-11-17T12:00:00.000Z")
FIRED = from_iso("2026-11-17T15:12:00.000Z")
"""When csat_dip fires."""
END = from_iso("2026-11-18T01:00:00.000Z")
DIP_HOURS = 4
SEED = 2
TEAMS = {"accounts": 12, "billing": 16, "shipping": 12, "technical": 14}
"""Ratings an hour."""
CHANNELS = ("chat", "email", "email", "social")
HEALTHY = 0.91
BAD = {"chat": 0.15, "email": 0.75, "social": 0.75}
"""Share of satisfied customers of the team billing in the bad hours."""


def events(random: Random) -> Iterator[Event]:
    """Tickets with their whole lives: opened, replied, closed, rated."""
    for team, rate in TEAMS.items():
        for number in range(rate * (END - BEGIN) // HOUR):
            rated_at = BEGIN + random.randrange(END - BEGIN)
            channel = random.choice(CHANNELS)
            bad_hours = team == "billing" and DIP <= rated_at < DIP + DIP_HOURS * HOUR
            satisfied = random.random() < (BAD[channel] if bad_hours else HEALTHY)
            score = random.choice((4, 5, 5)) if satisfied else random.choice((1, 2, 3))
            yield from life(f"{team[0].upper()}-{1000 + number}", team, channel, rated_at, score, random)


def life(ticket: str, team: str, channel: str, rated_at: int, score: int, random: Random) -> Iterator[Event]:
    """One ticket."""
    opened = rated_at - random.randrange(40, 400) * MINUTE
    replied = opened + random.randrange(2, 35) * MINUTE
    said: list[tuple[str, int, dict[str, Any]]] = [
        ("ticket.opened", opened, {"team": team, "channel": channel, "initiated_by": "customer"}),
        ("ticket.replied", replied, {"author": "agent", "public": True, "agent": "ann"}),
        ("ticket.closed", rated_at - MINUTE, {"agent": "ann"}),
        ("rating.submitted", rated_at, {"score": score, "survey_id": "s"}),
    ]
    for number, (kind, time, data) in enumerate(said):
        yield Event(kind, time, data, ticket=ticket, id=f"{ticket}-{number}")


class Afternoon:
    """What the rules said, and the board and book at the time of the last look."""

    def __init__(self, until: int = END) -> None:
        self.settings = Settings()
        self.rules = {name: rule for name, rule in rules_in_force(self.settings).items() if not isinstance(rule, Rating)}
        self.book = Book(self.rules)
        self.lows = LowRatings()
        self.alerts: list[Alert] = []
        self._targets = Targets.of(self.settings)
        self._revisions: dict[bytes, int] = {}
        self._pipeline = Pipeline(self.settings, needs=needs_of(self.rules.values()))
        self._run(until)

    @property
    def board(self) -> Board:
        """The sums."""
        return self._pipeline.board

    def _run(self, until: int) -> None:
        records = log(sorted(events(Random(SEED)), key=lambda event: event.time))
        times = [record.timestamp for record in records]
        done = 0
        for tick in range(LOOK_FROM, until + 1, MINUTE):
            upto = bisect_right(times, tick)
            self._pipeline.feed(records[done:upto])
            self._pipeline.flush(tick - DAY)
            self._look(tick)
            done = upto

    def _look(self, tick: int) -> None:
        self.board.move(tick)
        for name, packed in self.board.take_low_ratings():
            self.lows.put(name, packed)
        figures = self.board.figures()
        changes = self.book.tick(tick, verdicts_of(LiveSight(figures), self.rules, self.book, self._targets), live=True)
        gatherer = Gatherer(self.settings, figures, self.lows, self.book, ())
        for change in changes:
            key = alert_key(change.key.rule, parse_segment(change.key.segment))
            self._revisions[key] = self._revisions.get(key, 0) + 1
            self.alerts.append(alert_record(change, gatherer.facts(self.rules[change.key.rule], change, self._revisions[key])))


@cache
def afternoon() -> Afternoon:
    """All of it, worked out once."""
    return Afternoon()
