"""The whole way on the real programs: a worker's endpoint, Prometheus, Alertmanager, a receiver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.clock import real_ms
from stream.deploy.prometheus import PAGE, SILENT, WATCHDOG
from stream.outlets.snapshot import Alert, Snapshot
from tests import metrics_sample as sample
from tests import prometheus_stack as stack

pytestmark = pytest.mark.prometheus
DASHBOARD = json.loads((Path(__file__).parents[2] / "deploy/grafana/dashboards/csat-stream.json").read_text(encoding="utf-8"))
_PAGES, _TEAM_PAGES = "/pages", "/pages/billing"


class Shown:
    """The sample, with alerts that a test may change."""

    def __init__(self) -> None:
        self.alerts: tuple[Alert, ...] = ()
        self.delay = 1_500

    def __call__(self) -> Snapshot:
        """The snapshot of this moment."""
        found = sample.snapshot(now=real_ms())._replace(alerts=self.alerts)
        found.health.clock_delay = self.delay
        return found


@pytest.fixture
def shown() -> Shown:
    """What the endpoint shows."""
    return Shown()


@pytest.fixture
def exporter(shown: Shown) -> Iterator[stack.Exporter]:
    """The endpoint."""
    running = stack.Exporter(shown)
    yield running
    running.stop()


def test_an_alert_goes_all_the_way(running: stack.Running, shown: Shown) -> None:
    """A team's page reaches the team's receiver; the whole, which it explains, keeps still until nobody speaks for it any more."""
    child, parent, _ = sample.alerts()
    shown.alerts = (child, parent)
    pages = running.receiver
    stack.wait_for(lambda: bool(pages.alerts(_TEAM_PAGES)), "the team is paged")
    (page,) = pages.alerts(_TEAM_PAGES)
    assert (page["alertname"], page["rule"], page["team"], page["severity"], page["level"]) == (PAGE, "csat_dip", "billing", "page", "team")
    assert "instance" not in page
    stack.wait_for(lambda: stack.suppressed(running.alertmanager) == ["{}"], "the parent is inhibited")
    assert _of_rules(pages) == []
    shown.alerts = (parent._replace(inhibited_by=None),)
    stack.wait_for(lambda: bool(_of_rules(pages)), "the parent speaks for itself")
    assert [(alert["rule"], alert["segment"]) for alert in _of_rules(pages)] == [("csat_dip", "{}")]
    stack.wait_for(lambda: bool(pages.alerts(_TEAM_PAGES, "resolved")), "the team's alert is resolved")


def test_a_replay_notifies_nobody(running: stack.Running, shown: Shown) -> None:
    """An alert of long ago is kept quiet; one that still holds when now has come up is told."""
    child, _, _ = sample.alerts()
    shown.delay = 3_600_000
    shown.alerts = (child,)
    stack.wait_for(lambda: stack.suppressed(running.alertmanager) == ['{"team":"billing"}'], "it is inhibited")
    assert running.receiver.alerts(_TEAM_PAGES) == []
    shown.delay = 1_500
    stack.wait_for(lambda: bool(running.receiver.alerts(_TEAM_PAGES)), "it is told")


def test_a_silent_worker_raises_the_dead_mans_alert(running: stack.Running) -> None:
    """The watchdog goes out as long as the way is open; when the worker is gone, the dead-man's alert pages."""
    stack.wait_for(lambda: bool(running.receiver.alerts("/dead-mans-switch")), "the watchdog goes out")
    stack.wait_for(lambda: bool(stack.query(running.prometheus, "cx_scorer_owner == 1")), "the worker is scraped")
    assert {alert["alertname"] for alert in running.receiver.alerts("/dead-mans-switch")} == {WATCHDOG}
    assert running.receiver.alerts(_PAGES) == []
    running.exporter.stop()
    stack.wait_for(lambda: bool(running.receiver.alerts(_PAGES)), "somebody is paged")
    assert {alert["alertname"] for alert in running.receiver.alerts(_PAGES)} == {SILENT}
    running.prometheus.stop()
    stack.wait_for(lambda: bool(running.receiver.alerts("/dead-mans-switch", "resolved")), "the watchdog stays away")


def test_every_query_of_the_dashboard_returns_data(running: stack.Running) -> None:
    """With everything chosen, and with one team and channel; rates need a few scrapes."""
    queries = stack.dashboard_queries(DASHBOARD) + stack.dashboard_queries(DASHBOARD, team="billing", channel="chat")
    assert len(queries) > 60
    stack.wait_for(lambda: all(stack.query(running.prometheus, query) for query in queries[:1]), "the worker is scraped")
    empty = queries

    def has_data() -> bool:
        nonlocal empty
        empty = [query for query in empty if not stack.query(running.prometheus, query)]
        return not empty

    try:
        stack.wait_for(has_data, "every query has data", 20)
    except AssertionError:
        assert empty == []


def _of_rules(receiver: stack.Receiver) -> list[dict[str, str]]:
    """Pages of no team in particular that come from a rule, and not from the workers' health."""
    return [alert for alert in receiver.alerts(_PAGES) if alert["alertname"] == PAGE]
