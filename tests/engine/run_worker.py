"""One worker as a process of its own: logs to stderr, ends on SIGTERM; errors are one line and the exit code of their class."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

from stream.engine.control import current_generation
from stream.engine.worker import Worker
from stream.errors import CsatStreamError
from stream.settings import load

QUIET = ("faust", "mode", "aiokafka")


async def work(config: Path) -> None:
    """Run until SIGTERM."""
    settings = load(config)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await Worker(settings, await current_generation(settings)).run(stop)


def main() -> int:
    """Exit code of the worker."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        asyncio.run(work(Path(sys.argv[1])))
    except CsatStreamError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
