"""What a result was measured on: machine and versions."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict

import psutil

PACKAGES = ("csat-stream", "faust-streaming", "aiokafka", "msgspec", "numpy")

_RUNS = 5


class Machine(TypedDict):
    """The machine; memory in GB, load of the minute before, CPU ms of the reference loop (machine and interpreter); the commit that was measured."""

    commit: str

    cpu: str
    cores: int
    memory_gb: float
    system: str
    load_before: float
    reference_ms: float


def machine() -> Machine:
    """The machine as it is now."""
    return Machine(
        commit=commit(),
        cpu=_cpu_name(),
        cores=psutil.cpu_count() or 1,
        memory_gb=round(psutil.virtual_memory().total / 2**30, 1),
        system=f"{platform.system()} {platform.machine()}",
        load_before=round(os.getloadavg()[0], 2),
        reference_ms=round(1_000 * min(reference() for _ in range(_RUNS)), 1),
    )


def reference() -> float:
    """CPU seconds of a loop of fixed work, much like the core's: dicts, tuples, small numbers."""
    begun = time.process_time()
    found: dict[tuple[int, str], int] = {}
    for number in range(400_000):
        key = (number % 5_000, "segment")
        found[key] = found.get(key, 0) + (number & 7)
    return time.process_time() - begun


def commit() -> str:
    """The commit of the checkout, marked with + where the code in it was changed; `unknown` outside of one."""
    try:
        return _git("rev-parse", "--short=8", "HEAD") + ("+" if _git("status", "--porcelain", "--", "stream", "schemas") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent.parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def versions() -> dict[str, str]:
    """Python's version and those of the packages that matter for speed."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
