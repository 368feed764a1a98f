"""What `docs/alerts.md`, `docs/rules.md` and the README show of alerts is what the program says: texts, tables, settings, commands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from schemas.alerts import Alert
from stream import reference
from stream.alerts.conditions.shares import ALL_OF_IT
from stream.alerts.machine import STALE_FOR, Event
from stream.alerts.memory import State
from stream.alerts.message import message
from stream.alerts.rules import Custom, Drift, Rating, TwoWindows
from stream.alerts.shipped import rules_in_force, shipped_rules
from stream.alerts.targets import Targets
from stream.cli.rules import lines_of, lines_shown
from stream.durations import DAY, HOUR, MINUTE
from stream.settings import Settings, load
from tests.docs.test_documents import README, ROOT, blocks
from tests.docs.worked_example import FIRED, Afternoon

ALERTS = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")
RULES = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
RECORD = (ROOT / "docs/alert-record.md").read_text(encoding="utf-8")
WIDTH = 150


@pytest.fixture(scope="module")
def afternoon() -> Afternoon:
    """The whole worked example."""
    return Afternoon()


def one(alerts: list[Alert], event: str) -> Alert:
    """The one notification of an event."""
    (found,) = [alert for alert in alerts if alert.notify and alert.event == event]
    return found


def block(text: str, language: str, beginning: str) -> str:
    """The fenced block that begins so."""
    (found,) = [each for each in blocks(text, language) if each.startswith(beginning)]
    return found.rstrip("\n")


def test_the_page_is_what_the_rules_say(afternoon: Afternoon) -> None:
    """Word for word, on both pages; and it is the only page of that afternoon that begins an episode."""
    title, body = message(one(afternoon.alerts, "fired"))
    for text in (README, ALERTS):
        assert block(text, "text", "[page] csat_dip") == f"{title}\n{body}"


def test_the_page_says_what_the_text_explains() -> None:
    """The names in bold are those of the lines."""
    shown = block(ALERTS, "text", "[page] csat_dip")
    for name in ("Since", "Last hour", "Why", "Worst ratings", "Tickets", "Silence"):
        assert re.search(rf"^{name}\b", shown, flags=re.MULTILINE), name
        assert f"- **{name}**" in ALERTS


def test_the_figures_of_the_explanation_are_those_of_the_page(afternoon: Afternoon) -> None:
    """28 of 47, 59.6 %, 77.2 %."""
    fired = one(afternoon.alerts, "fired")
    assert f"{fired.counts['satisfied']} of {fired.n} ratings" in ALERTS
    assert f"{fired.value:.1f} %" in ALERTS
    assert f"upper end is {fired.bound:.1f} %" in ALERTS
    rule = shipped_rules()["csat_dip"]
    assert isinstance(rule, TwoWindows)
    assert rule.wait == 5 * MINUTE
    assert rule.cooldown == 6 * HOUR
    assert rule.clear_for == 60 * MINUTE
    assert rule.worse_by == 10
    assert STALE_FOR == DAY
    assert ALL_OF_IT == 100


def test_the_all_clear_is_what_the_rules_say(afternoon: Afternoon) -> None:
    """Its first line."""
    assert block(ALERTS, "text", "All clear") == one(afternoon.alerts, "resolved").summary


def test_the_rules_are_shown_as_the_command_shows_them() -> None:
    """The table of `csat-stream rules` at the minute of the page."""
    found = Afternoon(FIRED)
    tick, memories = found.book.snapshot()
    lines = list(lines_of(rules_in_force(found.settings), found.settings, found.board, tick, memories))
    shown = block(ALERTS, "console", "$ csat-stream rules\n").splitlines()[1:]
    assert lines_shown(lines, everything=False) == shown


def test_states_and_events_are_explained() -> None:
    """Every state has a row; every event stands in the record's table."""
    rows = re.findall(r"^\| `(\w+)` \|", ALERTS.partition("| state | what it means |")[2].partition("\n\n")[0], flags=re.MULTILINE)
    assert rows == [str(state) for state in State]
    events = set(get_args(Event)) - {""} - {str(state) for state in State} - {"fired"}
    assert all(f"`{event}`" in RECORD for event in events)


def settings_of(shown: str, folder: Path) -> Settings:
    """The settings of a shown csat.yaml."""
    path = folder / "csat.yaml"
    path.write_text(shown, encoding="utf-8")
    return load(path)


