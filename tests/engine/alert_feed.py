"""Ratings as the tests of alerts produce them, and waiting for what the alert topic says of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alert_script import RATINGS, alerts_of
from engine_case import Case, Input, event
from engine_worker import until

from schemas.alerts import Alert
from stream.devkit.receiver import Request, WebhookReceiver
from stream.outlets.webhook import KEY_HEADER

SECRET = "a secret of sixteen bytes"  # noqa: S105 (of a receiver on the loopback)
AT_ONCE = {"for": "0s", "clear_for": "0s"}
"""A rule that waits for nothing."""


def rating(ticket: str, time: int, score: int, **data: Any) -> Input:
    """One rating of a ticket of its own."""
    return Input(RATINGS, ticket.encode(), event("rating.submitted", ticket, time, f"r-{ticket}-{time}", score=score, **data))


def ratings(name: str, times: range, bad: Callable[[int], bool], **data: Any) -> list[Input]:
    """Ratings at these times; `bad` says of the number of each whether it is a 1 in place of a 5."""
    return [rating(f"{name}-{number}", time, 1 if bad(number) else 5, **data) for number, time in enumerate(times)]


def always(_: int) -> bool:
    """Every rating is bad."""
    return True


def never(_: int) -> bool:
    """Every rating is good."""
    return False


def hook(receiver: WebhookReceiver, folder: Path, **options: Any) -> dict[str, Any]:
    """The setting of a webhook."""
    secret = folder / "secret"
    secret.write_text(SECRET, encoding="utf-8")
    return {"name": "hook", "kind": "webhook", "url": receiver.url, "secret_file": str(secret), **options}


def said(requests: list[Request]) -> list[tuple[str, str]]:
    """Rule and event of every request, in order."""
    bodies = [json.loads(request.body) for request in requests]
    return [(body["rule"], body["event"]) for body in bodies]


async def until_said(case: Case, what: Callable[[list[Alert]], bool], seconds: float = 30) -> list[Alert]:
    """The alert records, once they are as wanted; an error names them where that does not come."""
    found: list[Alert] = []

    async def is_so() -> bool:
        found[:] = await alerts_of(case)
        return what(found)

    assert await until(is_so, seconds, poll=0.2), Counter((each.rule, str(each.segment), each.event) for each in found)
    return found


async def notified(receiver: WebhookReceiver, count: int, seconds: float = 20) -> None:
    """Wait for so many notifications; one that is repeated after a crash, under its idempotency key, is still one."""
    assert await until(lambda: len(keys_of(receiver.requests)) >= count, seconds), len(keys_of(receiver.requests))


def keys_of(requests: list[Request]) -> set[str]:
    """The idempotency keys that were sent."""
    return {request.headers[KEY_HEADER] for request in requests}


def has(alerts: list[Alert], rule: str, event_name: str, **segment: str) -> bool:
    """Whether a rule has said this of a segment."""
    return any((each.rule, each.event, each.segment) == (rule, event_name, segment) for each in alerts)


def assert_revisions_count(alerts: list[Alert]) -> None:
    """The records of every key are numbered one by one, whoever wrote them."""
    seen: dict[tuple[str, str], int] = {}
    for each in alerts:
        about = each.rule, json.dumps([each.segment, each.rating and each.rating.ticket_id, each.rating and each.rating.survey_id])
        assert each.revision == seen.get(about, 0) + 1, about
        seen[about] = each.revision
