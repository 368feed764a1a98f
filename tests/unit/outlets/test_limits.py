"""The hourly limit of info notifications, and the digest of what was over it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from stream.durations import HOUR, MINUTE
from stream.outlets.limits import HourlyLimit, digest, digest_key

TEN = 1_784_023_200_000  # 2026-07-14T10:00:00Z


def test_so_many_an_hour() -> None:
    """The third waits for the next clock hour."""
    limit = HourlyLimit(2, {})
    assert [limit.admits("r", TEN + minute * MINUTE) for minute in (0, 30, 59, 60)] == [True, True, False, True]


def test_a_rule_has_its_own_limit_below_the_receivers() -> None:
    """One rule can't use up all, and all together can't pass the receiver's."""
    limit = HourlyLimit(3, {"r": 1, "s": 9})
    assert [limit.admits(rule, TEN) for rule in ("r", "r", "s", "s", "s")] == [True, False, True, True, False]


@given(st.lists(st.tuples(st.sampled_from("rst"), st.integers(0, 3 * HOUR)), max_size=60), st.integers(1, 5), st.integers(1, 5))
def test_never_more_in_any_hour(asked: list[tuple[str, int]], at_most: int, of_r: int) -> None:
    """And as many as may be: what is refused would have been too many."""
    limit, given_out = HourlyLimit(at_most, {"r": of_r}), list[tuple[str, int]]()
    for rule, after in sorted(asked, key=lambda one: one[1]):
        hour = after // HOUR
        in_hour = [other for other, its in given_out if its == hour]
        may = len(in_hour) < at_most and (rule != "r" or in_hour.count("r") < of_r)
        assert limit.admits(rule, TEN + after) is may
        if may:
            given_out.append((rule, hour))


def test_the_digest_of_an_hour() -> None:
    """Due when the hour ends; one key for the whole hour, another for another rule or hour."""
    made = digest("desk", "rating_lowest", 37, TEN + 14 * MINUTE, as_json=True)
    assert (made.severity, made.not_before, made.count, made.record_key) == ("info", TEN + HOUR, 37, f"desk/{made.key}".encode())
    assert json.loads(made.body) == {
        "key": digest_key("rating_lowest", TEN),
        "event": "digest",
        "rule": "rating_lowest",
        "severity": "info",
        "count": 37,
        "from": "2026-07-14T10:00:00.000Z",
        "to": "2026-07-14T11:00:00.000Z",
        "summary": "37 more of rating_lowest between 10:00 and 11:00 UTC",
    }
    assert len({digest_key("rating_lowest", TEN), digest_key("rating_lowest", TEN + HOUR), digest_key("other", TEN)}) == 3


def test_the_digest_in_words() -> None:
    """For receivers that read text."""
    made = digest("desk", "rating_lowest", 2, TEN, as_json=False)
    assert made.title == "2 more of rating_lowest between 10:00 and 11:00 UTC"
    assert "not sent one by one" in made.body
