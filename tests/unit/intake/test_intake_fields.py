"""The fields a mapping can fill: those of the contracts, no more and no less."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.events import TICKET_EVENTS
from stream.intake.fields import FIELDS, REQUIRED, convert
from stream.intake.times import UnreadableError

KINDS = {"string": "text", "integer": "integer", "boolean": "boolean", "array": "list"}


def kind_of(schema: dict[str, Any]) -> str:
    """The kind of a field by its JSON schema; a nullable one has it in `anyOf`."""
    types = [part["type"] for part in schema.get("anyOf", [schema]) if part["type"] != "null"]
    assert len(types) == 1
    return KINDS[types[0]]


def test_types_are_those_of_the_contracts() -> None:
    """Every ticket event can be made, and nothing else."""
    assert set(FIELDS) == set(REQUIRED) == set(TICKET_EVENTS)


@pytest.mark.parametrize("name", FIELDS)
def test_fields_are_those_of_the_contracts(name: Any) -> None:
    """Names, kinds and which are required agree with the models."""
    data: Any = TICKET_EVENTS[name].model_fields["data"].annotation
    schema = data.model_json_schema()
    properties = {field: kind_of(part) for field, part in schema["properties"].items() if field != "ticket_id"}
    assert properties == dict(FIELDS[name])
    assert set(schema["required"]) == {"ticket_id", *REQUIRED[name]}


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("3", "integer", 3),
        ("3.0", "integer", 3),
        ("-2.00", "integer", -2),
        ("Y", "boolean", True),
        ("false", "boolean", False),
        ("0", "boolean", False),
        ("a, b,,c ", "list", ["a", "b", "c"]),
        ("3.0", "text", "3.0"),
    ],
)
def test_text_is_read_as_the_field_wants_it(text: str, kind: Any, value: Any) -> None:
    """Each kind in the ways tables write it."""
    found = convert(text, kind)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "kind"), [("3.5", "integer"), ("1e3", "integer"), ("", "integer"), ("٣", "integer"), ("maybe", "boolean"), ("2", "boolean")]
)
def test_other_texts_are_refused(text: str, kind: Any) -> None:
    """Nothing is rounded or guessed, and the text isn't repeated."""
    with pytest.raises(UnreadableError) as caught:
        convert(text, kind)
    assert not text or text == "2" or text not in str(caught.value).split()
