"""The command: `python -m bench.peers` runs the peer bench and writes `bench/results/peers.json`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from aiokafka.errors import KafkaError
from rich.console import Console

from bench.machine import machine
from bench.peers import contestants
from bench.peers.java_jobs import FLINK, KAFKA_STREAMS
from bench.peers.job import INPUTS
from bench.peers.load import recent_start
from bench.peers.results import Series, entry, table, write
from bench.peers.rounds import Plan, prepare, run_all
from bench.peers.run import Patience
from stream.devkit.jars import KAFKA_VERSION
from stream.devkit.kafka import EmbeddedKafka
from stream.errors import CsatStreamError

RESULTS = Path(__file__).resolve().parent.parent / "results" / "peers.json"
LEAST_EVENTS = 1_000
# Contestants keep weeks of event time in topics of their own, whose retention goes by it.
_BROKER = {"log.retention.ms": "-1"}


def main() -> int:
    """Run the bench; the exit code."""
    options = _options()
    console, errors = Console(highlight=False), Console(stderr=True, highlight=False)
    try:
        series = asyncio.run(_bench(console, options))
    except CsatStreamError as error:
        errors.print(f"error: {error}", markup=False)
        return error.exit_code
    except KafkaError as error:
        errors.print(f"error: the broker failed: {type(error).__name__}", markup=False)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        errors.print("stopped")
        return 130
    console.print(table([entry(one) for one in series]))
    return 0


async def _bench(console: Console, options: argparse.Namespace) -> list[Series]:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    known = contestants.known()
    chosen = [known[name] for name in options.contestants]
    plan = Plan(chosen, options.jobs, options.events, options.times, recent_start(), Patience(options.quiet, options.limit, options.calm))
    before = machine()
    say = partial(console.print, markup=False)
    commands, skipped = prepare(chosen, say)
    versions = {"kafka": KAFKA_VERSION} | {name: command.versions for name, command in commands.items()}
    asked = {"events": plan.events, "times": plan.times, "load_start_ms": plan.start, "threads": 1, **plan.patience._asdict()}
    about = {"machine": before, "versions": versions, "artefacts": [*KAFKA_STREAMS, *FLINK], "options": asked}
    with EmbeddedKafka(config=_BROKER) as kafka:
        return await run_all(kafka, plan, commands, skipped, say, lambda found: write(options.out, found, about))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description="Stream processors side by side on two jobs.")
    parser.add_argument("--jobs", type=_names(list(INPUTS)), default=list(INPUTS), help="comma-separated (default: w1,w2)")
    names = list(contestants.known())
    default = contestants.default_names()
    parser.add_argument("--contestants", type=_names(names), default=default, help=f"comma-separated, of {', '.join(names)} (default: all there are)")
    parser.add_argument("--events", type=int, default=1_000_000, help="events of each job; faust gets 100,000 at most (default: %(default)s)")
    parser.add_argument("--times", type=int, default=3, help="rounds; medians are reported (default: %(default)s)")
    parser.add_argument("--quiet", type=float, default=Patience().quiet, help="seconds without a new result that mean the end (default: %(default)s)")
    parser.add_argument("--limit", type=float, default=Patience().limit, help="seconds for one run (default: %(default)s)")
    parser.add_argument("--calm", type=float, default=Patience().calm, help="seconds to wait at most for a calm machine (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="result file (default: bench/results/peers.json)")
    options = parser.parse_args()
    if options.events < LEAST_EVENTS or options.times < 1:
        parser.error(f"needs at least {LEAST_EVENTS} events and 1 round")
    return options


def _names(known: Sequence[str]) -> Callable[[str], list[str]]:
    """Reads a comma-separated list of known names."""

    def read(text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"no {', '.join(unknown)}; there are {', '.join(known)}")
        return list(dict.fromkeys(names))

    return read


if __name__ == "__main__":
    sys.exit(main())
