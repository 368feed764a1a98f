"""Prometheus's and Alertmanager's own checks of what is generated: rules, their behaviour, metrics, queries, routes."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from stream.deploy import alertmanager
from tests import prometheus_stack as stack
from tests.metrics_golden import CASES
from tests.metrics_text import text

pytestmark = [pytest.mark.prometheus, pytest.mark.usefixtures("programs")]
ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/prometheus/rules.yml"
RULE_TESTS = Path(__file__).parent / "promtool/rules_test.yml"
ROUTES = ROOT / "deploy/alertmanager/alertmanager.yml"


def run(name: str, *arguments: str, given: str = "") -> str:
    """What a program prints; the test fails where it is not content."""
    path = stack.program(name)
    assert path
    done = subprocess.run([path, *arguments], capture_output=True, text=True, input=given, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_configuration_is_accepted() -> None:
    """Prometheus reads its configuration with the rules beside it."""
    assert "rules found" in run("promtool", "check", "config", str(ROOT / "deploy/prometheus/prometheus.yml"))


def test_the_rules_are_accepted() -> None:
    """No rule is wrong, and none stands twice."""
    assert "SUCCESS" in run("promtool", "check", "rules", str(RULES))


def test_the_rules_do_what_they_say() -> None:
    """Prometheus's own unit tests, and every alert is in them, fired."""
    assert "SUCCESS" in run("promtool", "test", "rules", str(RULE_TESTS))
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    alerts = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}
    cases = [case for test in yaml.safe_load(RULE_TESTS.read_text(encoding="utf-8"))["tests"] for case in test["alert_rule_test"]]
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == alerts


def test_rules_that_differ_are_found(tmp_path: Path) -> None:
    """The unit tests fail where an alert waits for something else."""
    changed = RULES.read_text(encoding="utf-8").replace("> 60000", "> 70000")
    (tmp_path / "rules.yml").write_text(changed, encoding="utf-8")
    tests = RULE_TESTS.read_text(encoding="utf-8").replace("../../../deploy/prometheus/rules.yml", "rules.yml")
    (tmp_path / "tests.yml").write_text(tests, encoding="utf-8")
    with pytest.raises(AssertionError, match="CxLag"):
        run("promtool", "test", "rules", str(tmp_path / "tests.yml"))


@pytest.mark.parametrize("name", CASES)
def test_the_metrics_are_clean(name: str) -> None:
    """Names, types, help texts and units follow Prometheus's conventions: not one remark."""
    run("promtool", "check", "metrics", given=text(CASES[name]))


def test_metrics_that_are_not_clean_are_found() -> None:
    """A counter without `_total` and without help is remarked upon."""
    with pytest.raises(AssertionError, match="_total"):
        run("promtool", "check", "metrics", given="# TYPE cx_events counter\ncx_events 1\n")


def test_every_query_of_the_dashboard_can_be_read(tmp_path: Path) -> None:
    """Written as recording rules, all of them are accepted, and no variable is left over."""
    dashboard = json.loads((ROOT / "deploy/grafana/dashboards/csat-stream.json").read_text(encoding="utf-8"))
    queries = stack.dashboard_queries(dashboard)
    assert not [query for query in queries if re.search(r"\$[a-z{]", query)]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    path = tmp_path / "queries.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}), encoding="utf-8")
    assert f"{len(queries)} rules found" in run("promtool", "check", "rules", str(path))


def test_the_routes_are_accepted() -> None:
    """Alertmanager reads its configuration."""
    assert "SUCCESS" in run("amtool", "check-config", str(ROUTES))


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("alertname=CxWatchdog", "severity=none"), alertmanager.DEAD_MAN),
        (("alertname=CxHeldBack", "severity=none", "rule=csat_dip"), alertmanager.SILENT_RECEIVER),
        (("alertname=CxBehind", "severity=none"), alertmanager.SILENT_RECEIVER),
        (("alertname=CxPage", "severity=page", "team=billing"), "pages-billing"),
        (("alertname=CxPage", "severity=page", "team=unheard of"), "pages"),
        (("alertname=CxPage", "severity=page"), "pages"),
        (("alertname=CxTicket", "severity=ticket", "team=shipping"), "tickets-shipping"),
        (("alertname=CxWorkerSilent", "severity=page"), "pages"),
        (("alertname=CxLag", "severity=ticket"), "tickets"),
        (("alertname=SomethingElse",), "tickets"),
    ],
)
def test_alerts_go_where_they_belong(labels: tuple[str, ...], receiver: str) -> None:
    """By severity, then by team; nothing is lost."""
    assert run("amtool", "config", "routes", "test", f"--config.file={ROUTES}", *labels).strip() == receiver


def test_team_names_may_hold_anything(tmp_path: Path) -> None:
    """Quotes, spaces and other letters in a team's name leave a configuration that is accepted."""
    path = tmp_path / "alertmanager.yml"
    path.write_text(yaml.safe_dump(alertmanager.config(['a "b" \\', "équipe 1"]), sort_keys=False, allow_unicode=True), encoding="utf-8")
    assert "SUCCESS" in run("amtool", "check-config", str(path))
    assert run("amtool", "config", "routes", "test", f"--config.file={path}", "severity=page", "team=équipe 1").strip() == "pages-équipe 1"
