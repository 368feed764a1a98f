"""Fixtures of the fault series: a broker with short sessions, installations on it, the seed, and where results go."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Unpack

import pytest
from engine_case import new_case

from bench.machine import commit
from stream.devkit.kafka import EmbeddedKafka
from tests.faults import results
from tests.faults.stage import BROKER, QUICK, SEGMENTS, SESSION, NewStage, Stage

collect_ignore_glob = [] if os.environ.get("CSAT_LONG") == "1" else ["test_long_*.py"]
_LOG_SHOWN = 4000


@pytest.fixture(scope="session")
def is_long() -> bool:
    """Whether the long form is wanted (`make faults`)."""
    return os.environ.get("CSAT_LONG") == "1"


@pytest.fixture(scope="session")
def chosen_seed() -> int:
    """`CSAT_SEED`, or a new one."""
    return int(os.environ.get("CSAT_SEED") or secrets.randbelow(1_000_000))


@pytest.fixture
def seed(chosen_seed: int) -> int:
    """What all chance of a test comes from; it is printed, and given as `CSAT_SEED` it repeats the test."""
    print(f"CSAT_SEED={chosen_seed}")  # noqa: T201 (pytest shows it with a failure)
    return chosen_seed


@pytest.fixture(scope="session")
def kafka(installed_kafka: type[EmbeddedKafka]) -> Iterator[EmbeddedKafka]:
    """A broker of these tests alone: sessions may be short, so that a dead worker is missed soon."""
    with installed_kafka(config=BROKER) as broker:
        yield broker


@pytest.fixture
def own_kafka(installed_kafka: type[EmbeddedKafka]) -> Iterator[EmbeddedKafka]:
    """A broker of one test alone, which may do to it what it likes."""
    with installed_kafka(config=BROKER) as broker:
        yield broker


@pytest.fixture
def new_stage(tmp_path: Path, seed: int, *, is_long: bool) -> Iterator[NewStage]:
    """Makes installations: `new_stage(servers, partitions=4, **settings)`. Workers end with the test; logs are shown where it failed."""
    stages: list[Stage] = []

    def make(bootstrap_servers: str, *, partitions: int = 4, **settings: object) -> Stage:
        kafka = {"bootstrap_servers": bootstrap_servers, "session_timeout": SESSION}
        defaults = {"segments": SEGMENTS if is_long else SEGMENTS[:3], "publish": QUICK, "kafka": kafka}
        case = new_case(bootstrap_servers, tmp_path, partitions=partitions, **{**defaults, **settings})
        stages.append(Stage(case, random.Random(seed)))
        return stages[-1]

    yield make
    for stage in stages:
        stage.close()
        for worker in stage.workers:
            print(f"--- {worker.name}, exit code {worker.exit_code}\n{worker.log[-_LOG_SHOWN:]}")  # noqa: T201 (shown with a failure)


@pytest.fixture
def note(seed: int, *, is_long: bool) -> Callable[..., None]:
    """Writes down what was done and found, in the long form: `note(fault, times, differences, removed=..., seconds=...)`."""

    def write(fault: str, times: int, differences: int, **more: Unpack[results.More]) -> None:
        if is_long:
            results.write({"fault": fault, "times": times, "differences": differences, "seed": seed, "commit": commit(), **more})

    return write
