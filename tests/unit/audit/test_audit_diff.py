"""Differences: what is found, what is tolerated, what can't be judged."""

from __future__ import annotations

from typing import Any

import pytest
from audit_cases import DAY, HOUR, MIDNIGHT, NOON, auditor, opened, rated, reply

from schemas.scores import Score, score_key
from schemas.times import iso
from stream.audit.auditor import Auditor
from stream.audit.diff import Comparison, LogStart, compare, differences
from stream.settings import Settings

AS_OF = NOON + HOUR
CASES = [[rated(NOON + place, 5 if place < 96 else 1, team="billing")] for place in range(118)]
RESPONSES = [[opened(NOON), reply(NOON + 1000 * seconds)] for seconds in range(1, 101)]


def score(found: Auditor, metric: str, window: str, segment: dict[str, str] | None = None, **changes: Any) -> Score:
    """The record that is right at `AS_OF`, then changed."""
    answer = found.answer(metric, segment or {}, window, AS_OF)
    assert answer is not None
    fields: dict[str, Any] = {
        "metric": metric,
        "segment": segment or {},
        "window": window,
        "value": round(float(answer.value), 4),
        "unit": answer.unit,
        "n": answer.n,
        "counts": dict(answer.counts),
        "stats": {name: None if value is None else round(float(value), 4) for name, value in answer.stats.items()},
        "low": None if answer.low is None else round(answer.low, 4),
        "high": None if answer.high is None else round(answer.high, 4),
        "state": "ok" if answer.n >= 10 else "insufficient_data",
        "as_of": iso(AS_OF),
        "revision": 1,
        "definition": "any",
    }
    return Score.model_construct(**(fields | changes))


def topic(*scores: Score) -> dict[bytes, Score]:
    """The score topic."""
    return {score_key(each.metric, each.segment, each.window): each for each in scores}


def found_in(found: Auditor, changed: Score, log_start: LogStart | None = None, now: int = AS_OF) -> Comparison:
    """The comparison of a topic that is right in everything but one record."""
    scores = topic(*(score(found, *(metric, window), segment) for metric, segment, window in found.keys(AS_OF)))
    return compare(found, scores | topic(changed), now, log_start or {})


BILLING = auditor(*CASES, segments=[["team"]])
WAITS = auditor(*RESPONSES, segments=[[]])


def test_a_right_topic_has_no_difference() -> None:
    """Everything judged, nothing found."""
    for found in (BILLING, WAITS):
        right = score(found, *next((metric, window, segment) for metric, segment, window in found.keys(AS_OF)))
        comparison = found_in(found, right)
        assert [*comparison.differences, *comparison.unjudged, *comparison.stale] == []
        assert comparison.judged == len(list(found.keys(AS_OF)))


def test_readable_line() -> None:
    """One line says what is where, in the topic and recomputed."""
    wrong = score(BILLING, "csat", "24h", {"team": "billing"}, value=81.4, n=119)
    lines = [str(each) for each in found_in(BILLING, wrong).differences]
    assert lines == [
        f"csat team=billing 24h at {iso(AS_OF)}: n 119 in the topic, 118 recomputed (n 119, 118)",
        f"csat team=billing 24h at {iso(AS_OF)}: value 81.4 in the topic, 81.3559 recomputed (n 119, 118)",
    ]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"value": 81.3560}, "value"),
        ({"value": 81.3558}, "value"),
        ({"unit": "seconds"}, "unit"),
        ({"state": "insufficient_data"}, "state"),
        ({"revision": 0}, "revision"),
        ({"low": 73.37}, "low"),
        ({"high": None}, "high"),
        ({"stats": {}}, "mean"),
        ({"stats": {"mean": 4.2543}}, "mean"),
    ],
)
def test_every_field_is_compared(changes: dict[str, Any], what: str) -> None:
    """A wrong field alone is the only difference."""
    wrong = score(BILLING, "csat", "24h", {"team": "billing"}, **changes)
    assert [each.what for each in found_in(BILLING, wrong).differences] == [what]


def test_counts_are_exact() -> None:
    """A wrong, a missing and a surplus count."""
    right = score(BILLING, "csat", "24h", {"team": "billing"})
    counts = {name: count for name, count in right.counts.items() if name != "locked"} | {"satisfied": 97, "extra": 0}
    wrong = score(BILLING, "csat", "24h", {"team": "billing"}, counts=counts)
    assert [each.what for each in found_in(BILLING, wrong).differences] == ["extra", "locked", "satisfied"]


