"""Rules: the fingerprint that tells states apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stream.durations import HOUR, MINUTE
from stream.rules import rules_of
from stream.settings import Settings


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
