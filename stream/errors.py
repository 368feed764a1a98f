"""Every error of the project: one root, typed attributes, and the fate of whatever caused it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong at one place: a dotted path into a file, record or setting, and what is wrong with it."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class CsatStreamError(Exception):
    """Root of all errors; its text is one line that a user can act on. The command line exits with `exit_code`."""

    exit_code = 1


class ConfigError(CsatStreamError):
    """Settings or a mapping file are wrong: all faults at once; nothing has started."""

    exit_code = 2

    def __init__(self, source: str, faults: tuple[Fault, ...]) -> None:
        self.source, self.faults = source, faults
        super().__init__(source, faults)

    def __str__(self) -> str:
        lines = [f"{self.source}: {len(self.faults)} fault{'s' if len(self.faults) != 1 else ''}"]
        return "\n".join(lines + [f"  {fault}" for fault in self.faults])


class UsageError(CsatStreamError):
    """A command was called in a way that can't work; the text says what and how to mend it."""

    exit_code = 2


class StartRefused(CsatStreamError):
    """The worker must not start on what it found (topics, state, log); the text names the remedy."""

    exit_code = 2

    def __init__(self, problem: str, remedy: str) -> None:
        self.problem, self.remedy = problem, remedy
        super().__init__(problem, remedy)

    def __str__(self) -> str:
        return f"{self.problem}; {self.remedy}"


class BrokerUnavailable(CsatStreamError):
    """No broker answers at the given address."""


class LogDamaged(CsatStreamError):
    """A Kafka log is shorter than what it had acknowledged: going on would be wrong, so the worker stops."""


class LimitReached(CsatStreamError):
    """A partition has met more of something than it can tell apart: going on would mix them up."""

    def __init__(self, what: str, most: int) -> None:
        self.what, self.most = what, most
        super().__init__(what, most)

    def __str__(self) -> str:
        return f"a partition has met more than {self.most:,} {self.what}: take a dimension with so many values out of `segments`"


class FlushTooLarge(CsatStreamError):
    """One flush does not fit one record batch; the changelog's `max.message.bytes` must grow."""
