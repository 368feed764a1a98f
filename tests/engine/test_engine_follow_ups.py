"""Low ratings on the real broker: a record for each until somebody has answered, one notification of each of the lowest, crashes included."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alert_feed import assert_revisions_count, hook, notified, rating
from alert_script import alerts_of, only
from engine_case import Case, Input, event
from engine_worker import WorkerProcess, until

from schemas.alerts import Alert
from schemas.followups import FollowUp, parse_key
from schemas.times import from_iso
from stream.clock import real_ms
from stream.devkit.receiver import Request, WebhookReceiver
from stream.durations import DAY, HOUR, MINUTE, SECOND
from stream.engine.alert_log import CLAIM_KEY
from stream.outlets.webhook import KEY_HEADER

REPLIED = 1
MANY = 3_000


async def follow_ups(case: Case) -> dict[str, list[FollowUp | None]]:
    """Every record by ticket, in order; None for a tombstone. Each lies under its own key."""
    found: dict[str, list[FollowUp | None]] = {}
    for record in await case.read(case.settings.topics.followups):
        if record.key in {None, CLAIM_KEY}:
            continue
        ticket, survey = parse_key(record.key or b"")
        value = None if record.value is None else FollowUp.model_validate_json(record.value)
        assert value is None or (value.ticket_id, value.survey_id or "") == (ticket, survey)
        found.setdefault(ticket, []).append(value)
    return found


async def until_states(case: Case, wanted: dict[str, list[str]], seconds: float = 30) -> dict[str, list[FollowUp | None]]:
    """The records, once those of these tickets have gone through these states; `gone` is a tombstone."""
    found: dict[str, list[FollowUp | None]] = {}

    async def is_so() -> bool:
        found.clear()
        found.update(await follow_ups(case))
        return {ticket: states(found, ticket) for ticket in wanted} == wanted

    assert await until(is_so, seconds, poll=0.2), {ticket: states(found, ticket) for ticket in found}
    return found


def states(found: dict[str, list[FollowUp | None]], ticket: str) -> list[str]:
    """What the records of a ticket said, in order."""
    return ["gone" if each is None else each.state for each in found.get(ticket, [])]


def reply(ticket: str, time: int, author: str, *, public: bool) -> Input:
    """A message in a ticket."""
    return Input(REPLIED, ticket.encode(), event("ticket.replied", ticket, time, f"p-{ticket}-{time}-{author}", author=author, public=public))


def survey(ticket: str, time: int, score: int, **data: Any) -> Input:
    """An answer to the one survey of a ticket."""
    return rating(ticket, time, score, survey_id=f"s-{ticket}", team="billing", **data)


def rated(requests: list[Request]) -> Counter[str]:
    """How often each ticket's rating was notified of. One idempotency key is one notification, however often a killed worker's was sent."""
    bodies = {request.headers[KEY_HEADER]: json.loads(request.body) for request in requests}
    return Counter(body["rating"]["ticket_id"] for body in bodies.values() if body["rule"] == "rating_lowest")


def recorded(alerts: list[Alert]) -> Counter[str]:
    """How often each ticket's rating was recorded as an alert."""
    return Counter(each.rating.ticket_id for each in alerts if each.rule == "rating_lowest" and each.rating is not None)


