"""Python contestants: each in an environment of its own with pinned packages."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from bench.peers.cache import call, made
from bench.peers.contestant import Command

HERE = Path(__file__).resolve().parent


def python_job(module: str, requirements: str, package: str, *arguments: str) -> Command:
    """`python -m bench.peers.<module>` with the packages of `requirements-<requirements>.txt`; `package` gives the version to name."""
    pinned = (HERE / f"requirements-{requirements}.txt").read_text(encoding="utf-8")
    folder = made(f"python-{requirements}", [sys.version, pinned], lambda new: _install(new, requirements))
    return Command((str(folder / "bin" / "python"), "-m", f"bench.peers.{module}", *arguments), _versions(pinned, package))


def _versions(pinned: str, package: str) -> str:
    version = next(line.partition("==")[2] for line in pinned.splitlines() if line.startswith(f"{package}=="))
    return f"{package} {version}, Python {platform.python_version()}"


def _install(folder: Path, requirements: str) -> None:
    call(folder, [sys.executable, "-m", "venv", str(folder)], "an environment could not be made")
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--only-binary=:all:"]
    command = [*pip, "--requirement", str(HERE / f"requirements-{requirements}.txt")]
    call(folder, command, f"its packages could not be installed for Python {platform.python_version()}")
