"""Mapping files: text stays text, and every fault is named at once with its path."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream import plain_yaml
from stream.errors import ConfigError
from stream.intake.load import load_mapping, nearest

GOOD = """
ticket_id: {column: Id}
time: {column: At}
events:
  - name: opened
    type: ticket.opened
"""


def faults_of(folder: Path, text: str) -> dict[str, str]:
    """Faults of a mapping file, by path."""
    file = folder / "mapping.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_mapping(file)
    assert len({fault.path for fault in caught.value.faults}) == len(caught.value.faults)
    return {fault.path: fault.message for fault in caught.value.faults}


def test_scalars_stay_as_written(tmp_path: Path) -> None:
    """Words and numbers that other readers of YAML change are left alone."""
    file = tmp_path / "plain.yaml"
    file.write_text("{a: on, b: 3.0, c: 007, d: 2026-11-20, e: 12:30, f: true, g: 5, h: ~, i: Yes, j: 0}", encoding="utf-8")
    assert plain_yaml.load(file) == {
        "a": "on", "b": "3.0", "c": "007", "d": "2026-11-20", "e": "12:30", "f": True, "g": 5, "h": None, "i": "Yes", "j": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("a: 1\nb: {x: 1, x: 2}", "line 2, column 11", "a key stands twice"),
        ("a: 1\nb: {x: secret", "line 2, column 14", "not valid YAML"),
        ("a: !!python/object:os.system x", "line 1, column 4", "not valid YAML"),
        ("[1]: 2", "line 1, column 1", "a key must be plain text"),
        ("- 1", "", "must be a mapping"),
        ("", "", "must be a mapping"),
        ("a: \x01", "", "not valid YAML"),
    ],
)
def test_what_is_no_mapping(tmp_path: Path, text: str, path: str, message: str) -> None:
    """The place is named, the text isn't repeated."""
    assert faults_of(tmp_path, text) == {path: message}


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """The reason of the system is given."""
    with pytest.raises(ConfigError, match="No such file"):
        load_mapping(tmp_path / "none.yaml")


def test_every_fault_at_once(tmp_path: Path) -> None:
    """Faults of the model, between its parts and of the settings come together."""
    found = faults_of(
        tmp_path,
        """
colour: blue
ticket_id: {column: Id, value: 7}
skip: {}
events:
  - {name: a, type: ticket.opened, fields: {chanel: {value: email}, bot: {value: maybe}}}
  - {name: a, type: ticket.replied, time: {column: At, zone: Rome}, plus: [{column: Wait}, {value: 5}]}
  - {name: c, type: ticket.vanished, time: {column: At, format: "%H:%M"}}
settings: {min_n: 0, segments: [[team, team]], targets: {first_response: {default: soon}}}
""",
    )
    assert set(found) == {
        "colour",
        "ticket_id",
        "skip.0",
        "events.0.time",
        "events.0.fields.chanel",
        "events.0.fields.bot",
        "events.1.name",
        "events.1.time.zone",
        "events.1.plus.0",
        "events.1.fields.author",
        "events.1.fields.public",
        "events.2.type",
        "events.2.time",
        "settings.min_n",
        "settings.segments",
        "settings.targets.first_response.default",
    }
    assert found["events.0.fields.chanel"] == "ticket.opened has no such field; did you mean 'channel'?"
    assert "either column or value" in found["ticket_id"]


def test_texts_of_conditions_and_values(tmp_path: Path) -> None:
    """A single condition and a single text may stand without a list; whole numbers and truths are their texts."""
    file = tmp_path / "mapping.yaml"
    file.write_text(
        GOOD + "    when: {Open: true, State: [1, 007, 2.50]}\n    fields: {bot: {column: B, values: {1: true, no one: false}}}\n", encoding="utf-8"
    )
    rule = load_mapping(file).events[0]
    assert rule.when == ({"Open": ("true",), "State": ("1", "007", "2.50")},)
    assert rule.fields["bot"].values == {"1": "true", "no one": "false"}


def test_settings_are_kept_as_written(tmp_path: Path) -> None:
    """Settings that only agree together with csat.yaml are left to the caller, `on` is a word."""
    file = tmp_path / "mapping.yaml"
    file.write_text(GOOD + "settings: {agents: on, segments: [[], [agent]]}\n", encoding="utf-8")
    assert load_mapping(file).settings == {"agents": "on", "segments": [[], ["agent"]]}
    file.write_text(GOOD + "settings: {segments: [[], [agent]]}\n", encoding="utf-8")
    assert load_mapping(file).settings == {"segments": [[], ["agent"]]}


def test_nearest() -> None:
    """The closest known name is suggested, or none."""
    assert nearest("Dat", ["Time", "Date"]) == "; did you mean 'Date'?"
    assert nearest("x", ["Time", "Date"]) == ""
