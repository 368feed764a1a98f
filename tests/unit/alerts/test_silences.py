"""Silences: which one holds for an alert."""

from __future__ import annotations

import pytest

from stream.alerts.silences import Silence, matching
from stream.alerts.verdict import Key

KEY = Key("csat_dip", '{"channel":"chat","team":"billing"}')
SILENCE = Silence(id="1", rule="csat_dip", segment={"team": "billing"}, until=1_000, who="ann", why="known")


@pytest.mark.parametrize(
    ("rule", "segment", "holds"),
    [
        ("csat_dip", {"team": "billing"}, True),
        ("", {"team": "billing"}, True),
        ("csat_dip", {}, True),
        ("", {}, True),
        ("csat_dip", {"team": "billing", "channel": "chat"}, True),
        ("csat_low", {"team": "billing"}, False),
        ("csat_dip", {"team": "sales"}, False),
        ("csat_dip", {"team": "billing", "product": "app"}, False),
    ],
)
def test_all_its_values_must_be_in_the_segment(rule: str, segment: dict[str, str], holds: bool) -> None:
    """No rule is any rule; no values are any segment."""
    assert (matching([SILENCE._replace(rule=rule, segment=segment)], KEY, 0) is not None) is holds


@pytest.mark.parametrize(("now", "holds"), [(999, True), (1_000, False)])
def test_it_ends_at_its_time(now: int, holds: bool) -> None:
    """`until` itself is no longer silent."""
    assert (matching([SILENCE], KEY, now) == SILENCE) is holds


def test_the_one_that_holds_longest_is_named() -> None:
    """Whatever the order."""
    longer = SILENCE._replace(id="2", until=2_000)
    assert matching([SILENCE, longer], KEY, 0) == matching([longer, SILENCE], KEY, 0) == longer
    assert matching([], KEY, 0) is None
