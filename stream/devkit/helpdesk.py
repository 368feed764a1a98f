"""A simulated helpdesk: tickets by the hour of the day, one team's bad day, and the disorder of real event streams."""

from __future__ import annotations

import heapq
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.times import iso
from stream.devkit.disorder import DAMAGES, damaged
from stream.devkit.load import CLOSED, REPLIED, LoadRecord
from stream.devkit.stories import Happening, Mood, story
from stream.durations import HOUR, MINUTE

DEFAULT_TEAMS = ("billing", "shipping", "technical", "accounts")
DEFAULT_CHANNELS = ("email", "chat", "phone")
# Tickets by hour (UTC) against the mean: quiet nights, a busy morning, a long afternoon.
_BY_HOUR = (0.3, 0.2, 0.2, 0.2, 0.3, 0.4, 0.7, 1.1, 1.6, 1.9, 2.0, 1.9, 1.6, 1.7, 1.8, 1.7, 1.5, 1.2, 1.0, 0.9, 0.7, 0.5, 0.3, 0.3)
_BUSIEST = max(_BY_HOUR)


DIP_MOOD = Mood(satisfied=0.45, slower=4.0)


@dataclass(frozen=True)
class Dip:
    """From `start_ms` to `end_ms` (None: for ever) customers of one team are less satisfied, and its first replies slower."""

    team: str
    start_ms: int
    end_ms: int | None = None
    mood: Mood = DIP_MOOD

    def covers(self, team: str, time_ms: int) -> bool:
        """Whether the dip is on for this team at this time."""
        return team == self.team and self.start_ms <= time_ms and (self.end_ms is None or time_ms < self.end_ms)


@dataclass(frozen=True)
class Disorder:
    """Shares of records that arrive late (by minutes to hours), twice, or damaged.

    What ends the waiting of a ticket is never late: the helpdesk itself says it, not a survey tool or a nightly export.
    """

    late: float = 0.01
    twice: float = 0.01
    damaged: float = 0.004


NO_DISORDER = Disorder(late=0.0, twice=0.0, damaged=0.0)
USUAL_DISORDER = Disorder()


class Helpdesk:
    """Events of a helpdesk, pulled by time: the same seed gives the same events, in however many steps they are pulled.

    `rate_per_hour` is the mean number of tickets opened, from `start_ms` (event time, ms since 1970) on.
    """

    def __init__(  # noqa: PLR0913  the knobs of a helpdesk, each with a default
        self,
        seed: int,
        *,
        start_ms: int,
        rate_per_hour: float = 120.0,
        teams: Sequence[str] = DEFAULT_TEAMS,
        channels: Sequence[str] = DEFAULT_CHANNELS,
        dip: Dip | None = None,
        disorder: Disorder = USUAL_DISORDER,
    ) -> None:
        self._rng = random.Random(seed)
        self._teams, self._channels = tuple(teams), tuple(channels)
        self._moods = {team: Mood(satisfied=self._rng.uniform(0.84, 0.94), slower=self._rng.uniform(0.8, 1.3)) for team in self._teams}
        self._dip, self._disorder = dip, disorder
        self._candidates_per_ms = rate_per_hour * _BUSIEST / HOUR
        self._pending: list[tuple[int, int, LoadRecord]] = []
        self._tickets = self._serial = 0
        self._next_ms = float(start_ms)
        self._step()

    def until(self, now_ms: int) -> list[LoadRecord]:
        """All events that arrive up to `now_ms` and were not pulled before, in the order of their arrival (`order_ms`)."""
        while self._next_ms <= now_ms:
            self._maybe_open(int(self._next_ms))
            self._step()
        arrived: list[LoadRecord] = []
        while self._pending and self._pending[0][0] <= now_ms:
            arrived.append(heapq.heappop(self._pending)[2])
        return arrived

    def _step(self) -> None:
        self._next_ms += self._rng.expovariate(self._candidates_per_ms)

    def _maybe_open(self, time_ms: int) -> None:
        """Thinning: candidates come at the busiest hour's rate, and each hour keeps its share."""
        if self._rng.random() * _BUSIEST >= _BY_HOUR[time_ms // HOUR % 24]:
            return
        team, channel = self._rng.choice(self._teams), self._rng.choice(self._channels)
        ticket_id = f"H-{self._tickets}"
        self._tickets += 1
        told = story(self._rng, team=team, channel=channel, opened_ms=time_ms, mood_at=lambda at_ms: self._mood(team, at_ms))
        prompt = next((happening for happening in told if _ends_waiting(happening)), None)
        for happening in told:
            self._arrive(_record(ticket_id, happening, self._new_serial()), may_be_late=happening is not prompt)

    def _mood(self, team: str, time_ms: int) -> Mood:
        return self._dip.mood if self._dip and self._dip.covers(team, time_ms) else self._moods[team]

    def _arrive(self, record: LoadRecord, *, may_be_late: bool) -> None:
        share = self._disorder
        is_late = self._rng.random() < share.late and may_be_late
        delay = self._rng.randrange(5 * MINUTE, 4 * HOUR) if is_late else self._rng.randrange(500)
        self._push(record, delay)
        if self._rng.random() < share.twice:
            self._push(record, delay + self._rng.randrange(20 * MINUTE))
        if self._rng.random() < share.damaged:
            self._push(damaged(record, self._rng.choice(list(DAMAGES)), self._new_serial()), delay)

    def _push(self, record: LoadRecord, delay: int) -> None:
        order_ms = record.time_ms + delay
        heapq.heappush(self._pending, (order_ms, self._new_serial(), record._replace(order_ms=order_ms)))

    def _new_serial(self) -> int:
        self._serial += 1
        return self._serial


def _ends_waiting(happening: Happening) -> bool:
    """A public reply of an agent, or an end without one."""
    if happening.topic_index == REPLIED:
        return bool(happening.data["author"] == "agent" and happening.data["public"])
    return happening.topic_index == CLOSED


def _record(ticket_id: str, happening: Happening, serial: int) -> LoadRecord:
    event = {
        "specversion": "1.0",
        "type": happening.type,
        "source": "simulated-helpdesk",
        "id": f"e-{serial}",
        "time": iso(happening.time_ms),
        "data": {"ticket_id": ticket_id, **happening.data},
    }
    value = json.dumps(event, separators=(",", ":")).encode()
    return LoadRecord(happening.time_ms, happening.time_ms, happening.topic_index, ticket_id.encode(), value)
