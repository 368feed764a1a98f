"""Scores and their keys."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.scores import Score, parse_key, score_key

SCORE: dict[str, Any] = {
    "metric": "csat",
    "segment": {"team": "billing"},
    "window": "24h",
    "value": 81.4,
    "unit": "percent",
    "n": 118,
    "counts": {"satisfied": 96, "rated": 118},
    "stats": {"mean": 4.1, "p99": None},
    "low": 73.4,
    "high": 87.4,
    "state": "ok",
    "as_of": "2026-11-22T10:00:00.000Z",
    "revision": 7,
    "definition": "csat/4-5-of-5",
    "attribution": ["snapshot", "ticket"],
}


def test_a_score_is_written_as_it_is_read() -> None:
    """JSON to score to JSON changes nothing; whole numbers stay whole."""
    score = Score.model_validate(SCORE)
    assert score.model_dump(mode="json") == SCORE
    assert Score.model_validate_json(score.model_dump_json()) == score
    assert '"value":5,' in Score.model_validate({**SCORE, "value": 5}).model_dump_json()


@pytest.mark.parametrize(
    "change",
    [
        {"n": 0},
        {"n": True},
        {"revision": 0},
        {"value": float("nan")},
        {"low": float("inf")},
        {"stats": {"mean": float("nan")}},
        {"unit": "stars"},
        {"state": "good"},
        {"as_of": "2026-11-22T10:00:00Z"},
        {"segment": {"team": 1}},
        {"counts": {"rated": 1.5}},
    ],
)
def test_a_wrong_score_is_refused(change: dict[str, Any]) -> None:
    """Nothing counted, nothing finite, or a foreign word is no score."""
    with pytest.raises(ValidationError):
        Score.model_validate({**SCORE, **change})


def test_text_of_a_key() -> None:
    """Keys are compact JSON with sorted names, and UTF-8 as it is."""
    assert (
        score_key("csat", {"team": "billing", "channel": "büro"}, "24h")
        == '{"metric":"csat","segment":{"channel":"büro","team":"billing"},"window":"24h"}'.encode()
    )
    assert score_key("csat", {}, "all") == b'{"metric":"csat","segment":{},"window":"all"}'


@given(st.text(), st.dictionaries(st.text(), st.text()), st.text())
def test_keys_come_back_and_ignore_the_order_of_dimensions(metric: str, segment: dict[str, str], window: str) -> None:
    """A key names its metric, segment and window, in the same bytes for any order of the segment."""
    key = score_key(metric, segment, window)
    assert parse_key(key) == (metric, segment, window)
    assert score_key(metric, dict(reversed(segment.items())), window) == key


@pytest.mark.parametrize(
    "key", [b"", b"csat", b"\xff", b"[]", b'{"metric":"csat","segment":{}}', b'{"metric":"csat","segment":{"team":1},"window":"1h"}']
)
def test_other_bytes_are_no_key(key: bytes) -> None:
    """Bytes that name no score are refused."""
    with pytest.raises(ValueError, match="not the key of a score"):
        parse_key(key)
