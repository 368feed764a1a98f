"""The error edge: whatever goes wrong becomes one clear line and an exit code, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from stream.errors import CsatStreamError

DEBUG = "CSAT_DEBUG"
"""Environment variable that lets tracebacks through."""
_UNEXPECTED = 70
_BROKEN_PIPE = 141
"""What a shell reports of a program that SIGPIPE ended."""


@contextmanager
def error_edge() -> Iterator[None]:
    """Tell an error on stderr and exit with its code; with CSAT_DEBUG=1 let it through."""
    try:
        yield
    except BrokenPipeError:  # whoever read our output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(_BROKEN_PIPE) from None
    except Exception as error:  # the outermost edge: what gets past it would be a traceback
        if os.environ.get(DEBUG, "0") not in ("", "0"):
            raise
        code, text = told(error)
        sys.stderr.write(f"csat-stream: {text}\n")
        raise SystemExit(code) from None


def told(error: Exception) -> tuple[int, str]:
    """Exit code and text of an error. The text of a foreign error may hold input, so only its kind is told."""
    if isinstance(error, CsatStreamError):
        notes = [str(note) for note in getattr(error, "__notes__", ())]
        return error.exit_code, "\n".join([str(error), *notes])
    if _is_kafka_error(error):
        return 1, f"Kafka refused or did not answer ({type(error).__name__})"
    if isinstance(error, OSError):
        return 1, ": ".join(str(part) for part in (error.filename, error.strerror or type(error).__name__) if part)
    return _UNEXPECTED, f"unexpected error ({type(error).__name__}), a fault of this program; run it again with {DEBUG}=1 for details"


def _is_kafka_error(error: Exception) -> bool:
    """Whether it is aiokafka's; where that was never imported, it can't be."""
    if "aiokafka.errors" not in sys.modules:
        return False
    from aiokafka.errors import KafkaError

    return isinstance(error, KafkaError)
