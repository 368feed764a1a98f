"""Alerts on the real broker: pending, firing, resolved; after crashes the same, and every notification at least once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alert_script import Said, Script, alerts_of, only
from engine_case import Case
from engine_worker import WorkerProcess, until

from schemas.alerts import Alert
from stream.devkit.receiver import Reply, Request, WebhookReceiver

DIP = {
    "kind": "custom",
    "metric": "csat",
    "window": "15m",
    "below": 80,
    "min_n": 10,
    "severity": "page",
    "for": "3m",
    "clear_for": "5m",
    "cooldown": "10m",
}
GOOD, BAD, AGAIN = ("billing", 3, 0), ("billing", 1, 3), ("billing", 9, 0)
MINUTES = [*[[GOOD]] * 8, *[[BAD]] * 10, *[[AGAIN]] * 22]
"""Well, then a dip, then well again: long enough for the quarter of an hour to be clean, and the all-clear."""


def settings_of(script: Script, receiver: WebhookReceiver, folder: Path) -> dict[str, Any]:
    """One rule on everything and on the team, and a webhook."""
    secret = folder / "secret"
    secret.write_text("a secret of sixteen bytes", encoding="utf-8")
    return {
        "clock": script.clock,
        "segments": [[], ["team"]],
        "alerts": only(dip=DIP),
        "notify": [{"name": "hook", "kind": "webhook", "url": receiver.url, "secret_file": str(secret)}],
    }


async def seen(case: Case, state: str, seconds: float = 40) -> None:
    """Wait until the alert topic has an alert in this state, and of the all-clear that it is said: who comes late says it only at the end."""

    async def is_there() -> bool:
        return any(alert.state == state and (alert.notify or state != "resolved") for alert in await alerts_of(case))

    assert await until(is_there, seconds, poll=0.1), f"no alert became {state}"


REMINDERS = ("worse", "still")
"""They have keys of their own, since they are said of a state that was said before."""


def sent_keys(requests: list[Request]) -> set[str]:
    """Idempotency keys of what is no reminder."""
    return {request.headers["Idempotency-Key"] for request in requests if json.loads(request.body)["event"] not in REMINDERS}


def due_keys(alerts: list[Alert]) -> set[str]:
    """Idempotency keys that receivers must have seen."""
    return {alert.id for alert in alerts if alert.notify and alert.event not in REMINDERS}


async def undisturbed(new: Callable[..., Case], start: Callable[..., WorkerProcess], folder: Path) -> tuple[list[Said], list[Alert], list[Request]]:
    """History, alert records and requests of a run that nothing disturbs."""
    script = Script.beginning_soon(MINUTES)
    async with WebhookReceiver() as receiver:
        case = new(**settings_of(script, receiver, folder))
        await case.create_topics()
        worker = start(case, "undisturbed")
        await worker.until_ready()
        await script.run(case)
        await seen(case, "resolved")
        alerts = await alerts_of(case)
        assert await until(lambda: due_keys(alerts) <= sent_keys(receiver.requests), 20)
        assert await worker.stop() == 0
        return await script.history(case), alerts, receiver.requests


async def disturbed(new: Callable[..., Case], start: Callable[..., WorkerProcess], folder: Path) -> tuple[list[Said], list[Alert], list[Request]]:
    """The same of a run that is killed while pending, during the send, and while firing."""
    script = Script.beginning_soon(MINUTES)
    async with WebhookReceiver(Reply(hangs=True)) as receiver:
        case = new(**settings_of(script, receiver, folder))
        await case.create_topics()
        workers = [start(case, "first")]
        await workers[0].until_ready()
        feed = asyncio.create_task(script.run(case))
        await seen(case, "pending")
        workers[-1].kill()
        workers.append(start(case, "second"))
        await receiver.received(1)
        workers[-1].kill()
        workers.append(start(case, "third"))
        await receiver.received(2)
        workers[-1].kill()
        workers.append(start(case, "fourth"))
        await feed
        await seen(case, "resolved")
        alerts = await alerts_of(case)
        assert await until(lambda: due_keys(alerts) <= sent_keys(receiver.requests), 20)
        assert await workers[-1].stop() == 0
        return await script.history(case), alerts, receiver.requests


async def test_killed_while_pending_sending_and_firing(new: Callable[..., Case], start: Callable[..., WorkerProcess], tmp_path: Path) -> None:
    """The history equals that of an undisturbed run; every key reaches the receiver, and there is one key a state."""
    (calm, calm_alerts, _), (history, alerts, requests) = await asyncio.gather(undisturbed(new, start, tmp_path), disturbed(new, start, tmp_path))
    assert [each.state for each in calm if each.segment == "{}"] == ["pending", "firing", "resolved"]
    assert history == calm
    sent = sent_keys(requests)
    assert sent == due_keys(alerts)
    assert len({(alert.rule, str(alert.segment), alert.since, alert.state) for alert in alerts if alert.id in sent}) == len(sent)
    assert {json.loads(request.body)["state"] for request in requests} == {"firing", "resolved"}
    assert [alert.revision for alert in alerts if not alert.segment] == list(range(1, 1 + sum(not alert.segment for alert in alerts)))
    assert any(alert.inhibited_by for alert in calm_alerts), "the team, or the whole, should have spoken for the other"
