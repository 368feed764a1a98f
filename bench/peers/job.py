"""What a contestant is told by its environment, and the one line it has to print. Standard library only: it runs in every peer's Python."""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

HOUR_MS = 3_600_000
SATISFIED_FROM = 4
RATINGS_TOPIC = "w1.ratings"
TICKET_TOPICS = ("support.ticket.opened.v1", "support.ticket.replied.v1", "support.ticket.closed.v1", "support.rating.submitted.v1")
INPUTS = {"w1": (RATINGS_TOPIC,), "w2": TICKET_TOPICS}
FIRST = "FIRST"


class Job(NamedTuple):
    """One run: which job, where its input begins, where its output goes, and an empty folder for state."""

    name: str
    broker: str
    prefix: str
    out: str
    app: str
    state: Path
    parallel: int

    @property
    def inputs(self) -> list[str]:
        """The topics to read, from their earliest offset on."""
        return [self.prefix + topic for topic in INPUTS[self.name]]

    def environment(self) -> dict[str, str]:
        """The variables that tell a contestant all this."""
        return {
            "PB_JOB": self.name,
            "PB_BROKER": self.broker,
            "PB_PREFIX": self.prefix,
            "PB_OUT": self.out,
            "PB_APP": self.app,
            "PB_STATE": str(self.state),
            "PB_PAR": str(self.parallel),
        }


def from_environment() -> Job:
    """The run that this process is a contestant of; KeyError where it isn't one."""
    read = os.environ
    return Job(read["PB_JOB"], read["PB_BROKER"], read["PB_PREFIX"], read["PB_OUT"], read["PB_APP"], Path(read["PB_STATE"]), int(read["PB_PAR"]))


class FirstRecord:
    """Tells the bench once when the first record has reached the job."""

    def __init__(self) -> None:
        self._told = False

    def seen(self) -> None:
        """Print the moment (Unix seconds) at the first call; to the real standard output, which frameworks may have replaced."""
        if not self._told:
            self._told = True
            os.write(sys.__stdout__.fileno() if sys.__stdout__ else 1, f"{FIRST} {time.time()}\n".encode())


def milliseconds(moment: str) -> int:
    """Unix time in ms of an ISO 8601 time with its zone."""
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def hour_of(moment_ms: int) -> int:
    """Beginning of the hour that a time lies in, in ms."""
    return moment_ms // HOUR_MS * HOUR_MS


def is_satisfied(score: int) -> int:
    """1 for a rating of 4 or 5 on the scale of five, otherwise 0."""
    return int(score >= SATISFIED_FROM)


def is_public_answer(reply: dict[str, object]) -> bool:
    """Whether the data of a reply are a public one by a person of the team: no bot, no customer, no internal note."""
    return reply["author"] == "agent" and bool(reply["public"])
