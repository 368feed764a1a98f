"""A real Apache Kafka as a child process: one node (KRaft) on free loopback ports, its data in one folder."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from stream.devkit import jars
from stream.devkit.ports import HOST, free_ports
from stream.errors import BrokerUnavailable, ConfigError, UsageError

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_LOG_LINES = 15
# Quick to start and small. A broker mostly copies bytes, so that the second compiler would gain little.
_JAVA_OPTIONS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
# The shell becomes the broker (same process id); what it leaves behind waits for the end of our pipe, which comes
# however this process ends, and then ends the broker. Works for threads too, where PR_SET_PDEATHSIG does not.
_TIED_TO_PARENT = 'exec 3<&0 </dev/null; (read -r _ <&3; kill -9 $$) & exec "$@" 3<&-'
_METADATA_REQUEST = struct.pack(">ihhihi", 14, 3, 1, 1, -1, 0)  # size; Metadata, version 1; correlation; no client id; no topics
_BROKERS_AT = 8  # in the response, after its size and the correlation


class EmbeddedKafka:
    """One broker, also a context manager. A temporary folder goes with it unless something failed; a given one stays."""

    def __init__(self, folder: Path | None = None, *, heap_mb: int = 512, config: Mapping[str, str] | None = None) -> None:
        self._temporary = folder is None
        self.folder = folder or Path(tempfile.gettempdir()) / f"csat-stream-kafka-{uuid.uuid4().hex[:12]}"
        self._heap_mb = heap_mb
        self._config = dict(config or {})
        self._port, self._controller_port = free_ports(2)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        """host:port of the broker; the same for its whole life, restarts included."""
        return f"{HOST}:{self._port}"

    @property
    def pid(self) -> int:
        """Process id of the running broker."""
        return self._running().pid

    @property
    def is_running(self) -> bool:
        """Whether the broker's process exists; a paused one counts."""
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """All that the broker has logged so far: warnings and errors."""
        return self._log_file.read_text(encoding="utf-8", errors="replace") if self._log_file.exists() else ""

    def start(self) -> None:
        """Start and wait until the broker answers; BrokerUnavailable with the end of its log if it doesn't."""
        if self._process is not None:
            raise UsageError("this Kafka runs already")
        class_path = jars.class_path()
        if self._temporary:
            # Also for a second Ctrl-C, which interrupts the tidying up after the first.
            atexit.register(self._discard)
        try:
            self._bring_up(class_path)
        except Exception:
            self._keep()
            self.stop()
            raise
        except BaseException:
            self._end_interrupted()
            raise

    def stop(self) -> None:
        """Ask the broker to end and wait; end it by force after 10 s. Nothing happens when it doesn't run."""
        if self._process is None:
            return
        self.resume()
        self._signal_group(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._forget()

    def kill(self) -> None:
        """End the broker at once, as a crash would (SIGKILL)."""
        if self._process is None:
            return
        self._signal_group(signal.SIGKILL)
        self._process.wait()
        self._forget()

    def pause(self) -> None:
        """Let the broker stand still (SIGSTOP)."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a broker that stands still go on (SIGCONT)."""
        self._running().send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Stop (if it runs) and start again with the same ports and data."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Delete the folder of a broker that doesn't run."""
        if self._process is not None:
            raise UsageError("this Kafka still runs")
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self._discard)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop; remove a temporary folder, or name it in the error where something failed. Ctrl-C and SystemExit are no failures."""
        if error is not None and not isinstance(error, Exception):
            self._end_interrupted()
            return
        died = self._process is not None and not self.is_running
        failure = BrokerUnavailable(self._failure("Kafka ended by itself")) if died else None
        failed = died or (error is not None and not isinstance(error, (UsageError, ConfigError)))
        if failed:
            self._keep()
        self.stop()
        if error is not None and failed:
            error.add_note(f"the embedded Kafka's log and data are kept in {self.folder}")
        elif failure is not None:
            raise failure
        elif self._temporary:
            self.remove()

    @property
    def _data_folder(self) -> Path:
        return self.folder / "data"

    @property
    def _log_file(self) -> Path:
        return self.folder / "broker.log"

    @property
    def _properties_file(self) -> Path:
        return self.folder / "broker.properties"

    def _bring_up(self, class_path: str) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._properties_file.write_text(self._properties(), encoding="utf-8")
        with self._log_file.open("ab") as log:
            if not (self._data_folder / "meta.properties").exists():
                self._format(class_path, log)
            self._process = self._launch(class_path, log)
        atexit.register(self.stop)
        self._await_ready(self._process)

    def _keep(self) -> None:
        """Let a temporary folder outlive the program."""
        atexit.unregister(self._discard)

    def _discard(self) -> None:
        """End the broker at once and remove its folder."""
        self.kill()
        self.remove()

    def _end_interrupted(self) -> None:
        """Whoever interrupts wants an end: a broker whose data are to go is not asked first."""
        if self._temporary:
            self._discard()
        else:
            self.stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise UsageError("this Kafka doesn't run")
        return self._process

    def _properties(self) -> str:
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{HOST}:{self._controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{HOST}:{self._port},CONTROLLER://{HOST}:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{self._port}",
            "log.dirs": str(self._data_folder),
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
            "offsets.topic.num.partitions": "4",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.num.partitions": "4",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            # A broker that was killed comes back only after its old session has ended (default: 9 s).
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
            **self._config,
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    def _format(self, class_path: str, log: IO[bytes]) -> None:
        """Write the cluster's identity into the empty data folder."""
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        tool = [*self._java(class_path), "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(self._properties_file)]
        ended = subprocess.run(tool, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
        if ended.returncode:
            raise BrokerUnavailable(self._failure("Kafka's storage could not be prepared"))

    def _launch(self, class_path: str, log: IO[bytes]) -> subprocess.Popen[bytes]:
        broker = [*self._java(class_path), "kafka.Kafka", str(self._properties_file)]
        # A session of its own: Ctrl-C in the terminal is for the program that uses the broker.
        return subprocess.Popen(
            ["/bin/sh", "-c", _TIED_TO_PARENT, "sh", *broker], stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, cwd=self.folder
        )

    def _java(self, class_path: str) -> list[str]:
        return [str(jars.java()), *_JAVA_OPTIONS, f"-Xmx{self._heap_mb}m", "-cp", class_path]

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(self._port):
            if process.poll() is not None:
                raise BrokerUnavailable(self._failure("Kafka ended while starting"))
            if time.monotonic() > deadline:
                raise BrokerUnavailable(self._failure(f"Kafka did not answer within {_START_SECONDS:.0f} s"))
            time.sleep(0.02)

    def _failure(self, problem: str) -> str:
        end = "\n".join(f"  {line}" for line in self.log.splitlines()[-_LOG_LINES:])
        return f"{problem}; its folder is kept: {self.folder}\n{end}"

    def _signal_group(self, number: signal.Signals) -> None:
        """Signal the broker and the shell that watches for our end, nobody else."""
        process = self._running()
        if process.poll() is None:
            os.killpg(process.pid, number)

    def _forget(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None
        atexit.unregister(self.stop)


def _answers(port: int) -> bool:
    """Whether a broker at this port counts itself among the live ones (one Metadata request)."""
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.settimeout(1)
            connection.sendall(_METADATA_REQUEST)
            response = connection.recv(64)
    except OSError:
        return False
    return len(response) >= _BROKERS_AT + 4 and int(struct.unpack_from(">i", response, _BROKERS_AT)[0]) > 0
