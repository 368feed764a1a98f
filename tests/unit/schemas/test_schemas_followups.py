"""Follow-ups and their keys."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.followups import FollowUp, followup_key, parse_key

DUE: dict[str, Any] = {
    "ticket_id": "T-1",
    "survey_id": None,
    "score": 1,
    "scale_min": 1,
    "scale_max": 5,
    "segment": {"team": "billing", "channel": "chat"},
    "rated_at": "2026-11-22T10:00:00.000Z",
    "due_at": "2026-11-23T10:00:00.000Z",
    "state": "due",
    "done_at": None,
    "done_by": None,
}
DONE = {**DUE, "survey_id": "s", "state": "done", "done_at": "2026-11-22T11:00:00.000Z", "done_by": "reply"}


@pytest.mark.parametrize("content", [DUE, DONE, {**DONE, "done_by": "tag"}])
def test_a_follow_up_is_written_as_it_is_read(content: dict[str, Any]) -> None:
    """JSON to follow-up to JSON changes nothing."""
    record = FollowUp.model_validate(content)
    assert record.model_dump(mode="json") == content
    assert FollowUp.model_validate_json(record.model_dump_json()) == record


@pytest.mark.parametrize(
    "content",
    [
        {**DUE, "done_at": "2026-11-22T11:00:00.000Z"},
        {**DUE, "done_by": "tag"},
        {**DUE, "state": "done"},
        {**DONE, "done_at": None},
        {**DONE, "done_by": None},
        {**DONE, "done_by": "luck"},
        {**DUE, "score": 1.5},
        {**DUE, "state": "late"},
        {**DUE, "rated_at": "2026-11-22"},
        {key: value for key, value in DUE.items() if key != "due_at"},
    ],
)
def test_a_wrong_follow_up_is_refused(content: dict[str, Any]) -> None:
    """Done says when and by what, due says neither."""
    with pytest.raises(ValidationError):
        FollowUp.model_validate(content)


def test_a_follow_up_has_no_place_for_text_or_customers() -> None:
    """Neither the comment nor who wrote it."""
    assert FollowUp.model_fields.keys() == DUE.keys()


def test_text_of_a_key() -> None:
    """Compact JSON with sorted names; no survey id is the empty text."""
    assert followup_key("T-1", "") == b'{"survey":"","ticket":"T-1"}'


@given(st.text(), st.text())
def test_keys_come_back(ticket: str, survey: str) -> None:
    """A key names its ticket and survey."""
    assert parse_key(followup_key(ticket, survey)) == (ticket, survey)


@pytest.mark.parametrize("key", [b"", b"\xff", b"[]", b'{"ticket":"T"}', b'{"ticket":"T","survey":"s","more":1}', b'{"ticket":1,"survey":""}'])
def test_other_bytes_are_no_key(key: bytes) -> None:
    """Bytes that name no follow-up are refused."""
    with pytest.raises(ValueError, match="not the key of a follow-up"):
        parse_key(key)
