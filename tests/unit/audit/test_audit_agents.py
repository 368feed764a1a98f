"""The agent level: pseudonyms, withholding, midnight."""

from __future__ import annotations

from hashlib import blake2b

import pytest
from audit_cases import DAY, HOUR, MIDNIGHT, MINUTE, NOON, auditor, judged, opened, reply
from hypothesis import given
from hypothesis import strategies as st

from schemas.essence import Essence
from stream.audit.agents import pseudonym, withheld
from stream.audit.auditor import Auditor
from stream.errors import UsageError
from stream.settings import Settings


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ({"a": 5, "b": 9}, ""),
        ({"a": 1, "b": 9, "c": 20}, "ab"),  # one alone: the next goes too
        ({"a": 1, "b": 1, "c": 6, "d": 7}, "abc"),  # together 2
        ({"a": 4, "b": 1, "c": 6}, "ab"),  # together 5
        ({"a": 4}, "a"),
        ({"a": 1, "b": 6, "c": 6}, "ab"),  # equals: by name
        ({}, ""),
    ],
)
def test_withheld(sizes: dict[str, int], hidden: str) -> None:
    """The small ones, at least two, together at least the minimum."""
    assert withheld(sizes, 5) == set(hidden)


@given(sizes=st.dictionaries(st.text(max_size=3), st.integers(1, 20), max_size=8), min_group=st.integers(2, 8))
def test_withheld_protects(sizes: dict[str, int], min_group: int) -> None:
    """No small one is shown; what is withheld can't be told from the parent unless everything is; never more than needed."""
    hidden = withheld(sizes, min_group)
    assert all(sizes[agent] >= min_group for agent in sizes.keys() - hidden)
    if hidden and hidden != sizes.keys():
        assert len(hidden) > 1
        assert sum(sizes[agent] for agent in hidden) >= min_group
    assert not hidden or any(sizes[agent] < min_group for agent in hidden)


def answered(agent: str | None, time: int, cases: int, team: str = "a") -> list[list[Essence]]:
    """That many tickets, each with a first response of an agent."""
    return [[opened(time - 1, team=team), reply(time, agent)] for _ in range(cases)]


def level(*groups: list[list[Essence]], **settings: object) -> Auditor:
    """An auditor with agents shown."""
    return auditor(*(ticket for group in groups for ticket in group), **({"segments": [["agent"]], "agents": "on"} | settings))


def shown(found: Auditor, as_of: int, window: str = "all") -> set[str]:
    """Agents that first response is shown for."""
    return {segment["agent"] for metric, segment, name in found.keys(as_of) if (metric, name) == ("first_response", window)}


def test_withheld_in_answers_and_keys() -> None:
    """Both say the same."""
    found = level(answered("ann", NOON, 5), answered("bob", NOON, 4), answered("cid", NOON, 1), answered("dan", NOON, 9))
    assert shown(found, NOON + DAY) == {"ann", "dan"}
    assert found.answer("first_response", {"agent": "bob"}, "all", NOON + DAY) is None
    answer = found.answer("first_response", {"agent": "ann"}, "all", NOON + DAY)
    assert answer is not None
    assert answer.n == 5


def test_withheld_within_each_parent_and_window() -> None:
    """A parent is the rest of the segment; another window counts anew."""
    groups = answered("ann", NOON, 5), answered("bob", NOON, 5), answered("cid", NOON, 4, "b"), answered("bob", NOON - 9 * DAY, 5, "b")
    found = level(*groups, segments=[["team", "agent"]])
    pairs = {
        (segment["team"], segment["agent"]) for metric, segment, window in found.keys(NOON + DAY) if (metric, window) == ("first_response", "all")
    }
    assert pairs == {("a", "ann"), ("a", "bob")}
    week = {(segment["team"], segment["agent"]) for metric, segment, window in found.keys(NOON + DAY) if (metric, window) == ("first_response", "7d")}
    assert week == {("a", "ann"), ("a", "bob")}


def test_never_before_midnight() -> None:
    """What happened today is not seen; the next midnight shows it."""
    found = level(answered("ann", NOON, 5))
    assert shown(found, MIDNIGHT + DAY - 1) == set()
    assert shown(found, MIDNIGHT + DAY) == {"ann"}
    assert shown(found, MIDNIGHT + DAY, "24h") == {"ann"}
    assert shown(found, MIDNIGHT + 2 * DAY, "24h") == set()
    assert shown(found, MIDNIGHT + DAY, "4h") == set()


def test_fixed_now_is_not_midnight() -> None:
    """With a fixed now the windows end at now."""
    found = level(answered("ann", NOON, 5), clock={"fixed": NOON + MINUTE})
    assert shown(found, NOON + MINUTE) == {"ann"}


def test_missing_agent_is_none() -> None:
    """It counts as one of the agents."""
    assert shown(level(answered(None, NOON, 5), answered("ann", NOON, 6)), NOON + DAY) == {"(none)", "ann"}


def test_pseudonyms() -> None:
    """A keyed hash of 16 digits; another key gives another; the missing agent stays."""
    key = b"0123456789abcdef"
    expected = blake2b(b"ann", digest_size=8, key=key).hexdigest()
    assert pseudonym("ann", key) == expected
    assert len(expected) == 16
    assert pseudonym("ann", b"another key of 16") != expected
    settings = Settings(segments=(("agent",),), agents="pseudonymous", agent_key_file="key")
    found = Auditor(judged(*answered("ann", NOON, 5), *answered(None, NOON, 5)), settings, key)
    assert shown(found, NOON + DAY) == {expected, "(none)"}
    with pytest.raises(UsageError, match="agent_key_file"):
        Auditor(judged(), settings)


def test_no_agent_figures_for_what_belongs_to_none() -> None:
    """Backlog, waiting and within target have no agent."""
    found = level(answered("ann", NOON, 5), segments=[["agent"], ["team"]])
    metrics = {metric for metric, segment, _ in found.keys(NOON + DAY + HOUR) if "agent" in segment}
    assert metrics == {"first_response"}
