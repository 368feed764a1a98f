"""A worker as a child process, as `try` and `demo` run it: settings in a file, log in a file, gone with its parent."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stream.errors import CsatStreamError
from stream.settings import Settings

_LOG_LINES = 15
_LOOK_SECONDS = 0.05


class WorkerFailed(CsatStreamError):
    """The worker ended by itself; the text holds the end of its log."""


class WorkerChild:
    """A running worker. It reads its settings from a file alone: what the environment says is in them already."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.ready_file = folder / "ready"
        self._log_file = folder / "worker.log"
        config = folder / "csat.yaml"
        # JSON is YAML.
        config.write_text(settings.model_dump_json(exclude={"ready_file"}), encoding="utf-8")
        command = [sys.executable, "-m", "stream.cli", "worker", "--config", str(config), "--ready-file", str(self.ready_file), "--end-at-eof"]
        # Its temporary files go with the folder, even if it has to be ended by force.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CSAT_")} | {"TMPDIR": str(folder)}
        with self._log_file.open("ab") as log:
            # A session of its own: Ctrl-C in the terminal is for this program, which then stops the worker.
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, env=environment)

    async def until_ready(self) -> None:
        """Wait until it has read everything; WorkerFailed when it ended."""
        while not self.ready_file.exists():
            self.check()
            await asyncio.sleep(_LOOK_SECONDS)

    def check(self) -> None:
        """WorkerFailed when it has ended."""
        code = self._process.poll()
        if code is not None:
            raise WorkerFailed(f"the worker ended with exit code {code}; the end of its log:\n{self._end_of_log()}")

    def stop(self, patience: float) -> None:
        """Ask it to stop; end it by force after `patience` seconds."""
        self._process.terminate()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _end_of_log(self) -> str:
        lines = self._log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-_LOG_LINES:])


@contextmanager
def running_worker(settings: Settings, folder: Path, *, patience: float) -> Iterator[WorkerChild]:
    """A worker for the length of a block."""
    worker = WorkerChild(settings, folder)
    try:
        yield worker
    finally:
        worker.stop(patience)
