"""The agent level: who is withheld, and how agents are shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream.durations import DAY
from stream.segments import pseudonym
from stream.settings import Settings
from stream.windows.withheld import withheld
from tests.helpdesk import NOON, Event, of_ticket, rated
from tests.pipeline import scores


@pytest.mark.parametrize(
    ("cases", "hidden"),
    [
        ({"ann": 5, "bob": 9}, set()),
        ({"ann": 4, "bob": 9, "cem": 12}, {"ann", "bob"}),
        ({"ann": 4, "bob": 4, "cem": 12}, {"ann", "bob"}),
        ({"ann": 1, "bob": 1, "cem": 7, "dan": 8}, {"ann", "bob", "cem"}),
        ({"ann": 1}, {"ann"}),
        ({"ann": 1, "bob": 50}, {"ann", "bob"}),
        ({"bob": 6, "ann": 6, "cem": 4}, {"cem", "ann"}),
        ({"ann": 0, "bob": 9}, set()),
        ({}, set()),
    ],
)
def test_small_groups_are_withheld(cases: dict[str, int], hidden: set[str]) -> None:
    """Below 5; if that is one alone, or fewer than 5 cases together, the next smallest too, of equal ones the first by name."""
    assert withheld(cases, 5) == hidden


def agents_shown(settings: Settings, *events: Event) -> set[str]:
    """Agents with a csat score in `all`, some days later."""
    found = scores(events, NOON + 2 * DAY, settings)
    return {score.segment["agent"] for score in found.values() if (score.metric, score.window) == ("csat", "all")}


def ratings_of(agent: str, times: int) -> list[Event]:
    """Tickets rated for an agent."""
    return [
        event
        for number in range(times)
        for event in of_ticket(f"T-{agent}-{number}", rated(NOON, 5, agent=agent, team="red" if number < 5 else "blue"))
    ]


def test_withheld_within_one_parent() -> None:
    """An agent may be shown in one team and withheld in another."""
    settings = Settings(segments=(("team", "agent"),), agents="on", windows=("all",))
    found = scores([*ratings_of("ann", 10), *ratings_of("bob", 9)], NOON + 2 * DAY, settings)
    shown = {(score.segment["team"], score.segment["agent"]) for score in found.values() if score.metric == "csat"}
    assert shown == {("red", "ann"), ("red", "bob")}


def test_pseudonyms_stand_for_agents(tmp_path: Path) -> None:
    """A keyed hash of 16 hex digits; who is missing stays `(none)`."""
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef")
    settings = Settings(segments=(("agent",),), agents="pseudonymous", agent_key_file=key, windows=("all",))
    nobody = [event for number in range(5) for event in of_ticket(f"T-{number}", rated(NOON, 5))]
    assert agents_shown(settings, *ratings_of("ann", 5), *nobody) == {pseudonym("ann", b"0123456789abcdef"), "(none)"}


def test_agents_are_off_by_default() -> None:
    """Lists with the dimension agent are refused then."""
    with pytest.raises(ValueError, match="agents: on"):
        Settings(segments=(("agent",),))
