"""The folder that keeps what contestants are made of: environments, jars, classes and logs of failed runs."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.peers.contestant import NotToBeHad
from stream.devkit import jars


def cache_folder() -> Path:
    """Beside the embedded Kafka's jars, so that XDG_CACHE_HOME moves both."""
    return jars.cache_folder().parent / "peers"


def made(name: str, ingredients: Sequence[str], make: Callable[[Path], None]) -> Path:
    """The folder that `make` has filled from these ingredients; made once, by one process, and again when they change.

    A half-made folder never counts. NotToBeHad where the cache can't be written.
    """
    digest = hashlib.sha256("\n".join(ingredients).encode()).hexdigest()[:12]
    folder = cache_folder() / f"{name}-{digest}"
    done = folder / "complete"
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        with (cache_folder() / f"{name}.lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                done.touch()
    except OSError as error:
        raise NotToBeHad(f"the cache folder {cache_folder()} can't be used ({error.strerror})") from None
    return folder


def call(folder: Path, command: Sequence[str], problem: str) -> None:
    """Run a command that helps to fill a folder; NotToBeHad where it fails, with what it said in a file beside the folder."""
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ended.returncode:
        log = folder.with_suffix(".log")
        log.write_text(ended.stdout + ended.stderr, encoding="utf-8")
        raise NotToBeHad(f"{problem}; details: {log}")
