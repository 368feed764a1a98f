"""Settings: defaults, file, environment, and every fault at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stream.durations import DAY, HOUR, MINUTE
from stream.errors import ConfigError
from stream.setting_parts import window_length
from stream.settings import Settings, load


def faults(path: Path, content: str) -> dict[str, str]:
    """Faults of a file by their path."""
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert caught.value.exit_code == 2
    return {fault.path: fault.message for fault in caught.value.faults}


def test_the_defaults_are_whole() -> None:
    """Nothing has to be set."""
    found = load()
    assert found.windows == ("15m", "1h", "4h", "24h", "7d", "30d", "all")
    assert (found.lateness, found.future, found.life_gap, found.max_open_age, found.rating_lock) == (
        7 * DAY,
        5 * MINUTE,
        21 * DAY,
        400 * DAY,
        14 * DAY,
    )
    assert (found.min_n, found.min_group, found.agents) == (10, 5, "off")
    assert found.scale_rules[1, 5] == 4


def test_environment_over_file_over_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Part by part: the file's other keys stay; what a caller overrides goes before both."""
    file = tmp_path / "csat.yaml"
    file.write_text("min_n: 3\nkafka:\n  bootstrap_servers: file:1\n  session_timeout: 9s\n", encoding="utf-8")
    monkeypatch.setenv("CSAT_KAFKA__BOOTSTRAP_SERVERS", "env:1")
    found = load(file, {"min_group": 7})
    assert (found.min_n, found.min_group) == (3, 7)
    assert (found.kafka.bootstrap_servers, found.kafka.session_timeout) == ("env:1", 9_000)


def test_targets_are_set_channel_by_channel() -> None:
    """The other channels keep their defaults."""
    found = Settings.model_validate({"targets": {"first_response": {"email": "2h", "fax": "1d"}}}).targets.first_response
    assert (found["email"], found["fax"], found["phone"], found["default"]) == (2 * HOUR, DAY, 3 * MINUTE, HOUR)


def test_lists_in_the_environment_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """As pydantic-settings reads them."""
    monkeypatch.setenv("CSAT_SEGMENTS", '[[],["team"]]')
    assert load().segments == ((), ("team",))


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    """Each with its path; never the value that was given."""
    found = faults(tmp_path / "csat.yaml", "min_n: 0\nwindows: [15m, 90s]\nnonsense: hunter2\nkafka:\n  security_protocol: hunter2\n")
    assert set(found) == {"min_n", "windows.1", "nonsense", "kafka.security_protocol"}
    assert not any("hunter2" in message for message in found.values())


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ("segments: []", "segments"),
        ("segments: [[team, team]]", "segments"),
        ("segments: [[team, channel], [channel, team]]", "segments"),
        ("segments: [[colour]]", "segments.0.0"),
        ("segments: [[agent]]", ""),
        ("agents: pseudonymous", ""),
        ("windows: []", "windows"),
        ("windows: [60m, 1h]", "windows"),
        ("windows: [31d]", "windows.0"),
        ("windows: [61m, 271m]", "windows.1"),
        ("scales: [{min: 1, max: 5, satisfied: 6}]", "scales.0"),
        ("scales: [{min: 1, max: 5, satisfied: 4}, {min: 1, max: 5, satisfied: 5}]", "scales"),
        ("lateness: 0s", "lateness"),
        ("attribution: [guess]", "attribution.0"),
        ("min_group: 1", "min_group"),
        ("alerts: {targets: {csat: nan}}", "alerts.targets.csat"),
        ("clock: {simulated_speed: inf}", "clock.simulated_speed"),
        ("notify: [{name: a, kind: webhook, url: 'http://user@host'}]", "notify.0.url"),
        ("notify: [{name: a, kind: webhook, url: 'http://host', severities: []}]", "notify.0.severities"),
        ("alerts: {runbook_url: 'https://user:pw@wiki/{rule}'}", "alerts.runbook_url"),
    ],
)
def test_contradictions_are_refused(tmp_path: Path, content: str, path: str) -> None:
    """At their place; what concerns several settings has none."""
    assert list(faults(tmp_path / "csat.yaml", content)) == [path]


@pytest.mark.parametrize(("content", "message"), [("a: [", "not valid YAML"), ("- 1", "must be a mapping"), ("\x00", "not valid YAML")])
def test_a_file_that_is_none(tmp_path: Path, content: str, message: str) -> None:
    """One fault, without a traceback."""
    assert list(faults(tmp_path / "csat.yaml", content).values()) == [message]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With the system's own reason."""
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.yaml")


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    """Nothing set."""
    (tmp_path / "csat.yaml").write_text("# nothing\n", encoding="utf-8")
    assert load(tmp_path / "csat.yaml") == load()


@pytest.mark.parametrize(("name", "length"), [("15m", 15 * MINUTE), ("240m", 4 * HOUR), ("5h", 5 * HOUR), ("30d", 30 * DAY)])
def test_windows_that_panes_make_up(name: str, length: int) -> None:
    """Whole minutes up to 4h, whole hours up to 30d."""
    assert window_length(name) == length


@pytest.mark.parametrize("name", ["90s", "241m", "31d", "721h", "all", ""])
def test_windows_that_they_do_not(name: str) -> None:
    """Refused with what can be had."""
    with pytest.raises(ValueError, match=r"window|duration"):
        window_length(name)


def test_addresses_without_a_user_are_taken(tmp_path: Path) -> None:
    """An at sign elsewhere is none; what is no URL at all is for whoever uses it."""
    (tmp_path / "csat.yaml").write_text("alerts: {panel_url: 'https://wiki/d?by=@{team}', runbook_url: 'http://[x'}\n", encoding="utf-8")
    assert load(tmp_path / "csat.yaml").alerts.panel_url == "https://wiki/d?by=@{team}"


def test_settings_are_frozen() -> None:
    """Nothing changes them while a worker runs."""
    changed: Any = Settings()
    with pytest.raises(ValueError, match="frozen"):
        changed.min_n = 3
