"""Free ports on the loopback address."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

HOST = "127.0.0.1"
# Below the range from which systems take the ports of outgoing connections (32768 on Linux, 49152 elsewhere),
# so that a port which is free now is still free when a broker restarts on it.
_LOWEST, _HIGHEST = 20_000, 32_000
_ATTEMPTS = 1_000


def free_ports(count: int) -> tuple[int, ...]:
    """`count` different ports that nothing listens on at this moment."""
    found: list[int] = []
    chooser = random.SystemRandom()
    with ExitStack() as held:
        for _ in range(_ATTEMPTS):
            if len(found) == count:
                break
            listener = held.enter_context(socket.socket())
            port = chooser.randrange(_LOWEST, _HIGHEST)
            try:
                listener.bind((HOST, port))
            except OSError:
                continue
            found.append(port)
    if len(found) < count:
        raise OSError(f"no {count} free ports between {_LOWEST} and {_HIGHEST}")
    return tuple(found)
