"""Workers as child processes: started, killed, paused, stopped, and their logs read."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[2]
_POLL_SECONDS = 0.05
REFUSED = "a batch was refused"
"""What a worker logs when the broker refuses it as a former owner."""


async def until(condition: Callable[[], bool] | Callable[[], Awaitable[bool]], seconds: float, poll: float = _POLL_SECONDS) -> bool:
    """Wait for a condition; False when it did not come true in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found if isinstance(found, bool) else await found:
            return True
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(poll)


class WorkerProcess:
    """One worker, by the command line or by a test module in its place. Its log and its ready file lie in `folder`."""

    def __init__(self, config: Path, folder: Path, name: str, module: str = "stream.cli") -> None:
        self.name = name
        self.ready_file = folder / f"{name}.ready"
        self.log_file = folder / f"{name}.log"
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, "worker", "--config", str(config)],
                cwd=_REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "CSAT_READY_FILE": str(self.ready_file), "TMPDIR": str(folder)},
            )

    @property
    def log(self) -> str:
        """All that it has logged so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    @property
    def is_running(self) -> bool:
        """Whether the process exists; a paused one counts."""
        return self.exit_code is None

    async def until_ready(self, seconds: float = 40) -> None:
        """Wait until it has caught up; an error names the end of its log where it doesn't."""
        await until(lambda: self.ready_file.exists() or not self.is_running, seconds)
        assert self.ready_file.exists(), f"{self.name} is not ready: {self.log[-2000:]}"

    async def until_logged(self, text: str, seconds: float = 20, poll: float = _POLL_SECONDS) -> bool:
        """Wait for a text in its log; False when it did not come in time."""
        return await until(lambda: text in self.log, seconds, poll)

    async def until_quiet(self, seconds: float = 1.5) -> None:
        """Wait until it has logged nothing for so long: its partitions are settled and it just works."""
        length = -1
        while length != len(self.log):
            length = len(self.log)
            await asyncio.sleep(seconds)

    def kill(self) -> None:
        """End it at once, as a crash would (SIGKILL)."""
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """Let it stand still (SIGSTOP)."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on (SIGCONT)."""
        self._process.send_signal(signal.SIGCONT)

    async def stop(self, seconds: float = 25) -> int:
        """Ask it to end (SIGTERM); its exit code."""
        self._process.terminate()
        return await asyncio.to_thread(self._process.wait, seconds)

    def close(self) -> None:
        """End it whatever it does."""
        if self.is_running:
            self.kill()
