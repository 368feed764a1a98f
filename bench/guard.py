"""Guard of the pure core's speed: `python -m bench.guard` compares the CPU of an event with the record; more than 15 % above is an error.

What is compared is a multiple of fixed work in the same process, a loop of plain Python and one of arrays, since machines and their moods differ;
and the median of several such ratios, since the least is that of a run whose fixed work was disturbed. Who else uses the machine's caches makes the
core dearer than the loop for minutes (18 % were seen), so what seems too dear is measured again: code that costs more does so every time. The loop
and the core do not gain alike from the optimisations that an interpreter was built with, so each build has a record of its own (`--record`).
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console

from bench import core, live
from bench.core import FLUSH_EVERY, START, Phases, records_of
from bench.machine import reference
from stream.devkit.load import standard_load
from stream.durations import DAY
from stream.engine.worker import COLLECT_AFTER

RECORDED = Path(__file__).parent / "results" / "core.json"
MOST_GROWTH = 1.15
_RUNS, _TRIES = 7, 3
_RATE, _SECONDS = 10_000, 3

Records = dict[str, dict[str, float]]
"""By build of the interpreter and load, CPU seconds of a thousand events as a multiple of those of the fixed work."""
Measure = Callable[[], float]


def _of_partition(events: int, days: float, flush_every: int) -> float:
    """CPU seconds of a thousand events of one partition and a board, a flush for each so many events; nothing is published but at the end."""
    span = int(days * DAY)
    runs = records_of(standard_load(events, start=START, span=span))
    return _spent(core.run(runs, START + span, flush_every), events)


def _of_all() -> float:
    """CPU seconds of a thousand events of four partitions, with the rules and the records of scores."""
    phases, _ = live.run(_RATE, _SECONDS)
    return _spent(phases, _RATE * _SECONDS)


def _spent(phases: Phases, events: int) -> float:
    return sum(phases.spent.values()) / events * 1_000


GUARDED: dict[str, Measure] = {
    "backlog": partial(_of_partition, 60_000, 7.2, FLUSH_EVERY),
    "live": partial(_of_partition, 20_000, 0.25, 500),
    "live with rules and scores": _of_all,
}


def of_arrays() -> float:
    """CPU seconds of fixed work with arrays, much like that of the sums: sorting, finding runs, adding them up."""
    begun = time.process_time()
    for factor in (7_919, 104_729, 1_299_709):
        places = np.arange(250_000, dtype=np.int64) * factor % 50_021
        ordered = places[np.argsort(places, kind="stable")]
        np.add.reduceat(ordered, np.flatnonzero(np.diff(ordered, prepend=-1)))
    return time.process_time() - begun


def _fixed_work() -> float:
    return reference() + of_arrays()


def interpreter() -> str:
    """The build of this interpreter: version, compiler and day."""
    _, built = platform.python_build()
    return f"{platform.python_version()}, {platform.python_compiler()}, {' '.join(built.split()[:3])}"


def usual_ratio(measure: Measure) -> float:
    """The median of several ratios, each of a run and the lesser of the fixed work before it and after it."""
    found = []
    for _ in range(_RUNS):
        before = _fixed_work()
        spent = measure()
        found.append(spent / min(before, _fixed_work()))
    return statistics.median(found)


def _least_ratio(measure: Measure, enough: float) -> float:
    """The least of up to three medians; no more are taken once one is small enough."""
    least = usual_ratio(measure)
    for _ in range(_TRIES - 1):
        if least <= enough:
            break
        least = min(least, usual_ratio(measure))
    return least


def guard(console: Console) -> int:
    """1 where an event of one of the loads costs over 15 % more than recorded, for the dearest interpreter where this one has no record."""
    records: Records = json.loads(RECORDED.read_text(encoding="utf-8"))
    known = records.get(interpreter())
    if known is None:
        console.print(f"no record for Python {interpreter()}: compared with the dearest")
        known = {name: max(each[name] for each in records.values()) for name in GUARDED}
    dearer = False
    for name, measure in GUARDED.items():
        recorded, allowed = known[name], known[name] * MOST_GROWTH
        now = _least_ratio(measure, allowed)
        shown = f"CPU of the pure core an event, {name}: {now:.3f} of the reference, {recorded:.3f} recorded ({now / recorded - 1:+.0%})"
        console.print(shown, soft_wrap=True)
        dearer = dearer or now > allowed
    if dearer:
        console.print(
            f"that is more than {MOST_GROWTH - 1:.0%} above: find out why, or record it anew with `python -m bench.guard --record`", soft_wrap=True
        )
    return int(dearer)


def record() -> None:
    """Write down what this interpreter takes, beside the records of others."""
    records: Records = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}
    records[interpreter()] = {name: round(usual_ratio(measure), 4) for name, measure in GUARDED.items()}
    RECORDED.write_text(json.dumps(records, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main() -> int:
    """Compare, or record; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.guard", description="CPU of the pure core an event beside its record.")
    parser.add_argument("--record", action="store_true", help="record the figures of this interpreter")
    given = parser.parse_args()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    if given.record:
        record()
        return 0
    return guard(Console(highlight=False))


if __name__ == "__main__":
    sys.exit(main())
