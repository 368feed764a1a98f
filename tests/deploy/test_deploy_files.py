"""What is committed is what the generator makes, and it only speaks of series that workers show."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from stream.deploy import files
from stream.deploy.__main__ import ROOT, main
from stream.deploy.metrics_page import figures_of
from stream.deploy.panels import rows
from stream.devkit.helpdesk import DEFAULT_TEAMS
from stream.kpis.registry import all_metrics
from stream.outlets import metric_names as names

WORD = re.compile(r"\bcx_[a-z0-9_]+")


def shown() -> set[str]:
    """Every series name that a worker can show."""
    histograms = {*(names.histogram_name(name) for name in names.BUCKETS), names.FLUSH, names.RECOVERY}
    ends = {histogram + end for histogram in histograms for end in ("_bucket", "_sum", "_count", "_gsum", "_gcount")}
    return {figure.name for _, metric in all_metrics() for figure in figures_of(metric)} | set(names.HELP) | ends


def test_what_is_committed_is_what_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m stream.deploy --check` has nothing to say."""
    assert main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_the_generator_gives_the_same_again() -> None:
    """Two runs make the same bytes."""
    assert files.contents(DEFAULT_TEAMS) == files.contents(DEFAULT_TEAMS)


def test_differences_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is missing, changed or not made any more is one line each."""
    assert main(["--out", str(tmp_path)]) == 0
    assert main(["--check", "--out", str(tmp_path)]) == 0
    (tmp_path / "deploy/prometheus/rules.yml").unlink()
    (tmp_path / "deploy/prometheus/old.yml").write_text("", encoding="utf-8")
    (tmp_path / "docs/metrics.md").write_text("", encoding="utf-8")
    assert main(["--check", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "deploy/prometheus/old.yml: is not generated any more",
        "deploy/prometheus/rules.yml: is missing",
        "docs/metrics.md: differs",
    ]


def test_teams_and_receiver_can_be_given(tmp_path: Path) -> None:
    """Every team has a route and a receiver for each severity, at the URL given."""
    assert main(["--out", str(tmp_path), "--teams", "a,b", "--receiver", "http://hooks:8080/"]) == 0
    config = yaml.safe_load((tmp_path / "deploy/alertmanager/alertmanager.yml").read_text(encoding="utf-8"))
    urls = {receiver["name"]: hook["url"] for receiver in config["receivers"] for hook in receiver.get("webhook_configs", ())}
    assert urls["pages-a"] == "http://hooks:8080/pages/a"
    assert urls["tickets-b"] == "http://hooks:8080/tickets/b"
    assert urls["dead-mans-switch"] == "http://hooks:8080/dead-mans-switch"


@pytest.mark.parametrize(
    "name", ["deploy/prometheus/rules.yml", "deploy/grafana/dashboards/csat-stream.json", "deploy/alertmanager/alertmanager.yml"]
)
def test_only_series_that_exist_are_asked_for(name: str) -> None:
    """A typo in a query would ask for nothing, forever."""
    assert set(WORD.findall((ROOT / name).read_text(encoding="utf-8"))) - {"cx_alert_firing", "cx_events", "cx_dead_letters", "cx_records"} <= shown()


def test_every_series_is_in_the_documents() -> None:
    """docs/metrics.md names all of them."""
    page = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    documented = set(WORD.findall(page))
    assert {figure.name for _, metric in all_metrics() for figure in figures_of(metric)} <= documented
    assert set(names.HELP) <= documented


def test_panels_have_targets_ids_and_one_source() -> None:
    """Every panel asks the provisioned data source, and has an id of its own for links."""
    dashboard = json.loads((ROOT / "deploy/grafana/dashboards/csat-stream.json").read_text(encoding="utf-8"))
    source = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text(encoding="utf-8"))["datasources"][0]
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert len(panels) == sum(len(row.panels) for row in rows())
    assert {panel["datasource"]["uid"] for panel in panels} == {source["uid"]}
    assert all(panel["targets"] for panel in panels)
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    assert [variable["name"] for variable in dashboard["templating"]["list"]] == ["team", "channel", "window"]


def test_docker_compose_runs_it() -> None:
    """Prometheus, Alertmanager and Grafana with these files, on loopback ports, and a worker that serves metrics where it is scraped."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    for name in ("prometheus", "alertmanager", "grafana"):
        assert all(port.startswith("127.0.0.1:") for port in services[name]["ports"])
        mounted = [volume.split(":")[0] for volume in services[name]["volumes"] if volume.startswith("./")]
        assert mounted
        assert all((ROOT / path).exists() for path in mounted)
    (scraped,) = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    assert services["worker"]["environment"]["CSAT_METRICS__PORT"] == str(scraped["dns_sd_configs"][0]["port"])
