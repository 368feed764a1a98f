"""What may go wrong with alerts on the real broker: the scorer moves, records can't be read, a receiver is away, settings change while one fires."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from alert_feed import AT_ONCE, always, assert_revisions_count, has, hook, keys_of, never, notified, ratings, said, until_said
from alert_script import only
from engine_case import Case
from engine_worker import WorkerProcess, until

from schemas.alerts import Alert, alert_key
from stream.clock import real_ms
from stream.devkit.receiver import Reply, WebhookReceiver
from stream.durations import SECOND
from stream.engine.alert_log import CLOCK_KEY
from stream.kafka_client import client_options

DIP: dict[str, Any] = {"kind": "custom", "metric": "csat", "window": "15m", "below": 80, "min_n": 10, "severity": "page", "source": "own", **AT_ONCE}


async def dip(case: Case, team: str) -> None:
    """Twelve bad ratings of a team within the last seconds."""
    now = real_ms()
    await case.produce(ratings(f"{team}-{now}", range(now - 12 * SECOND, now, SECOND), always, team=team))


async def well_again(case: Case, team: str) -> None:
    """So many good ones that the quarter of an hour is well."""
    now = real_ms()
    await case.produce(ratings(f"{team}-{now}", range(now - 12_000, now, 40), never, team=team))


def events_of(alerts: list[Alert], team: str) -> list[str]:
    """What was said of a team, in order."""
    return [each.event for each in alerts if each.segment == {"team": team}]


@pytest.mark.timeout(120)
async def test_the_scorer_moves_while_alerts_fire(new: Callable[..., Case], start: Callable[..., WorkerProcess], tmp_path: Path) -> None:
    """A second worker joins, the first is killed, the next just as it has taken over: no state is lost or repeated, and revisions go up by one."""
    teams = ("one", "two", "three", "four")
    async with WebhookReceiver() as receiver:
        case = new(segments=[["team"]], alerts=only(dip=DIP), notify=[hook(receiver, tmp_path)])
        await case.create_topics()
        first = start(case, "first")
        await first.until_ready()
        await dip(case, "one")
        await until_said(case, lambda alerts: has(alerts, "dip", "fired", team="one"))
        second = start(case, "second")
        await dip(case, "two")
        await second.until_ready()
        first.kill()
        await dip(case, "three")
        took_over = second.log.count("scorer: took over")
        assert await until(lambda: second.log.count("scorer: took over") > took_over or took_over > 0, 30, poll=0.01)
        third = start(case, "third")
        second.kill()
        await dip(case, "four")
        await third.until_ready()
        await until_said(case, lambda alerts: all(has(alerts, "dip", "fired", team=team) for team in teams), 40)
        await well_again(case, "one")
        alerts = await until_said(case, lambda alerts: has(alerts, "dip", "resolved", team="one"))
        assert await until(lambda: len(keys_of(receiver.requests)) == len(teams) + 1, 20)
        assert await third.stop() == 0
    assert {team: events_of(alerts, team) for team in teams} == {team: ["fired", "resolved"] if team == "one" else ["fired"] for team in teams}
    assert keys_of(receiver.requests) == {each.id for each in alerts}
    assert_revisions_count(alerts)


async def put(case: Case, topic: str, *records: tuple[bytes, bytes | None]) -> None:
    """Write records as a stranger would."""
    async with AIOKafkaProducer(**client_options(case.settings.kafka)) as producer:
        for key, value in records:
            await producer.send_and_wait(topic, value, key=key, partition=0)


GARBAGE = b"\xff\xfe\x00 wombat.planted@secret.example"


async def test_records_that_cannot_be_read(new: Callable[..., Case], start: Callable[..., WorkerProcess], tmp_path: Path) -> None:
    """Those of others are left aside; where the memory of the alerts can't be read, a worker refuses to start and says what helps."""
    async with WebhookReceiver() as receiver:
        case = new(partitions=1, segments=[["team"]], alerts=only(dip=DIP), notify=[hook(receiver, tmp_path)])
        await case.create_topics()
        topics = case.settings.topics
        first = start(case, "first")
        await first.until_ready()
        await dip(case, "one")
        await notified(receiver, 1)
        first.kill()
        await put(case, topics.alerts, (GARBAGE, GARBAGE), (b"{}", b"{}"), (alert_key("dip", {"team": "two"}), GARBAGE))
        await put(case, topics.alerts, (alert_key("gone", {}), b'{"revision":7}'), (b'{"rule":"dip","segment":{},"ticket":"T"}', b"[]"))
        await put(case, topics.followups, (GARBAGE, GARBAGE), (b"{}", None))
        await put(case, case.names.outbox, (GARBAGE, GARBAGE), (b"hook/other", b"\x92\x01\x90"), (b"hook/none", None))
        second = start(case, "second")
        await second.until_ready()
        await dip(case, "two")
        await notified(receiver, 2)
        alerts = await until_said_readable(case, "two")
        assert await second.stop() == 0
        assert second.log.count("it is not delivered") == 2
        assert "wombat" not in second.log
        await _check_memory(case, start)
    assert [(each.segment["team"], each.event, each.revision) for each in alerts] == [("one", "fired", 1), ("two", "fired", 1)]