async def test_answered_rated_again_and_killed(new: Callable[..., Case], start: Callable[..., WorkerProcess], tmp_path: Path) -> None:
    """A reply closes one, a good rating removes one, a bot or a note does nothing; after kill -9 nothing is repeated, lost, or said twice."""
    begin = real_ms() - MINUTE
    async with WebhookReceiver() as receiver:
        case = new(alerts=only(rating_lowest={}), notify=[hook(receiver, tmp_path, severities=["info"])], follow_up={"due": "6h"})
        await case.create_topics()
        worker = start(case, "first")
        await worker.until_ready()
        low = [survey(ticket, begin, 1) for ticket in ("answered", "bettered", "open", "ignored")]
        await case.produce([*low, survey("second", begin, 2), survey("fine", begin, 4), survey("worse", begin, 5)])
        first = await until_states(case, {ticket: ["due"] for ticket in ("answered", "bettered", "open", "ignored", "second")})
        _check_due(first["open"][0], begin)
        await notified(receiver, 4)
        worker.kill()
        after = begin + 20 * SECOND
        await case.produce([reply("ignored", after, "bot", public=True), reply("ignored", after, "agent", public=False)])
        await case.produce([reply("answered", after, "agent", public=True), survey("bettered", after, 5), survey("worse", after, 1)])
        second = start(case, "second")
        await second.until_ready()
        wanted = {"answered": ["due", "done"], "bettered": ["due", "gone"], "worse": ["due"], "open": ["due"], "ignored": ["due"], "second": ["due"]}
        found = await until_states(case, wanted)
        await notified(receiver, 5)
        second.kill()
        third = start(case, "third")
        await third.until_ready()
        await case.produce([survey("last", begin + 30 * SECOND, 1)])
        await notified(receiver, 6)
        found = await until_states(case, {**wanted, "last": ["due"]})
        alerts = await alerts_of(case)
        assert await third.stop() == 0
    answered = found["answered"][-1]
    assert answered is not None
    assert (answered.done_by, from_iso(answered.done_at or "")) == ("reply", after)
    assert "fine" not in found
    assert set(rated(receiver.requests).values()) == {1}
    assert set(rated(receiver.requests)) == {"answered", "bettered", "open", "ignored", "worse", "last"}
    assert set(recorded(alerts).values()) == {1}
    assert_revisions_count(alerts)


def _check_due(found: FollowUp | None, rated_at: int) -> None:
    """Six calendar hours, since no schedule is configured."""
    assert found is not None
    assert (found.score, found.scale_min, found.scale_max, found.segment, found.survey_id) == (1, 1, 5, {"team": "billing"}, "s-open")
    assert from_iso(found.rated_at) == rated_at
    assert from_iso(found.due_at) == rated_at + 6 * HOUR


async def test_thousands_at_once(new: Callable[..., Case], start: Callable[..., WorkerProcess], tmp_path: Path) -> None:
    """More of the lowest ratings at once than fit one batch are all recorded; old ones notify nobody, new ones up to the limit of the hour."""
    now = real_ms()
    old = [rating(f"old-{number:04}-{'x' * 120}", now - 5 * DAY + number * MINUTE, 1) for number in range(MANY)]
    async with WebhookReceiver() as receiver:
        case = new(alerts=only(rating_lowest={"at_most_an_hour": 3}), notify=[hook(receiver, tmp_path, severities=["info"])])
        await case.create_topics()
        await case.produce(old)
        worker = start(case, "first")
        await worker.until_ready()

        async def all_are_there() -> bool:
            return len(recorded(await alerts_of(case))) == MANY

        assert await until(all_are_there, 30, poll=1)
        assert receiver.requests == []
        await case.produce([rating(f"new-{number}", real_ms(), 1) for number in range(8)])
        await notified(receiver, 3)
        worker.kill()
        case.change(alerts=only())
        second = start(case, "second")
        await second.until_ready()
        tombstones = [
            record.key for record in await case.read(case.settings.topics.alerts) if record.value is None and b'"ticket"' in (record.key or b"")
        ]
        alerts = await alerts_of(case)
        assert len(await follow_ups(case)) == MANY + 8
        assert await second.stop() == 0
    assert set(recorded(alerts).values()) == {1}
    assert len(rated(receiver.requests)) == 3
    assert len(set(tombstones)) == len(recorded(alerts)), "what a rule said that is no more leaves the topic"
    assert not [each for each in alerts if each.notify and each.rating is not None and each.rating.ticket_id.startswith("old")]
