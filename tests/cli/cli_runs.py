"""The command as a user runs it: a child process in a folder with its own settings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stream.setting_parts import Topics

REPOSITORY = Path(__file__).resolve().parent.parent.parent
CSV, MAPPING = str(REPOSITORY / "examples" / "helpdesk.csv"), str(REPOSITORY / "examples" / "helpdesk.yaml")
COMMAND = (sys.executable, "-m", "stream.cli")
PATIENCE = 60


def write_settings(folder: Path, servers: str, app: str) -> None:
    """csat.yaml with topics of this installation alone, since tests share the broker."""
    topics = "".join(f"  {name}: {app}.{name}\n" for name in Topics.model_fields)
    (folder / "csat.yaml").write_text(
        f"app: {app}\nkafka: {{bootstrap_servers: '{servers}'}}\ntopics:\n{topics}publish: {{max: 1s}}\n", encoding="utf-8"
    )


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments], cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=PATIENCE, env=environment()
    )


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """One command, running."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env=environment(),
    )


@contextmanager
def worker(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker that has caught up; asked to stop at the end if it still runs."""
    ready = folder / "ready"
    process = start(folder, "worker", "--ready-file", str(ready))
    try:
        deadline = time.monotonic() + PATIENCE
        while not ready.exists():
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline, "not ready"
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def until_scores(folder: Path, *, exist: bool) -> None:
    """Wait until there are scores, or none. Of old events they come 5 s after the last one was read, when now is the wall clock."""
    deadline = time.monotonic() + PATIENCE
    while bool(run(folder, "scores").stdout) != exist:
        assert time.monotonic() < deadline, "no scores" if exist else "the scores are still there"
        time.sleep(0.5)


def end(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str, float]:
    """Exit code after a signal, stderr, and how many seconds it took."""
    begin = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, errors, time.monotonic() - begin


def environment() -> dict[str, str]:
    """Without settings of whoever runs the tests; scratch files where the tests say."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CSAT_")} | {"PYTHONPATH": str(REPOSITORY)}