def test_sketch_tolerance() -> None:
    """Quantiles may be 1 % off, bounds of the mean a little more, the mean not at all."""
    right = score(WAITS, "first_response", "4h")
    near = {name: None if value is None else value * 1.0099 for name, value in right.stats.items()}
    far = {name: None if value is None else value * 1.0102 for name, value in right.stats.items()}
    assert right.low is not None
    assert not found_in(WAITS, score(WAITS, "first_response", "4h", stats=near, low=right.low * 1.01)).differences
    wrong = found_in(WAITS, score(WAITS, "first_response", "4h", stats=far)).differences
    assert {each.what for each in wrong} >= {"p90", "p50", "p90_high"}
    assert [each.what for each in found_in(WAITS, score(WAITS, "first_response", "4h", low=right.low * 1.05)).differences] == ["low"]
    assert [each.what for each in found_in(WAITS, score(WAITS, "first_response", "4h", value=50.5001)).differences] == ["value"]
    assert [each.what for each in found_in(WAITS, score(WAITS, "first_response", "4h", stats=right.stats | {"p99_low": 1.0})).differences] == [
        "p99_low"
    ]


def test_missing_and_surplus() -> None:
    """An answer without a record, and a record without an answer."""
    right = score(BILLING, "csat", "24h", {"team": "billing"})
    surplus = Score.model_construct(**(right.model_dump() | {"segment": {"team": "other"}}))
    missing = differences(BILLING, topic(surplus), AS_OF, {})
    lines = sorted(str(each) for each in missing)
    assert f"csat team=other 24h at {iso(AS_OF)}: value 81.3559 in the topic, nothing recomputed (n 118)" in lines
    assert f"csat team=billing 24h at {iso(AS_OF)}: nothing in the topic, 81.3559 recomputed (n 118)" in lines
    assert len(lines) == 1 + len(list(BILLING.keys(AS_OF)))


def test_a_window_that_has_emptied_since() -> None:
    """Of an earlier time than the scores: what had an answer then and has none now need not be there; what has one still must."""
    asked, now = NOON + HOUR // 2, AS_OF + HOUR
    assert BILLING.answer("csat", {"team": "billing"}, "1h", asked) is not None
    assert BILLING.answer("csat", {"team": "billing"}, "1h", now) is None
    right = [score(BILLING, *(metric, window), segment, as_of=iso(now)) for metric, segment, window in BILLING.keys(now)]
    assert {each.window for each in right} >= {"4h"}
    assert differences(BILLING, topic(*right), asked, {}) == []
    missing = differences(BILLING, topic(*(each for each in right if each.window != "4h")), asked, {})
    assert {difference.place.window for difference in missing} == {"4h"}


def test_each_score_at_its_own_time() -> None:
    """A 4h score of a day ago was right then; that it was never taken back is named as stale."""
    right = score(BILLING, "csat", "4h", {"team": "billing"})
    comparison = compare(BILLING, topic(right), NOON + DAY, {})
    assert [each for each in comparison.differences if each.place.window == "4h"] == []
    assert [str(each) for each in comparison.stale] == [
        f"csat team=billing 4h at {iso(AS_OF)}: value 81.3559 in the topic, nothing recomputed (n 118)"
    ]


def test_key_of_another_figure() -> None:
    """A record under the wrong key is a difference."""
    right = score(BILLING, "csat", "24h", {"team": "billing"})
    wrong = compare(BILLING, {b"{}": right}, AS_OF, {}).differences
    assert "key" in [each.what for each in wrong]


def test_a_log_that_lost_its_beginning() -> None:
    """Windows that begin at least `future` after its earliest record are judged; `all` and `now` never."""
    start = {("support.ticket.opened.v1", 2): MIDNIGHT}
    comparison = found_in(BILLING, score(BILLING, "csat", "24h", {"team": "billing"}, n=1), start)
    assert comparison.differences == []
    assert {each.place.window for each in comparison.unjudged} == {"24h", "7d", "30d", "all", "now"}
    assert "support.ticket.opened.v1[2] begins at" in str(comparison.unjudged[0])
    short = found_in(BILLING, score(BILLING, "csat", "4h", {"team": "billing"}, n=1), start)
    assert {each.what for each in short.differences} == {"n"}
    waiting = auditor([opened(NOON)])
    assert {each.place.window for each in compare(waiting, {}, NOON, start).unjudged} == {"now"}


def test_a_log_of_which_nothing_is_left() -> None:
    """Nothing can be judged."""
    comparison = compare(BILLING, {}, AS_OF, {("t", 0): None})
    assert comparison.judged == 0
    assert "nothing is left of t[0]" in str(comparison.unjudged[0])


def test_state_follows_min_n() -> None:
    """Below min_n it is insufficient data."""
    assert Settings().min_n == 10
    few = auditor([rated(NOON, 5)], segments=[[]])
    right = score(few, "csat", "4h")
    assert right.state == "insufficient_data"
    assert not found_in(few, right).differences
    assert [each.what for each in found_in(few, score(few, "csat", "4h", state="ok")).differences] == ["state"]
