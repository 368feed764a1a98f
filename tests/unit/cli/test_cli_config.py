"""`config check`: every fault of settings, rules and receivers in one go, each with its path in the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.cli.app import worker
from stream.cli.common import Common
from stream.cli.config import show_config
from stream.errors import ConfigError

RECEIVER = "kind: webhook, url: 'https://desk.example/x'"


def common(folder: Path, text: str) -> Common:
    """Settings of a file."""
    path = folder / "csat.yaml"
    path.write_text(text, encoding="utf-8")
    return Common(path)


def faults(folder: Path, text: str) -> list[str]:
    """Paths of all faults that are told of a file."""
    with pytest.raises(ConfigError) as caught:
        show_config(common(folder, text))
    assert caught.value.exit_code == 2
    return [fault.path for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        (f"notify: [{{name: desk, {RECEIVER}, rules: [csat_dip, nope]}}]", ["notify.0.rules.1"]),
        (f"notify: [{{name: desk, {RECEIVER}, rules: []}}]", ["notify.0.rules"]),
        (f"notify: [{{name: desk, {RECEIVER}, severities: []}}]", ["notify.0.severities"]),
        (f"notify: [{{name: desk, {RECEIVER}}}, {{name: b, {RECEIVER}, segment: {{product: zzz}}}}]", ["notify.1.segment"]),
        (f"notify: [{{name: desk, {RECEIVER}, rules: [csat_low], severities: [page]}}]", ["notify.0"]),
        ("notify: [{name: desk, kind: webhook, url: 'http://user:password@host'}]", ["notify.0.url"]),
        ("notify: [{name: desk, kind: webhook, url_file: /no/such/file}]", ["notify.0.url_file"]),
        ("alerts: {panel_url: 'https://user:password@grafana/d'}", ["alerts.panel_url"]),
        (
            "alerts: {rules: {mine: {kind: custom, severity: page, metric: csat, window: 1h, below: 60, lists: [[product]]}}}",
            ["alerts.rules.mine.lists.0"],
        ),
    ],
)
def test_what_nobody_would_ever_get_is_refused(tmp_path: Path, text: str, paths: list[str]) -> None:
    """Instead of settings that are right; so is a secret in them."""
    assert faults(tmp_path, text) == paths


def test_with_such_lists_it_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same rule and receiver, where the segments are configured."""
    rule = "mine: {kind: custom, severity: page, metric: csat, window: 1h, below: 60, lists: [[product]]}"
    receiver = f"{{name: desk, {RECEIVER}, rules: [mine], segment: {{product: zzz}}}}"
    show_config(common(tmp_path, f"segments: [[], [product]]\nalerts: {{rules: {{{rule}}}}}\nnotify: [{receiver}]\n"))
    assert "all settings are right" in capsys.readouterr().out


BROKEN = """
min_n: 0
schedule_of: [{schedule: late}]
alerts:
  rules:
    x9: null
    csat_dip: {long: {window: 30m}}
    mine: {kind: custom, severity: page, metric: csat, window: 1h, below: 60, lists: [[product]]}
notify:
  - {name: "a b", kind: webhook, url: "https://ann:hunter2@desk.example", rules: [nope], segment: {product: zzz}}
  - {name: desk, kind: webhook, url: "https://desk.example/x", severities: [], secret_file: /no/such/file}
  - {name: desk, kind: webhook, url: "https://desk.example/x", rules: [csat_low], severities: [page]}
"""


def test_no_fault_hides_another(tmp_path: Path) -> None:
    """A rule without anything, a bad name and a name that stands twice beside all others; no secret is repeated, no fault told twice."""
    assert sorted(faults(tmp_path, BROKEN)) == sorted(
        [
            "min_n",
            "alerts.rules.x9",
            "notify.0.name",
            "notify.0.url",
            "notify.1.severities",
            "",
            "alerts.rules.csat_dip.short.window",
            "alerts.rules.mine.lists.0",
            "notify.0.rules.0",
            "notify.0.segment",
            "notify.1.secret_file",
            "notify.2",
            "notify",
        ]
    )
    with pytest.raises(ConfigError) as caught:
        show_config(common(tmp_path, BROKEN))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("more", ["alerts: {rules: {x9: null}}", f"notify: [{{name: a, {RECEIVER}}}, {{name: a, {RECEIVER}}}]", "notify: [null]"])
@pytest.mark.parametrize("hidden", ["min_n: 0", "agents: pseudonymous", "schedule_of: [{schedule: late}]"])
def test_pairs_of_faults(tmp_path: Path, more: str, hidden: str) -> None:
    """Each of one kind beside each of another."""
    assert len(faults(tmp_path, f"{more}\n{hidden}\n")) == 2


def test_faulty_rules_do_not_hide_what_is_wrong_with_receivers(tmp_path: Path) -> None:
    """Where settings are right by themselves; shipped rules that nobody changed are what they are."""
    text = "alerts: {rules: {x9: {}, csat_low: {severity: loud}}}\nnotify:\n"
    text += f"  - {{name: a, {RECEIVER}, rules: [budget], severities: [page]}}\n  - {{name: b, {RECEIVER}, rules: [csat_low], severities: [page]}}\n"
    assert sorted(faults(tmp_path, text)) == ["alerts.rules.csat_low.severity", "alerts.rules.x9.kind", "notify.0"]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        (f"notify: [{{name: a, {RECEIVER}, severities: [loud], rules: [rating_lowest]}}]", ["notify.0.severities.0"]),
        (
            f"alerts: {{rules: {{csat_low: null}}}}\nnotify: [{{name: a, {RECEIVER}, severities: [page], rules: [csat_low]}}]",
            ["alerts.rules.csat_low"],
        ),
        (f"segments: [[colour]]\nnotify: [{{name: a, {RECEIVER}, segment: {{product: zzz}}}}]", ["segments.0.0"]),
    ],
)
def test_no_fault_makes_another(tmp_path: Path, text: str, paths: list[str]) -> None:
    """Of what can't be known while something is wrong, nothing is said."""
    assert faults(tmp_path, text) == paths


def test_a_worker_does_not_start_on_it(tmp_path: Path) -> None:
    """What `config check` refuses, its start refuses too: faults of settings and of alerts at once."""
    path = common(tmp_path, f"windws: [1h]\nnotify: [{{name: desk, {RECEIVER}, rules: [nope]}}]").path
    with pytest.raises(ConfigError) as caught:
        worker(path)
    assert [fault.path for fault in caught.value.faults] == ["windws", "notify.0.rules.0"]
