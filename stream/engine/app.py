"""The Faust app: group membership, assignment, standbys and recovery are Faust's; transport, store and flush are ours."""

from __future__ import annotations

import os
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import faust
from faust.auth import SASLCredentials, SSLCredentials
from faust.stores import STORES
from faust.tables import TableManager
from faust.tables.recovery import RebalanceAgain
from faust.tables.recovery import Recovery as FaustRecovery
from faust.transport.drivers import TRANSPORTS
from faust.types import TP, StreamT
from faust.types.auth import CredentialsT
from faust.types.transports import ConsumerT
from mode.utils.queues import FlowControlEvent

from stream.durations import SECOND
from stream.engine.chunk import Chunk
from stream.engine.names import TABLE
from stream.engine.slots import Slots
from stream.engine.transport import CHUNK, SCHEME
from stream.kafka_client import client_options
from stream.setting_parts import Kafka

_BUFFERED_CHUNKS = 16
_FETCH_ROOM = 64 * 1024 * 1024
_LEAST_FETCH, _LARGEST_FETCH = 128 * 1024, 1024 * 1024
_CHUNKS_A_RECOVERY_STEP = 4
_HEARTBEAT_SECONDS = 0.5
"""A heartbeat's answer is how a worker hears that another one has gone."""


class Flow(FlowControlEvent):
    """Faust's flow control, which empties the queues where a flow begins again, but not those of a flow that never stood still.

    Faust lets the flow begin once more where a recovery ends, and chunks of copies that have come meanwhile would vanish.
    """

    def resume(self) -> None:
        """Let what is fetched through."""
        if not self.is_active():
            super().resume()


class App(faust.App):
    """A Faust app with the slots of this worker. It needs no folder of its own."""

    slots: Slots

    @cached_property
    def flow_control(self) -> Flow:
        """What opens and closes the queues."""
        return Flow()

    def _create_directories(self) -> None:
        """Faust would make folders for its tables."""


class Recovery(FaustRecovery):
    """Faust's recovery, which ends where a rebalance has overtaken it.

    Faust takes that for the end of reading the tables that are owned, goes on with the standbys, and seeks them to places that are still to be
    found for the new assignment: a ValueError, and the end of the worker.
    """

    async def _seek_offsets(self, consumer: ConsumerT, tps: set[TP], offsets: Counter[TP], title: str) -> None:
        if self.signal_recovery_start.is_set():
            raise RebalanceAgain
        await super()._seek_offsets(consumer, tps, offsets, title)


class Tables(TableManager):
    """Faust's manager of tables without its second of waiting at a start for tables that are still to be defined: there is one, and it is there."""

    @property
    def recovery(self) -> Recovery:
        """The recovery of this manager."""
        if self._recovery is None:
            self._recovery = Recovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return cast("Recovery", self._recovery)

    async def on_start(self) -> None:
        """Let the changelog be subscribed, and recovery begin."""
        if not self.should_stop:
            await self._update_channels()
            await self.recovery.start()


def fetch_size(topic_partitions: int) -> int:
    """Bytes to fetch at once of each of so many: much, since the topics of a partition wait for each other, but not more than memory bears."""
    return max(_LEAST_FETCH, min(_LARGEST_FETCH, _FETCH_ROOM // topic_partitions))


def create_app(slots: Slots, partitions: int) -> App:
    """The app of one worker. Nothing is started."""
    settings = slots.settings
    TRANSPORTS.aliases[SCHEME] = "stream.engine.transport:Transport"
    STORES.aliases[SCHEME] = "stream.engine.store:Store"
    session = settings.kafka.session_timeout / SECOND
    app = App(
        slots.names.group,
        broker=[f"{SCHEME}://{server.strip()}" for server in settings.kafka.bootstrap_servers.split(",")],
        store=f"{SCHEME}://",
        broker_credentials=credentials(settings.kafka),
        datadir=Path(os.devnull),
        topic_partitions=partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=session,
        broker_rebalance_timeout=max(session, 10.0),
        broker_heartbeat_interval=min(session / 6, _HEARTBEAT_SECONDS),
        broker_max_poll_interval=300.0,
        broker_max_poll_records=4 * CHUNK,
        consumer_max_fetch_size=fetch_size(len(settings.topics.sources) * partitions),
        consumer_group_instance_id=settings.kafka.group_instance_id,
        stream_buffer_maxsize=_BUFFERED_CHUNKS,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        table_standby_replicas=settings.standbys,
        broker_commit_interval=1.0,
        TableManager=Tables,
    )
    app.slots = slots
    _add_table(app, partitions)
    _add_agents(app, slots)
    slots.on_lost = _rejoin(app)
    return app


def credentials(kafka: Kafka) -> CredentialsT | None:
    """What Faust's own clients need to connect, the same as all others use."""
    options = client_options(kafka)
    context = options.get("ssl_context")
    if kafka.security_protocol == "SSL":
        return SSLCredentials(context)
    if kafka.security_protocol == "PLAINTEXT":
        return None
    return SASLCredentials(
        username=options["sasl_plain_username"], password=options["sasl_plain_password"], mechanism=options["sasl_mechanism"], ssl_context=context
    )


def _add_table(app: App, partitions: int) -> None:
    app.Table(
        TABLE,
        key_type=bytes,
        value_type=bytes,
        partitions=partitions,
        recovery_buffer_size=_CHUNKS_A_RECOVERY_STEP,
        standby_buffer_size=1,  # what waits in a buffer is missing where the copy is taken over
    )


def _add_agents(app: App, slots: Slots) -> None:
    sources = app.topic(*slots.settings.topics.sources, value_serializer="raw", key_serializer="raw")
    leadership = app.topic(slots.names.scorer, value_serializer="raw", key_serializer="raw", internal=False)

    @app.agent(sources, name="tickets", concurrency=1)
    async def tickets(chunks: StreamT[Chunk]) -> None:
        consumer: Any = app.consumer
        async for chunk in chunks:
            try:
                await slots.take(chunk, consumer.go_to, consumer.seek_number)
            except Exception as error:  # noqa: BLE001 (Faust would acknowledge the chunk and go on)
                await app.crash(error)

    @app.agent(leadership, name="scorer", concurrency=1)
    async def scorer(records: StreamT[bytes]) -> None:
        async for _ in records:
            pass

    _ = tickets, scorer


def _rejoin(app: App) -> Any:
    async def rejoin() -> None:
        """Let the group assign anew; a partition that is assigned here again is claimed again."""
        thread: Any = app.consumer._thread  # type: ignore[attr-defined]  # noqa: SLF001 (aiokafka has no public way to join again)
        coordinator = thread._ensure_consumer()._coordinator  # noqa: SLF001
        thread.thread_loop.call_soon_threadsafe(coordinator.request_rejoin)

    return rejoin