def test_changed_targets_and_rules_do_what_is_said(tmp_path: Path) -> None:
    """The first example."""
    settings = settings_of(block(ALERTS, "yaml", "alerts:\n  targets"), tmp_path)
    rules, targets = rules_in_force(settings), Targets.of(settings)
    assert isinstance(rules["csat_dip"], TwoWindows)
    assert rules["csat_dip"].long.min_n == 30
    assert rules["csat_dip"].long.z == 2.88
    assert rules["csat_dip"].cooldown == 12 * HOUR
    assert isinstance(rules["csat_drift"], Drift)
    assert rules["csat_drift"].baseline == 90
    assert not rules["budget"].enabled
    assert targets.target("csat", {"team": "billing", "channel": "chat"}) == 75
    assert targets.target("csat", {"team": "billing", "channel": "email"}) == 78
    assert targets.target("csat", {"team": "shipping"}) == 85


def test_rules_of_ones_own_are_accepted(tmp_path: Path) -> None:
    """The second example."""
    rules = rules_in_force(settings_of(block(ALERTS, "yaml", "alerts:\n  rules:\n    chat_slow:\n"), tmp_path))
    assert isinstance(rules["chat_slow"], Custom)
    assert rules["chat_slow"].confidence == 0.99
    assert isinstance(rules["backlog_high"], Custom)
    assert rules["backlog_high"].wait == 30 * MINUTE


def test_receivers_are_accepted(tmp_path: Path) -> None:
    """Of both pages, and only the rules that exist are named."""
    for text in (README, ALERTS):
        settings = settings_of(block(text, "yaml", "notify:"), tmp_path)
        assert settings.notify
        assert {name for receiver in settings.notify for name in receiver.rules or ()} <= set(shipped_rules())


def test_faults_are_told_as_shown(tmp_path: Path) -> None:
    """The example that is wrong, and what `config check` says of it."""
    (tmp_path / "csat.yaml").write_text(block(ALERTS, "yaml", "alerts:\n  rules:\n    csat_dip: {long: {window"), encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "stream.cli", "config", "check"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines() == block(ALERTS, "console", "$ csat-stream config check").splitlines()[1:]


@pytest.mark.parametrize("text", [README, ALERTS], ids=["README", "alerts"])
def test_a_silence_answers_as_shown(text: str, tmp_path: Path, bootstrap_servers: str) -> None:
    """The command as it stands there, on the real broker; times and ids are made alike."""
    command, *lines = block(text, "console", "$ csat-stream silence --rule").splitlines()
    environment = {"CSAT_KAFKA__BOOTSTRAP_SERVERS": bootstrap_servers, "PATH": ""}
    stream = f"{sys.executable} -m stream.cli"
    subprocess.run([*stream.split(), "topics", "create"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    shell = command.removeprefix("$ ").replace("csat-stream", stream, 1)
    done = subprocess.run(shell, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)  # noqa: S602 (our own docs)
    assert done.returncode == 0, done.stderr
    assert [alike(line) for line in done.stdout.splitlines()] == [alike(line) for line in lines]


def alike(line: str) -> str:
    """A line without its time or id."""
    return re.sub(r"\b[0-9a-f]{12}\b", "ID", re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", line))


def test_every_rule_and_number_is_in_the_table() -> None:
    """Names, windows, fewest cases, quantiles and sources of docs/rules.md."""
    assert reference.pages()["rules.md"] == RULES
    for name, rule in shipped_rules().items():
        (row,) = re.findall(rf"^\| `{name}` \| {rule.severity} \| .*", RULES, flags=re.MULTILINE)
        assert row.endswith(f"| {rule.source} |")
        if isinstance(rule, TwoWindows):
            assert f"over {rule.long.window} (upper bound, z = {rule.long.z:g}: 99." in row
            assert f"n >= {rule.long.min_n})" in row
            assert f"over {rule.short.window} (n >= {rule.short.min_n})" in row
        times = RULES.partition("## When they fire")[2]
        assert (f"\n| `{name}` | " in times) != isinstance(rule, Rating)


def test_every_field_of_a_record_is_in_its_table() -> None:
    """Parts included, each with a meaning."""
    fields = dict(reference.record_fields(Alert))
    assert set(Alert.model_fields) <= set(fields)
    assert {"lost.expected", "why.children[].before.part", "all_clear.bad"} <= set(fields)
    assert [path for path, meaning in fields.items() if not meaning] == []
