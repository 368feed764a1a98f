"""Fixtures of the tests with the real Prometheus and Alertmanager; without their programs these are skipped, in CI they fail."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import prometheus_stack as stack

# It takes longer than all others together (`make panels`).
collect_ignore = [] if os.environ.get("CSAT_LONG") == "1" else ["test_demo_panels.py"]


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "prometheus: needs the programs of Prometheus and Alertmanager")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of such a test into a failure where Prometheus is required (`CSAT_REQUIRE_PROMETHEUS=1`)."""
    report = yield
    if report.skipped and item.get_closest_marker("prometheus") and os.environ.get("CSAT_REQUIRE_PROMETHEUS") == "1":
        report.outcome = "failed"
        report.longrepr = f"skipped, although CSAT_REQUIRE_PROMETHEUS=1: {call.excinfo.value if call.excinfo else ''}"
    return report


@pytest.fixture(scope="session")
def programs() -> None:
    """The programs are there."""
    missing = stack.missing()
    if missing:
        pytest.skip(f"not on this machine: {', '.join(missing)} (Debian: prometheus, prometheus-alertmanager)")


@pytest.fixture
def running(programs: None, tmp_path: Path, exporter: stack.Exporter) -> Iterator[stack.Running]:  # noqa: ARG001 (only to be there)
    """Exporter, Prometheus, Alertmanager and receiver, one behind the other."""
    receiver = stack.Receiver()
    started: list[stack.Program] = []
    try:
        started.append(stack.start_alertmanager(tmp_path, receiver, ["billing"]))
        started.append(stack.start_prometheus(tmp_path, [exporter.port], started[0]))
        yield stack.Running(exporter, receiver, *started)
    finally:
        for program in reversed(started):
            program.stop()
        receiver.stop()
