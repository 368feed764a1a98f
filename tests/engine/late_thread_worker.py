"""A worker whose consumer thread comes up only when the worker is stopping, as may be on a busy machine; everything else is the real thing."""

from __future__ import annotations

import asyncio
import sys
import threading

from stream.cli import main
from stream.engine import transport

_BUSY_SECONDS = 1.0
_stopping = threading.Event()


class LateThread(transport._Daemon):
    """Waits for the stop before it does anything."""

    def run(self) -> None:
        """What any such thread does, later."""
        sys.stderr.write("a thread comes up\n")
        _stopping.wait()
        super().run()


class BusyThread(transport._Thread):
    """After its stop the worker takes a while for other things."""

    Worker = LateThread

    async def stop(self) -> None:
        """What the real one does, and a pause."""
        _stopping.set()
        await super().stop()
        await asyncio.sleep(_BUSY_SECONDS)


if __name__ == "__main__":
    vars(transport)["_Thread"] = BusyThread
    main()
