"""What a worker reads ahead that does not own the scorer, so that it can take over at once: the sums on a board, and which scores stand."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaConsumer

from stream.clock import WallClock, steady_ms
from stream.durations import MINUTE
from stream.engine.ending import end_if_asked
from stream.engine.log_reader import log_reader, places_of, read_from_beginning
from stream.engine.rest import Rest
from stream.engine.score_log import ScoresLeft
from stream.settings import Settings
from stream.windows.board import Board

log = logging.getLogger(__name__)

_STAYS_BEHIND = 12 * MINUTE
"""Windows stay so far behind the newest score: alerts begin again where the owner last wrote their memory down, at most ten minutes before."""


class ReadAhead:
    """Keeps a board up to date without publishing anything. `left` is what the score topic holds before `positions`."""

    def __init__(self, settings: Settings, board: Board) -> None:
        self._settings = settings
        self._board = board
        self._clock = WallClock(settings.clock)
        self._rest = Rest()
        self.left = ScoresLeft()
        self.positions: dict[int, int] = {}

    async def until(self, owned: asyncio.Event, read: Callable[[], Awaitable[bool]]) -> None:
        """Go on until the scorer is owned. `read` takes in some of the sums, and tells whether their ends have been reached once."""
        consumer = log_reader(self._settings)
        is_ready = False
        try:
            await consumer.start()
            places = await places_of(consumer, self._settings.topics.scores)
            await read_from_beginning(consumer, places)
            while not owned.is_set():
                end_if_asked()
                at_end = await read()
                await self._read_scores(consumer)
                if self._settle(at_end=at_end) and at_end and not is_ready:
                    is_ready = True
                    log.info("scorer: standing by")
            self.positions = {place.partition: await consumer.position(place) for place in places}
        finally:
            await consumer.stop()

    async def _read_scores(self, consumer: AIOKafkaConsumer) -> None:
        for records in (await consumer.getmany()).values():
            for record in records:
                self.left.note(record)

    def _settle(self, *, at_end: bool) -> bool:
        """Bring the board up to date, where the rest after the last time is over; tells whether it was."""
        begun = steady_ms()
        is_live = self._clock.is_live(self.left.newest)
        if not self._rest.is_over_ahead(begun, backlog=not (at_end and is_live)):
            return False
        if self._board.settle():
            self._board.forget_what_is_over()
            if is_live and not self._clock.is_fixed:
                self._board.move(self.left.newest - _STAYS_BEHIND)
            self._rest.begin(begun, steady_ms())
        return True
