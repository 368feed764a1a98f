"""Rules: the fingerprint that tells states apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.essence import Rated
from stream.durations import DAY, HOUR, MINUTE
from stream.kpis.csat import moved_score, stars
from stream.rules import rules_of
from stream.settings import Settings

OFFICE = {"timezone": "Europe/Amsterdam", "weekly": {"mon": (("09:00", "17:00"),)}, "holidays": ("2024-10-07",)}
MONDAY_NOON = 1_727_690_400_000
"""2024-09-30T10:00Z, 12:00 in Amsterdam."""


def fingerprint(**changed: Any) -> str:
    """Fingerprint of settings that differ from the defaults."""
    return rules_of(Settings(**changed), layout="cells").fingerprint


@pytest.mark.parametrize(
    "changed",
    [
        {"segments": ((),)},
        {"agents": "on"},
        {"scales": ({"min": 1, "max": 5, "satisfied": 5},)},
        {"attribution": ("ticket",)},
        {"targets": {"first_response": {"default": "2h"}}},
        {"lateness": "8d"},
        {"future": "1m"},
        {"life_gap": "22d"},
        {"max_open_age": "1d"},
        {"rating_lock": "1d"},
        {"follow_up": {"at_most_stars": 1}},
        {"follow_up": {"due": "1h"}},
        {"follow_up": {"tags": ("vip",)}},
        {"schedules": {"office": OFFICE}},
        {"schedules": {"office": OFFICE}, "schedule_of": ({"schedule": "office"},)},
    ],
)
def test_what_contributions_depend_on_changes_the_fingerprint(changed: dict[str, Any]) -> None:
    """State made under other rules can't be taken back."""
    assert fingerprint(**changed) != fingerprint()


@pytest.mark.parametrize("changed", [{"windows": ("15m",)}, {"min_n": 3}, {"min_group": 9}, {"app": "x"}, {"flush_interval": "1s"}, {"standbys": 1}])
def test_what_only_readers_depend_on_does_not(changed: dict[str, Any]) -> None:
    """Windows, publishing and the like may change at any time."""
    assert fingerprint(**changed) == fingerprint()


def test_cells_and_secret_change_the_fingerprint(tmp_path: Path) -> None:
    """A new KPI, and another key of pseudonyms, which itself is never shown."""
    assert rules_of(Settings(), layout="other").fingerprint != fingerprint()
    found = set()
    for number in (1, 2):
        key = tmp_path / f"key{number}"
        key.write_bytes(bytes([64 + number]) * 16)
        found.add(fingerprint(agents="pseudonymous", agent_key_file=key))
    assert len(found) == 2


def test_first_response_target() -> None:
    """By channel; the default for others and for none."""
    rules = rules_of(Settings(), layout="")
    assert [rules.first_response_target(channel) for channel in ("phone", "email", "fax", None)] == [3 * MINUTE, HOUR, HOUR, HOUR]


def test_low_scores_are_those_of_so_many_stars() -> None:
    """On every scale the highest score whose stars, rounded half up, are at most the configured ones."""
    for at_most in (1, 2, 3, 4):
        scales = [
            {"min": low, "max": low + width, "satisfied": low + width} for low in (0, 1) for width in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 99, 100, 1000)
        ]
        rules = rules_of(Settings.model_validate({"scales": scales, "follow_up": {"at_most_stars": at_most}}), layout="")
        for (low, high), highest in rules.low_scores.items():
            scores = range(low, high + 1)
            rated = [Rated(0, "s", "1", "csat", score, low, high) for score in scores]
            assert highest == max(score for score, rating in zip(scores, rated, strict=True) if stars(moved_score(rating)) <= at_most)


def test_due_by_the_first_schedule_that_fits() -> None:
    """Team and channel must both fit; a missing one is `(none)`; where no rule fits the calendar counts."""
    settings = Settings.model_validate(
        {
            "schedules": {"office": OFFICE, "always": {"timezone": "UTC", "weekly": dict.fromkeys(("mon", "tue"), (("00:00", "24:00"),))}},
            "schedule_of": (
                {"schedule": "always", "team": "red", "channel": "phone"},
                {"schedule": "office", "team": "red"},
                {"schedule": "always", "team": "(none)"},
            ),
            "follow_up": {"due": "6h"},
        }
    )
    rules = rules_of(settings, layout="")
    at = rules.follow_up_due_at
    assert at(MONDAY_NOON, "red", "phone") == at(MONDAY_NOON, None, None) == at(MONDAY_NOON, "blue", "phone") == MONDAY_NOON + 6 * HOUR
    two_weeks_later = MONDAY_NOON + 14 * DAY
    assert at(MONDAY_NOON, "red", "email") == at(MONDAY_NOON, "red", None) == two_weeks_later - 2 * HOUR
    assert at(MONDAY_NOON + 36 * HOUR, None, None) == MONDAY_NOON + 7 * DAY - 6 * HOUR