async def until_said_readable(case: Case, team: str) -> list[Alert]:
    """The alert records among what others wrote, once there is one of a team."""
    found: list[Alert] = []

    async def is_there() -> bool:
        values = [record.value for record in await case.read(case.settings.topics.alerts) if record.value and record.value.startswith(b'{"id"')]
        found[:] = [Alert.model_validate_json(value) for value in values]
        return any(each.segment == {"team": team} for each in found)

    assert await until(is_there, 20, poll=0.2)
    return found


async def _check_memory(case: Case, start: Callable[..., WorkerProcess]) -> None:
    await put(case, case.settings.topics.alerts, (CLOCK_KEY, GARBAGE))
    refused = start(case, "refused")
    assert await until(lambda: refused.exit_code is not None, 30)
    assert refused.exit_code == 2, refused.log
    assert "not the memory of alerts" in refused.log
    assert "write a tombstone for its key" in refused.log
    assert "wombat" not in refused.log
    await put(case, case.settings.topics.alerts, (CLOCK_KEY, None))
    anew = start(case, "anew")
    await anew.until_ready()
    assert await anew.stop() == 0


async def test_settings_change_and_the_receiver_is_away(new: Callable[..., Case], start: Callable[..., WorkerProcess], tmp_path: Path) -> None:
    """What could not be sent is sent after a kill; a rule that is no more leaves the topic unsaid; another target clears an alert."""
    away = [True]
    async with WebhookReceiver(usual=lambda _: Reply(503) if away[0] else Reply()) as receiver:
        kept = {**DIP, "severity": "ticket"}
        case = new(partitions=1, segments=[["team"]], alerts=only(dip=DIP, goal=kept), notify=[hook(receiver, tmp_path)])
        await case.create_topics()
        first = start(case, "first")
        await first.until_ready()
        now = real_ms()
        await case.produce(ratings("half", range(now - 20 * SECOND, now, SECOND), lambda number: number % 2 == 0, team="one"))
        await until_said(case, lambda alerts: {each.rule for each in alerts if each.state == "firing"} == {"dip", "goal"})
        await notified(receiver, 1)
        first.kill()
        case.change(alerts=only(goal={**kept, "below": 30}))
        second = start(case, "second")
        await second.until_ready()
        alerts = await until_said(case, lambda alerts: has(alerts, "goal", "resolved", team="one"))
        away[0] = False
        assert await until(lambda: ("goal", "resolved") in said(receiver.requests), 30)
        gone = [record.key for record in await case.read(case.settings.topics.alerts) if record.value is None]
        assert await second.stop() == 0
    assert alert_key("dip", {"team": "one"}) in gone
    delivered = list(dict.fromkeys(said(receiver.requests)))
    assert delivered.index(("goal", "fired")) < delivered.index(("goal", "resolved"))
    assert ("dip", "resolved") not in delivered
    assert [each.event for each in alerts if each.rule == "goal"] == ["fired", "resolved"]
    resolved = next(each for each in alerts if each.event == "resolved")
    assert (resolved.target, resolved.revision) == (30.0, 2)
