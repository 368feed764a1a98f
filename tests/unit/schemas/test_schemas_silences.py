"""Silences."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from schemas.generate import FOLDER
from schemas.silences import Silence, silence_key

SILENCE: dict[str, Any] = {
    "id": "s-1",
    "rule": "csat_dip",
    "segment": {"team": "billing"},
    "until": "2026-11-22T14:00:00.000Z",
    "who": "Ann",
    "why": "deploy at noon, @ people know",
    "created": "2026-11-22T10:00:00.000Z",
}
SCHEMA = Draft202012Validator(json.loads((FOLDER / "silence.schema.json").read_text()))


@pytest.mark.parametrize("change", [{}, {"rule": None, "segment": {}}])
def test_a_silence_is_written_as_it_is_read(change: dict[str, Any]) -> None:
    """JSON to silence to JSON changes nothing; any rule and any segment can be meant."""
    given = {**SILENCE, **change}
    silence = Silence.model_validate(given)
    assert silence.model_dump(mode="json") == given
    assert Silence.model_validate_json(silence.model_dump_json()) == silence
    assert SCHEMA.is_valid(given)


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"id": "a b"},
        {"rule": ""},
        {"segment": {"team": 1}},
        {"until": "tomorrow"},
        {"who": ""},
        {"who": "ann@example.com"},
        {"who": "x" * 81},
        {"why": ""},
        {"why": "ask ann@example.com"},
        {"why": "x" * 301},
        {"created": None},
    ],
)
def test_a_wrong_silence_is_refused(change: dict[str, Any]) -> None:
    """By the model and by the schema; e-mail addresses would get into alerts."""
    given = {**SILENCE, **change}
    assert not SCHEMA.is_valid(given)
    with pytest.raises(ValidationError):
        Silence.model_validate(given)


def test_the_key_is_the_id() -> None:
    """In UTF-8."""
    assert silence_key("s-1") == b"s-1"
