"""What the demo simulates: the night before, traffic as usual, then one team's bad hour; on its own clock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer

from stream.board.units import human_time
from stream.clock import WallClock, real_ms
from stream.devkit.fill import append
from stream.devkit.helpdesk import DEFAULT_TEAMS, Dip, Helpdesk
from stream.devkit.stories import Mood
from stream.durations import DAY, HOUR, MINUTE, SECOND
from stream.kafka_client import client_options
from stream.settings import Settings

TEAM = DEFAULT_TEAMS[0]
SEED = 16
"""With it the team as a whole is surely bad before one of its channels is, so that its own alert is seen, and why."""
HISTORY = 12 * HOUR
"""What has happened before the simulated time begins: the night before (ms)."""
# So deep that csat_dip, which must be sure over four hours, fires within 40 minutes; so short that its all-clear comes five hours later.
_DIP_AFTER, _DIP_LASTS = 20 * MINUTE, 45 * MINUTE
_DIP_MOOD = Mood(satisfied=0.15, slower=4.0)
_OPENING = 9 * HOUR
# Beyond the all-clear: at the clock's own speed it would take hours.
_AT_LEAST_BACK = 8 * HOUR
_TICK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Plan:
    """Where simulated time begins (ms), how many times faster than the clock it runs, and how many tickets an hour are opened."""

    start: int
    speed: float
    rate: float

    @property
    def dip(self) -> Dip:
        """The bad hour: it begins when the eye has got used to the table."""
        begin = self.start + _DIP_AFTER
        return Dip(TEAM, begin, begin + _DIP_LASTS, _DIP_MOOD)

    def story(self, now: int) -> str:
        """What is going on at a simulated time (ms)."""
        dip = self.dip
        if now < dip.start_ms:
            return "Traffic as usual; late, duplicate and damaged events are among it."
        if dip.end_ms is None or now < dip.end_ms:
            return f"Since {_clock(dip.start_ms)} {dip.team} has a bad hour: unhappy customers, slow replies."
        return f"Since {_clock(dip.end_ms)} {dip.team} is back to normal; its alerts end when their windows are well again."

    def pace(self, now: int, real_now: int) -> str:
        """How simulated time runs at a simulated and a real time (ms)."""
        return "in real time" if self.speed == 1 or real_now - now <= SECOND else f"{self.speed:g} times faster than the clock"


def plan_of(real_now: int, speed: float, rate: float) -> Plan:
    """Simulated time begins at the last 9 in the morning (UTC) at least 8 hours ago; at the clock's own speed it begins now."""
    opening = (real_now - _AT_LEAST_BACK - _OPENING) // DAY * DAY + _OPENING
    return Plan(opening if speed > 1 else real_now, speed, rate)


class Simulation:
    """Produces the events of a plan; `produced` counts them."""

    def __init__(self, plan: Plan, settings: Settings) -> None:
        self.produced = 0
        self._plan = plan
        self._settings = settings
        self._clock = WallClock(settings.clock)
        self._helpdesk = Helpdesk(SEED, start_ms=plan.start - HISTORY, rate_per_hour=plan.rate, dip=plan.dip)

    @property
    def now(self) -> int:
        """Simulated time in ms."""
        return self._clock.wall()

    @property
    def story(self) -> str:
        """What is going on."""
        return self._plan.story(self.now)

    @property
    def pace(self) -> str:
        """How simulated time runs."""
        return self._plan.pace(self.now, real_ms())

    async def run(self) -> None:
        """The night before in one go, then whatever happens, until cancelled."""
        producer = AIOKafkaProducer(**client_options(self._settings.kafka), acks="all", enable_idempotence=True)
        await producer.start()
        try:
            for hour in range(self._plan.start - HISTORY, self._plan.start, HOUR):
                await self._produce(producer, hour + HOUR)
            while True:
                await self._produce(producer, self.now)
                await asyncio.sleep(_TICK_SECONDS)
        finally:
            await producer.stop()

    async def _produce(self, producer: AIOKafkaProducer, until: int) -> None:
        records = self._helpdesk.until(until)
        if records:
            self.produced += await append(producer, self._settings.topics.sources, records)


def _clock(ms: int) -> str:
    return human_time(ms / SECOND)[-5:]
