"""The worker: checks, starts the Faust app, runs the scorer where it is owned, says when it has caught up, and stops cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from faust.types import TP

from stream.clock import steady_ms
from stream.engine import topics
from stream.engine.app import App, create_app
from stream.engine.control import Generation, current_generation
from stream.engine.ending import cancelled, end_if_asked, within
from stream.engine.fenced import OwnershipLost
from stream.engine.liveness import Liveness
from stream.engine.local_store import check_installed, held
from stream.engine.log_ends import LogEnds
from stream.engine.markers import verify_state
from stream.engine.names import Names
from stream.engine.scorer import Scorer
from stream.engine.scrape import Scrape
from stream.engine.slots import Slots
from stream.engine.source_log import BrokerLog
from stream.engine.stalls import Stalls
from stream.engine.topic_watch import TopicWatch
from stream.errors import BrokerUnavailable, CsatStreamError, UsageError
from stream.kpis.registry import layout
from stream.outlets.health import Health
from stream.outlets.serve import MetricsServer
from stream.rules import Rules, rules_of
from stream.settings import Settings

log = logging.getLogger(__name__)

_CHECK_SECONDS = 0.1
_LOOK_EVERY = 5.0
_SCORER_REST = 1.0
_RECOVERED_CHECK = 0.02
_GIVES_WAY_MS = 30_000
_STALL_SECONDS = 2.0
_STOP_SECONDS = 4.0
_ENDS_SECONDS = 2.0
# Hardly anything here is cyclic; by default the collector would walk a million tickets again and again.
COLLECT_AFTER = (4_000_000, 10, 100)


class Worker:
    """One worker process. `publish` is off while a rebuild fills a new generation."""

    def __init__(self, settings: Settings, generation: Generation, *, publish: bool = True) -> None:
        self._settings = settings
        self._generation = generation
        self._publish = publish
        self._names = Names(settings.app, generation.number)
        self._scoring: asyncio.Task[None] | None = None
        self._scorer: Scorer | None = None
        self._owned = asyncio.Event()
        self._topic_watch: TopicWatch | None = None
        self._control_end: int | None = None
        self.health = Health()
        self.caught_up = asyncio.Event()
        self._failed: asyncio.Future[None] | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. Raises what made it impossible to go on."""
        with self._local_store():
            async with topics.admin(self._settings) as client:
                await self._run_until(client, stop)

    @contextlib.contextmanager
    def _local_store(self) -> Iterator[None]:
        if self._settings.local_store is None:
            yield
            return
        check_installed()
        with held(self._settings.local_store, self._names):
            yield

    async def _run_until(self, client: AIOKafkaAdminClient, stop: asyncio.Event) -> None:
        gc.set_threshold(*COLLECT_AFTER)
        self._failed = asyncio.get_running_loop().create_future()
        partitions, ids = await self._check_topics(client)
        rules = rules_of(self._settings, layout=layout())
        await verify_state(self._settings, self._names, partitions, rules.fingerprint, ids)
        self._source_log = BrokerLog(self._settings, partitions)
        self._slots = self._make_slots(rules, ids)
        app = create_app(self._slots, partitions)
        await self._source_log.start()
        await self._slots.letters.start()
        targets = await self._source_log.all_ends()
        metrics = self._start_metrics()
        tasks = [self._watching(what) for what in (self._watch_ready(targets), self._watch_others(client), self._watch_stalls(app))]
        starting = asyncio.create_task(_wait(app.start))
        try:
            await self._until_over(app, starting, stop)
        finally:
            if metrics is not None:
                await metrics.stop()
            await self._shut_down(app, [*tasks, starting])

    async def _check_topics(self, client: AIOKafkaAdminClient) -> tuple[int, dict[str, str]]:
        partitions = await topics.source_partitions(client, self._settings)
        wanted = [
            *topics.source_topics(self._settings, partitions),
            *topics.output_topics(self._settings, partitions),
            *topics.internal_topics(self._names, partitions),
        ]
        await topics.create(client, self._settings, topics.internal_topics(self._names, partitions))
        found = await topics.check(client, self._settings, wanted)
        state = (*self._settings.topics.sources, self._names.changelog, self._names.sums)
        self._topic_watch = TopicWatch(found, state)
        return partitions, {name: found[name].id for name in state}

    def _make_slots(self, rules: Rules, topic_ids: dict[str, str]) -> Slots:
        slots = Slots(self._settings, self._names, rules, topic_ids, self._generation, self.health)
        slots.source_log = self._source_log
        slots.on_owner_change = self._on_owner_change
        slots.on_failure = self._fail
        return slots

    # -- metrics

    def _start_metrics(self) -> MetricsServer | None:
        if self._settings.metrics.port is None:
            return None
        server = MetricsServer(self._settings.metrics, Scrape(self.health, lambda: self._scorer, self._measure, self._settings.metrics.windows))
        server.start()
        return server

    async def _measure(self) -> None:
        """Bring the health up to date; without a broker the lag stays what it was."""
        ends = await self._ends()
        if ends is not None:
            self._slots.measure(ends)

    async def _ends(self) -> dict[tuple[str, int], int] | None:
        """End offsets of the source topics; None where no broker tells them in time."""
        with contextlib.suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(_ENDS_SECONDS):  # wait_for of Python 3.11 may swallow a cancellation
                return await self._source_log.all_ends()
        return None

    # -- the scorer

    async def _on_owner_change(self) -> None:
        if not self._publish:
            return
        owns = self._slots.owns_scorer
        if self._scoring is not None and (self._scoring.done() or (self._owned.is_set() and not owns)):
            await cancelled(self._scoring)
            self._scoring = self._scorer = None
            self.health.release_scorer()
        if self._scoring is None and (owns or self._settings.standbys):
            self._owned = asyncio.Event()
            self._scoring = asyncio.create_task(self._score(self._owned))
        if owns:
            self._owned.set()
            self.health.owns_scorer = True

    async def _score(self, owned: asyncio.Event) -> None:
        why: str | None = None
        try:
            await self._give_way()
            while True:
                end_if_asked()
                self._scorer = Scorer(self._settings, self._names, self._slots.rules.fingerprint, self._source_log, self.health)
                if why is not None:
                    await self._until_answered()
                why = await self._run(self._scorer, owned)
                log.warning("scorer: %s; starting it anew", why)
        except OwnershipLost as error:
            log.warning("scorer: refused (%s); joining again", error)
            self._slots.owns_scorer = False
            self._scorer = None
            self.health.release_scorer()
            await self._slots.on_lost()
        except Exception as error:  # noqa: BLE001 (the edge of a background task: without a scorer the worker would go on in silence)
            self._fail(error)

    async def _give_way(self) -> None:
        """Let the tickets come back first: side by side neither would be sooner, and the tickets twice as late."""
        until = steady_ms() + _GIVES_WAY_MS
        while self._slots.is_recovering and steady_ms() < until:  # noqa: ASYNC110 (it ends in several ways)
            await asyncio.sleep(_RECOVERED_CHECK)

    async def _until_answered(self) -> None:
        """Wait for the broker: without it each attempt would be a scorer with tables of its own."""
        while True:
            await asyncio.sleep(_SCORER_REST)
            if await self._ends() is not None:
                return

    async def _run(self, scorer: Scorer, owned: asyncio.Event) -> str:
        """Let a scorer run until the broker fails it or it hears no more of what is flushed; tells which. Its successor fences it."""
        running = asyncio.create_task(scorer.run(owned if self._settings.standbys else None))
        deaf = asyncio.create_task(self._until_deaf(scorer, owned))
        try:
            await asyncio.wait({running, deaf}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                return "it hears no more of what is flushed"
            error = running.exception()
        finally:
            deaf.cancel()
            running.cancel()
            # Not for ever: what has made it deaf may keep it from ending, too.
            await asyncio.wait({running, deaf}, timeout=_STOP_SECONDS)
        if error is None:
            raise RuntimeError("the scorer has ended by itself")
        # The frames of the error hold the scorer and all its tables, and the collector comes too seldom to wait for it.
        traceback.clear_frames(error.__traceback__)
        if isinstance(error, KafkaError):
            return type(error).__name__
        del scorer
        raise error

    async def _until_deaf(self, scorer: Scorer, owned: asyncio.Event) -> None:
        liveness = Liveness()
        await owned.wait()
        while not liveness.is_deaf(steady_ms(), self._slots.durable_flushes(), scorer.heard()):  # noqa: ASYNC110 (nothing tells of what does not happen)
            await asyncio.sleep(_LOOK_EVERY)

    def _fail(self, error: BaseException) -> None:
        if self._failed is not None and not self._failed.done():
            self._failed.set_exception(error)

    # -- watching

    def _watching(self, what: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task beside the work; an error that nobody has thought of ends the worker: without its watchers it would go on blindly."""

        def over(task: asyncio.Task[None]) -> None:
            error = None if task.cancelled() else task.exception()
            if error is not None:
                self._fail(error)

        task = asyncio.create_task(what)
        task.add_done_callback(over)
        return task

    async def _watch_ready(self, targets: dict[tuple[str, int], int]) -> None:
        while not self._is_caught_up(targets):  # noqa: ASYNC110 (it waits for several things at once)
            await asyncio.sleep(_CHECK_SECONDS)
        gc.collect()
        gc.freeze()
        log.info("caught up")
        self.caught_up.set()
        if self._settings.ready_file is not None:
            self._write_ready(self._settings.ready_file)

    def _write_ready(self, file: Path) -> None:
        try:
            file.write_text("ready\n", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"ready_file: {file} can't be written: {error.strerror}") from None

    def _is_caught_up(self, targets: dict[tuple[str, int], int]) -> bool:
        if not self._slots.has_joined or not self._slots.is_caught_up(targets):
            return False
        if not self._publish or not self._slots.owns_scorer:
            return True
        return self._scorer is not None and self._scorer.complete.is_set()

    async def _watch_others(self, client: AIOKafkaAdminClient) -> None:
        """Another generation has taken over, or a topic is another one now: this worker ends, and says so."""
        while self._failed is not None and not self._failed.done():
            await asyncio.sleep(_LOOK_EVERY)
            try:
                await self._look(client)
            except (KafkaError, TimeoutError, BrokerUnavailable):
                continue  # without a broker nobody can say
            except CsatStreamError as error:
                self._fail(error)

    async def _watch_stalls(self, app: App) -> None:
        """Fetch again what has not arrived: Faust may lose a fetched chunk around a rebalance, and no other need come behind it.

        A source log that has lost records ends the worker: what comes under their offsets would be taken for them.
        """
        stalls, log_ends = Stalls(), LogEnds()
        while True:
            await asyncio.sleep(_STALL_SECONDS)
            before = self._slots.offsets()
            ends = await self._ends()
            if ends is None:
                continue  # without a broker nothing can arrive
            if not log_ends.verify(before, ends):
                self._source_log.forget_leaders()
            for number in stalls.found(steady_ms(), self._slots.behind(ends)):
                log.warning("partition %d: nothing arrives although there is more to read; fetching it again", number)
                for topic in self._settings.topics.sources:
                    await app.consumer.go_to(TP(topic, number), self._slots.next_offset(topic, number))  # type: ignore[attr-defined]

    async def _look(self, client: AIOKafkaAdminClient) -> None:
        if self._topic_watch is None:
            return
        found = await topics.find(client, self._topic_watch.names)
        self._topic_watch.verify(found)
        if self._names.control not in found:
            return  # to ask for its end might make it anew
        # A consumer of its own for every look would leave its connections to the garbage collector, which hardly ever comes.
        async with asyncio.timeout(_ENDS_SECONDS):
            end = await self._source_log.end(self._names.control, 0)
        if end != self._control_end:
            current = await current_generation(self._settings)
            if current.number > self._generation.number:
                raise CsatStreamError(f"generation {current.number} of the state has taken over; start this worker again")
            self._control_end = end

    async def _until_over(self, app: App, starting: asyncio.Task[None], stop: asyncio.Event) -> None:
        """Until the end of the work, which may come before the start is over: that lasts as long as the recovery."""
        crashed = app._crashed  # noqa: SLF001 (Faust tells it nowhere else)
        over = [asyncio.create_task(_wait(what)) for what in (stop.wait, crashed.wait, lambda: self._failure)]
        await asyncio.wait((*over, starting), return_when=asyncio.FIRST_COMPLETED)
        if starting.done() and starting.exception() is None:
            await asyncio.wait(over, return_when=asyncio.FIRST_COMPLETED)
        for task in over:
            if not task.done():
                task.cancel()
        for task in (*over, starting):
            if task.done():
                task.result()
        if app.crash_reason is not None:
            raise app.crash_reason

    @property
    def _failure(self) -> asyncio.Future[None]:
        if self._failed is None:
            raise RuntimeError("not running")
        return self._failed

    async def _shut_down(self, app: App, tasks: list[asyncio.Task[None]]) -> None:
        self._publish = False  # a rebalance may still come, and make this worker the scorer's owner
        if self._settings.ready_file is not None:
            with contextlib.suppress(OSError):
                self._settings.ready_file.unlink(missing_ok=True)
        for task in tasks:
            await cancelled(task, again=_STOP_SECONDS)
        if self._scoring is not None:
            await cancelled(self._scoring)
        # Without a broker nothing of this comes to an end; what was not made durable is read again.
        for end in (self._slots.stop, app.stop, self._source_log.stop):
            with contextlib.suppress(TimeoutError):
                await within(_STOP_SECONDS, end())


async def _wait(what: Callable[[], Awaitable[object]]) -> None:
    await what()
