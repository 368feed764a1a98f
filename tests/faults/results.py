"""What the long form of the fault series did and found: `results.json`, one record a fault, that of its last run."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NotRequired, TypedDict

FILE = Path(__file__).with_name("results.json")


class Removed(TypedDict):
    """A check that was taken out, and what showed that it was missing; `beside`: another one that was taken out of both runs, with it and without."""

    check: str
    found: str
    beside: NotRequired[str]


class Growth(TypedDict):
    """How much a figure grew, the most that it may have grown (99 %), and the most that was allowed; None where that is not bounded."""

    figure: str
    mean: float
    growth: float
    at_most: float
    allowed: float | None


class More(TypedDict, total=False):
    """What some faults tell besides: which checks were taken out; medians of what was timed, by what was done; what grew, with its bound."""

    removed: list[Removed]
    seconds: dict[str, float]
    growth: list[Growth]


class Result(More):
    """One fault: how often it was done, how many differences there were in the end, the seed, and the commit it was done on."""

    fault: str
    times: int
    differences: int
    seed: int
    commit: str


def read(file: Path = FILE) -> list[Result]:
    """All results so far."""
    found: list[Result] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    return found


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Several test processes write at once: one after the other."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write(result: Result, file: Path = FILE) -> None:
    """Put a result in the place of the one before of the same fault; the file is in the order of the faults' names."""
    with _alone(file.parent):
        others = [other for other in read(file) if other["fault"] != result["fault"]]
        ordered = sorted([*others, result], key=lambda each: each["fault"])
        file.write_text("[\n" + ",\n".join(f"  {json.dumps(each)}" for each in ordered) + "\n]\n", encoding="utf-8")
