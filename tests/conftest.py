"""Fixtures and switches of the whole test suite: Hypothesis profiles, the real Kafka, the shared data."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from stream.devkit import jars
from stream.devkit.kafka import EmbeddedKafka
from stream.errors import UsageError

REPOSITORY = Path(__file__).resolve().parent.parent

settings.register_profile("fast", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True, print_blob=True)
settings.register_profile("brief", settings.get_profile("ci"), max_examples=15)
settings.load_profile("ci" if os.environ.get("CI") else "fast")


def kafka_required() -> bool:
    """Whether a Kafka test that is skipped is a failure (`CSAT_REQUIRE_KAFKA=1`)."""
    return os.environ.get("CSAT_REQUIRE_KAFKA") == "1"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a Kafka test into a failure where Kafka is required."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.get_closest_marker("kafka") and kafka_required():
        report.outcome = "failed"
        report.longrepr = f"skipped, although CSAT_REQUIRE_KAFKA=1: {call.excinfo.value if call.excinfo else ''}"
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the broker, so that `-m "not kafka"` needs none."""
    for item in items:
        if "installed_kafka" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.kafka)


@pytest.fixture(scope="session")
def installed_kafka() -> type[EmbeddedKafka]:
    """What brokers are started with. Where Kafka's packages are not on the machine, whoever wants one is skipped."""
    try:
        jars.require_packages()
    except UsageError as error:
        pytest.skip(str(error))
    return EmbeddedKafka


@pytest.fixture(scope="session")
def kafka(installed_kafka: type[EmbeddedKafka]) -> Iterator[EmbeddedKafka]:
    """The real broker of the whole run. Tests share it: topics and groups need names of their own."""
    with installed_kafka() as broker:
        yield broker


@pytest.fixture
def bootstrap_servers(kafka: EmbeddedKafka) -> str:
    """host:port of the real broker."""
    return kafka.bootstrap_servers


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the data sets with known answers, which lies beside the repository."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data beside the repository")
    return folder
