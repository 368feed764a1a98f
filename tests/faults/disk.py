"""Ways to let a broker run out of room: a small file system of its own where mounting is allowed, or a limit on the size of its files."""

from __future__ import annotations

import contextlib
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil

BALLAST = "ballast"


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """A tmpfs of this size at `folder`, unmounted at the end; False where mounting is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            umount = ["umount", "--lazy", str(folder)]
            subprocess.run(umount, check=True)


def fill_up(folder: Path, leave: int) -> None:
    """Take all room of the file system but `leave` bytes; whoever writes beside it may take that too."""
    free = psutil.disk_usage(str(folder)).free
    with (folder / BALLAST).open("wb") as file, contextlib.suppress(OSError):
        for _ in range(max(0, free - leave) // (1 << 20)):
            file.write(bytes(1 << 20))


def make_room(folder: Path) -> None:
    """Give back what `fill_up` has taken."""
    (folder / BALLAST).unlink()


def limit_files(pid: int, largest: int) -> None:
    """Let every write of a process beyond this many bytes of a file fail, as on a full disk (RLIMIT_FSIZE); a new process has no limit."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, hard))


def largest_file(folder: Path, pattern: str) -> int:
    """Bytes of the largest file of this pattern below a folder."""
    return max(file.stat().st_size for file in folder.rglob(pattern))
