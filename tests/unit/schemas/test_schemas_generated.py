"""The committed JSON Schemas and AsyncAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from schemas.deadletters import DeadLetterClass
from schemas.events import CUSTOMER_EVENTS, TICKET_EVENTS
from schemas.generate import FOLDER, contents, main, write
from stream.setting_parts import Topics

DATA = {"ticket_id": "T", "author": "agent", "public": True, "merged_into": "S", "score": 1, "customer_id": "C", "order_id": "O", "value": 9.5}
DOCUMENT: dict[str, Any] = json.loads(contents()["asyncapi.json"])


def references(node: Any) -> Iterator[str]:
    """Every $ref of a document."""
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from references(part)


def test_what_is_committed_is_what_the_models_say(capsys: pytest.CaptureFixture[str]) -> None:
    """The generated files have not drifted from the models."""
    assert main(["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_check_names_each_file_that_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stale, a missing and a needless file are named, one a line, until they are written anew."""
    write(tmp_path)
    (tmp_path / "score.schema.json").write_text("{}")
    (tmp_path / "asyncapi.json").unlink()
    (tmp_path / "old.schema.json").write_text("{}")
    assert main(["--check"], tmp_path) == 1
    assert capsys.readouterr().out.splitlines() == [
        "asyncapi.json: is missing",
        "old.schema.json: is not generated any more",
        "score.schema.json: differs",
    ]
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0


@pytest.mark.parametrize("name", sorted(contents().keys() - {"asyncapi.json"}))
def test_schemas_are_valid(name: str) -> None:
    """Each file is a JSON Schema of the dialect it names."""
    Draft202012Validator.check_schema(json.loads((FOLDER / name).read_text()))


@pytest.mark.parametrize("kind", sorted(TICKET_EVENTS | CUSTOMER_EVENTS))
def test_schemas_accept_what_the_models_accept(kind: str) -> None:
    """One right and one wrong event get the same answer from schema and model, fields nobody knows included."""
    event = {"specversion": "1.0", "type": kind, "source": "s", "id": "1", "time": "2026-10-20T00:00:00Z", "data": DATA, "more": 1}
    validator = Draft202012Validator(json.loads((FOLDER / f"{kind}.schema.json").read_text()))
    model = (TICKET_EVENTS | CUSTOMER_EVENTS)[kind]
    assert validator.is_valid(event)
    assert model.model_validate(event).model_dump(mode="json")["time"] == "2026-10-20T00:00:00.000Z"
    for wrong in ({**event, "specversion": "2.0"}, {**event, "time": "1969-01-01T00:00:00Z"}, {**event, "data": {}}):
        assert not validator.is_valid(wrong)
        with pytest.raises(ValueError, match="validation error"):
            model.model_validate(wrong)


def test_references_of_the_document_lead_somewhere() -> None:
    """Every reference of the AsyncAPI document is to a part of it or to a file beside it."""
    found = list(references(DOCUMENT))
    assert found
    for reference in found:
        file, _, path = reference.partition("#/")
        node = json.loads((FOLDER / file).read_text()) if file else DOCUMENT
        for part in path.split("/") if path else []:
            node = node[part]


def test_the_document_names_the_default_topics() -> None:
    """Four topics are received with all ticket events on each, and silences; what is worked out is sent, and silences by the command."""
    topics = Topics()
    channels = DOCUMENT["channels"]
    directions = {(channels[each["channel"]["$ref"].rpartition("/")[2]]["address"], each["action"]) for each in DOCUMENT["operations"].values()}
    sent = (topics.scores, topics.dead_letters, topics.alerts, topics.followups, topics.silences)
    assert directions == {(topic, "receive") for topic in (*topics.sources, topics.silences)} | {(topic, "send") for topic in sent}
    assert all(channel["messages"].keys() == TICKET_EVENTS.keys() for channel in channels.values() if channel["address"] in topics.sources)


def test_the_dead_letter_schema_names_every_class() -> None:
    """The classes of the schema are those of the code."""
    schema = json.loads((FOLDER / "deadletter.schema.json").read_text())
    assert schema["$defs"]["DeadLetterClass"]["enum"] == [str(each) for each in DeadLetterClass]
