"""Fixtures of the engine tests: installations on the shared broker, and workers that end with their test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engine_case import Case, new_case
from engine_worker import WorkerProcess

_LOG_SHOWN = 4000


@pytest.fixture(scope="session")
def is_long() -> bool:
    """Whether the long form of the fault tests is wanted (`make faults`)."""
    return os.environ.get("CSAT_LONG") == "1"


@pytest.fixture
def new(bootstrap_servers: str, tmp_path: Path) -> Callable[..., Case]:
    """Makes installations: `new(partitions=2, **settings)`."""

    def make(**options: object) -> Case:
        return new_case(bootstrap_servers, tmp_path, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def start() -> Iterator[Callable[..., WorkerProcess]]:
    """Starts workers: `start(case, name, module="stream.cli")`. They end with the test; their logs are shown where it failed."""
    started: list[WorkerProcess] = []

    def begin(case: Case, name: str, module: str = "stream.cli") -> WorkerProcess:
        started.append(WorkerProcess(case.config, case.folder, name, module))
        return started[-1]

    yield begin
    for worker in started:
        worker.close()
        print(f"--- {worker.name}, exit code {worker.exit_code}\n{worker.log[-_LOG_SHOWN:]}")  # noqa: T201 (pytest shows it with a failure)
