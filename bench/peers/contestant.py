"""What a contestant is: a name, how to get the command that runs it, and how many events it is given at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stream.errors import CsatStreamError


class NotToBeHad(CsatStreamError):
    """A contestant can't run on this machine; the text says why."""


@dataclass(frozen=True)
class Command:
    """A command that runs one job as `bench.peers.job` describes, what it adds to the environment, and what it is made of."""

    arguments: tuple[str, ...]
    versions: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contestant:
    """One stream processor. `prepare` installs or builds what is needed and raises NotToBeHad where that fails."""

    name: str
    prepare: Callable[[], Command]
    most_events: int | None = None

    def events(self, asked: int) -> int:
        """How many events it is given when so many are asked for."""
        return asked if self.most_events is None else min(asked, self.most_events)
