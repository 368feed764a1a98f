"""Fault 2: each fence, the continuity check and each start-up check, with it and without it: only without it something goes wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from engine_case import this_minute

from stream.devkit.kafka import EmbeddedKafka
from tests.faults.results import Removed
from tests.faults.scenarios import ALSO, SCENARIOS, without
from tests.faults.situation import Run
from tests.faults.stage import NewStage
from tests.faults.without import REMOVALS

IS_LONG = os.environ.get("CSAT_LONG") == "1"
SHORT = ("fence of a partition's owner",)
FAULT = "each check: the situation that needs it, with it and without it"
DEAF = {"name": "deaf", "kind": "webhook", "url": "http://127.0.0.1:9/", "severities": ["info"]}
"""A receiver that never answers: what it is to get stays in the outbox."""
_found: list[Removed] = []


def test_each_check_has_its_situation() -> None:
    """None is left out."""
    assert list(SCENARIOS) == list(REMOVALS)
    assert set(SHORT) <= set(SCENARIOS)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("check", SCENARIOS if IS_LONG else SHORT)
async def test_without_it_something_goes_wrong(kafka: EmbeddedKafka, new_stage: NewStage, note: Callable[..., None], check: str) -> None:
    """With the check nothing is found; without it there are differences, a zombie gets through, or a start is not refused."""
    scenario = SCENARIOS[check]
    settings: dict[str, Any] = {"notify": [DEAF]} if check.startswith("claim") else {}
    if not check.startswith("continuity"):
        settings["clock"] = {"fixed": this_minute()}

    async def run(*, removed: bool) -> str:
        return await scenario(Run(new_stage(kafka.bootstrap_servers, partitions=1, **settings), without(check, removed=removed)))

    if IS_LONG:
        assert await run(removed=False) == ""
    found = await run(removed=True)
    assert found
    removed = Removed(check=check, found=found)
    if check in ALSO:
        removed["beside"] = ALSO[check]
    _found.append(removed)
    if len(_found) == len(SCENARIOS):
        note(FAULT, len(_found), 0, removed=list(_found))
