"""The embedded Kafka: a real broker that keeps its data, cleans up after itself and never outlives its parent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from stream.devkit.kafka import EmbeddedKafka
from stream.devkit.ports import free_ports
from stream.errors import BrokerUnavailable, ConfigError, UsageError

pytestmark = pytest.mark.kafka

TOPIC = "letters"
PARENT = """
import sys, time
from pathlib import Path
from stream.devkit.kafka import EmbeddedKafka
broker = EmbeddedKafka(Path(sys.argv[1]), heap_mb=256)
broker.start()
print(broker.pid, flush=True)
time.sleep(float(sys.argv[2]))
"""


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def until(condition: Callable[[], bool], seconds: float = 15) -> bool:
    """Wait for a condition; False when it did not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


async def create_topic(servers: str) -> None:
    """One topic with one partition."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(TOPIC, 1, 1)])
    finally:
        await admin.close()


async def write(servers: str, *values: bytes) -> None:
    """Append values to the topic."""
    async with AIOKafkaProducer(bootstrap_servers=servers, acks="all") as producer:
        for value in values:
            await producer.send_and_wait(TOPIC, value)


async def read(servers: str, count: int) -> list[bytes]:
    """The first values of the topic, read as a member of a new consumer group."""
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=servers, group_id="readers", auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


@pytest.fixture
def broker() -> Iterator[EmbeddedKafka]:
    """A broker of this test alone, since the tests here break theirs."""
    with EmbeddedKafka(heap_mb=256) as running:
        yield running


@pytest.mark.usefixtures("kafka")
async def test_a_clean_stop_leaves_nothing() -> None:
    """Records go through; afterwards the process and the folder are gone and the port is free."""
    with EmbeddedKafka(heap_mb=256, config={"num.io.threads": "2"}) as broker:
        pid, folder = broker.pid, broker.folder
        await create_topic(broker.bootstrap_servers)
        await write(broker.bootstrap_servers, b"a", b"b")
        assert await read(broker.bootstrap_servers, 2) == [b"a", b"b"]
        assert "num.io.threads=2" in (folder / "broker.properties").read_text(encoding="utf-8")
    assert not alive(pid)
    assert not folder.exists()
    with pytest.raises(UsageError):
        _ = broker.pid
    with broker:  # the same ports can be taken again
        assert broker.pid != pid


async def test_two_run_at_once(kafka: EmbeddedKafka, broker: EmbeddedKafka) -> None:
    """Brokers share neither port nor folder nor topics."""
    assert kafka.bootstrap_servers != broker.bootstrap_servers
    assert kafka.folder != broker.folder
    await create_topic(broker.bootstrap_servers)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        assert TOPIC not in await admin.list_topics()
    finally:
        await admin.close()


@pytest.mark.parametrize("end", [EmbeddedKafka.kill, EmbeddedKafka.stop])
async def test_data_outlives_the_process(broker: EmbeddedKafka, end: Callable[[EmbeddedKafka], None]) -> None:
    """After a crash or a stop the same address serves the same records."""
    before, pid = broker.bootstrap_servers, broker.pid
    await create_topic(before)
    await write(before, b"kept")
    end(broker)
    assert not alive(pid)
    broker.restart()
    assert broker.bootstrap_servers == before
    assert await read(before, 1) == [b"kept"]


async def test_pause_and_resume(broker: EmbeddedKafka) -> None:
    """A paused broker answers nobody; it goes on where it stood."""
    await create_topic(broker.bootstrap_servers)
    broker.pause()
    assert until(lambda: Path(f"/proc/{broker.pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] == "T")
    broker.resume()
    await write(broker.bootstrap_servers, b"later")
    assert await read(broker.bootstrap_servers, 1) == [b"later"]


def test_a_paused_broker_can_be_stopped(broker: EmbeddedKafka) -> None:
    """Stopping wakes it first, so that it can end in order."""
    pid = broker.pid
    broker.pause()
    broker.stop()
    assert not alive(pid)


@pytest.mark.usefixtures("kafka")
def test_a_given_folder_stays(tmp_path: Path) -> None:
    """Only temporary folders are removed."""
    with EmbeddedKafka(tmp_path / "kafka", heap_mb=256) as broker:
        assert broker.folder == tmp_path / "kafka"
    assert (tmp_path / "kafka" / "data" / "meta.properties").is_file()


@pytest.mark.usefixtures("kafka")
def test_a_failed_start_shows_the_log(tmp_path: Path) -> None:
    """The error names the folder and ends with what Kafka said."""
    broker = EmbeddedKafka(tmp_path, heap_mb=256, config={"log.cleaner.threads": "none"})
    with pytest.raises(BrokerUnavailable, match=r"log\.cleaner\.threads") as caught:
        broker.start()
    assert str(tmp_path) in str(caught.value)


@pytest.mark.usefixtures("kafka")
def test_a_start_that_fails_later_leaves_no_process(tmp_path: Path) -> None:
    """A port that was taken meanwhile ends the broker while starting, and the object is as before."""
    broker = EmbeddedKafka(tmp_path, heap_mb=256)
    host, port = broker.bootstrap_servers.split(":")
    with socket.create_server((host, int(port))), pytest.raises(BrokerUnavailable, match="ended while starting"):
        broker.start()
    assert not broker.is_running
    broker.start()
    broker.stop()


@pytest.mark.usefixtures("kafka")
def test_failure_keeps_the_folder() -> None:
    """An error inside the block keeps log and data, and says where; a mistake of the user does not."""
    broker = EmbeddedKafka(heap_mb=256)
    with pytest.raises(ZeroDivisionError) as caught, broker:
        _ = 1 / 0
    assert str(broker.folder) in caught.value.__notes__[0]
    assert broker.folder.exists()
    broker.remove()
    assert not broker.folder.exists()
    with pytest.raises(ConfigError), broker:
        raise ConfigError("mapping", ())
    assert not broker.folder.exists()


@pytest.mark.usefixtures("kafka")
def test_a_broker_that_ends_by_itself_is_an_error() -> None:
    """Nobody mistakes a crashed broker for a clean run."""
    broker = EmbeddedKafka(heap_mb=256)
    broker.start()
    os.kill(broker.pid, signal.SIGKILL)
    assert until(lambda: not broker.is_running)
    with pytest.raises(BrokerUnavailable, match="ended by itself"):
        broker.__exit__(None, None, None)
    broker.remove()


@pytest.mark.usefixtures("kafka")
@pytest.mark.parametrize("how", ["killed", "ends"])
def test_the_broker_goes_with_its_parent(tmp_path: Path, how: str) -> None:
    """Whether the parent is killed or ends without stopping it, no broker stays."""
    seconds = "60" if how == "killed" else "0"
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path), seconds], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent:
        pid = int(parent.stdout.readline())
        if how == "killed":
            assert alive(pid)
            parent.kill()
    assert until(lambda: not alive(pid))


@pytest.mark.usefixtures("kafka")
def test_ctrl_c_is_for_the_parent(broker: EmbeddedKafka) -> None:
    """The broker is in a session of its own, where the terminal's signals don't reach it."""
    assert os.getsid(broker.pid) == broker.pid
    assert os.getsid(broker.pid) != os.getsid(0)


def test_ports_differ() -> None:
    """Ports that are asked for together are different ones."""
    assert len(set(free_ports(20))) == 20
