"""The guide to mapping files: every example gives exactly the events and faults it shows, and its table of fields is complete."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stream.intake.events import read_events
from stream.intake.fields import FIELDS, REQUIRED
from stream.intake.load import load_mapping
from stream.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[3]
GUIDE = (REPOSITORY / "docs" / "mapping.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"```yaml\n(.*?)```\n\n```csv\n(.*?)```\n\n```json\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)
EXAMPLES = EXAMPLE.findall(GUIDE)


def test_every_code_block_belongs_to_an_example() -> None:
    """No block of the guide escapes the test below."""
    assert len(EXAMPLES) == 4
    assert GUIDE.count("```yaml") == GUIDE.count("```csv") == GUIDE.count("```json") == 4
    assert GUIDE.count("```text") == sum(bool(faults) for *_, faults in EXAMPLES)


@pytest.mark.parametrize(("mapping", "table", "events", "faults"), EXAMPLES)
def test_example(tmp_path: Path, mapping: str, table: str, events: str, faults: str) -> None:
    """The mapping and the table give the events shown, in that order, and the faults shown."""
    (tmp_path / "mapping.yaml").write_text(mapping, encoding="utf-8")
    (tmp_path / "example.csv").write_text(table, encoding="utf-8")
    found = read_events([tmp_path / "example.csv"], load_mapping(tmp_path / "mapping.yaml"), Settings())
    assert [json.loads(event.value) for event in found.events] == [json.loads(line) for line in events.splitlines()]
    assert [f"line {fault.line}: {fault.message}" for fault in found.faults] == faults.splitlines()


def test_table_of_fields() -> None:
    """The table names every field, and marks those that an event can't do without."""
    rows = dict(re.findall(r"^\| `([a-z.]+)` \|(.*)\|$", GUIDE, re.MULTILINE))
    for name, fields in FIELDS.items():
        listed = re.sub(r"\([^)]*\)", "", rows[name])
        assert re.findall(r"[a-z_]+", listed) == list(fields)
        assert re.findall(r"\*\*([a-z_]+)\*\*", listed) == list(REQUIRED[name])
