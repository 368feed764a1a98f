"""What a process really holds of its memory: where that stands still and the whole grows, the growth lies between what is held."""

from __future__ import annotations

import ctypes
import functools
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

VARIABLE = "HELD_MEMORY_FILE"
"""Environment variable that names the file to write to."""
_EVERY_SECONDS = 2.0
_FIELDS = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")


class Held(NamedTuple):
    """MB that are allocated in C (arrays among them), MB that its allocator keeps for later, and blocks of Python's own allocator (objects)."""

    allocated_mb: float
    unused_mb: float
    blocks: float


class _MallInfo(ctypes.Structure):
    """`struct mallinfo2` of glibc, malloc/malloc.h."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _FIELDS)


@functools.cache
def _mallinfo() -> Callable[[], _MallInfo]:
    """The function; looked up once, since each look leaves garbage behind."""
    function = ctypes.CDLL(None).mallinfo2
    function.restype = _MallInfo
    return function


def held() -> Held:
    """What this process holds. AttributeError where the C library is not glibc 2.33 or later."""
    info = _mallinfo()()
    return Held((info.uordblks + info.hblkhd) / 2**20, info.fordblks / 2**20, float(sys.getallocatedblocks()))


def read(files: list[Path]) -> Held:
    """The sum of what several processes have written; zeros where they can't tell."""
    found = [Held(*json.loads(file.read_text(encoding="utf-8"))) for file in files if file.exists()]
    return Held(*map(sum, zip(*found, strict=True))) if found else Held(0, 0, 0)


def tell() -> None:
    """Write to the file every few seconds, in a thread, as long as the process lives."""
    try:
        _mallinfo()
    except AttributeError:
        return
    threading.Thread(target=_write_again_and_again, args=(Path(os.environ[VARIABLE]),), daemon=True).start()


def _write_again_and_again(file: Path) -> None:
    beside = file.with_suffix(".new")
    pause = threading.Event()
    while True:
        beside.write_text(json.dumps(held()), encoding="utf-8")
        beside.replace(file)
        pause.wait(_EVERY_SECONDS)
