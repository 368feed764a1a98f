"""Silences on the real broker: the command that an alert offers, through a shell; what still fires at the end is said then."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from aiokafka import AIOKafkaProducer
from alert_feed import AT_ONCE, always, assert_revisions_count, has, hook, ratings, said, until_said
from alert_script import alerts_of, only
from engine_case import Case
from engine_worker import WorkerProcess, until

from schemas.alerts import Alert
from stream.clock import real_ms
from stream.devkit.receiver import Request, WebhookReceiver
from stream.durations import HOUR, SECOND
from stream.kafka_client import client_options

SPEED = 120.0
COOLDOWN = "10m"
"""Five seconds of the simulated clock."""
TEAM = """Tier "2", l'équipe; $(touch broken) `touch broken` & <co>"""
DIP = {"kind": "custom", "metric": "csat", "window": "4h", "below": 80, "min_n": 10, "severity": "page", "cooldown": COOLDOWN, **AT_ONCE}


def shell(case: Case, command: str) -> subprocess.CompletedProcess[str]:
    """A command line as somebody pastes it, in a folder with csat.yaml and with `csat-stream` on the path."""
    shutil.copy(case.config, case.folder / "csat.yaml")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/bash", "-c", command], cwd=case.folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False, timeout=30
    )


async def paste(case: Case, command: str) -> str:
    """Run a command that must succeed; what it says."""
    ran = await asyncio.to_thread(shell, case, command)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def events_of(requests: list[Request], rule: str) -> list[str]:
    """What was said of a rule."""
    return [event for name, event in said(requests) if name == rule]


async def test_silence_that_an_alert_offers(new: Callable[..., Case], start: Callable[..., WorkerProcess], tmp_path: Path) -> None:
    """Two rules fire and go on reminding; the silenced one is quiet, fires on, and is said again when the silence is ended."""
    begin = real_ms() - 6 * HOUR
    clock = {"simulated_from": begin, "simulated_at": real_ms() + 10 * SECOND, "simulated_speed": SPEED}
    async with WebhookReceiver() as receiver:
        case = new(
            partitions=1,
            clock=clock,
            segments=[["team"]],
            alerts=only(quiet=DIP, loud=DIP, late={**DIP, "for": "40m"}),
            notify=[hook(receiver, tmp_path)],
        )
        await case.create_topics()
        worker = start(case, "worker")
        await worker.until_ready()
        await case.produce(ratings("dip", range(begin - 40 * SECOND, begin, SECOND), always, team=TEAM))
        fired = await until_said(case, lambda alerts: has(alerts, "quiet", "fired", team=TEAM) and has(alerts, "late", "pending", team=TEAM))
        assert await until(lambda: {"quiet", "loud"} <= {rule for rule, _ in said(receiver.requests)}, 20)
        ended = await _silence(case, [each for each in fired if each.rule in {"quiet", "late"}])
        await _check_quiet(case, receiver)
        for name in ended:
            assert await paste(case, f"csat-stream silences --end {name}") == f"ended: {name}\n"
        before = len(events_of(receiver.requests, "quiet"))
        assert await until(
            lambda: len(events_of(receiver.requests, "quiet")) > before and "late" in {rule for rule, _ in said(receiver.requests)}, 20
        )
        alerts = await alerts_of(case)
        assert await worker.stop() == 0
    assert events_of(receiver.requests, "quiet")[before] == "still"
    assert events_of(receiver.requests, "late")[0] == "still"
    assert {each.state for each in alerts if each.rule == "quiet"} == {"firing"}
    assert_revisions_count(alerts)
    assert not (case.folder / "broken").exists(), "a name was taken for a command"


async def _silence(case: Case, alerts: list[Alert]) -> list[str]:
    """Paste the command of each alert; the ids of the silences."""
    names = []
    for command in dict.fromkeys(each.silence_command for each in alerts):
        filled = command.replace("--who YOU", "--who Ada").replace('"..."', '"known: the line is down"')
        told = await paste(case, filled)
        assert told.startswith("silenced until ")
        names.append(told.split()[-1])
    assert len(names) == 2
    listed = await paste(case, "csat-stream silences --json")
    assert listed.count("known: the line is down") == 2
    return names


async def _check_quiet(case: Case, receiver: WebhookReceiver) -> None:
    """While the loud rule is said twice more and the late one fires, nobody hears of the silenced ones."""
    await asyncio.sleep(1)
    loud, quiet = len(events_of(receiver.requests, "loud")), len(events_of(receiver.requests, "quiet"))
    fired = await until_said(case, lambda alerts: has(alerts, "late", "fired", team=TEAM), 40)
    assert await until(lambda: len(events_of(receiver.requests, "loud")) >= loud + 2, 40)
    assert len(events_of(receiver.requests, "quiet")) == quiet
    assert not events_of(receiver.requests, "late")
    late = next(each for each in fired if each.rule == "late" and each.event == "fired")
    assert late.silenced is not None
    assert (late.notify, late.silenced.who, late.silenced.why) == (False, "Ada", "known: the line is down")


async def test_silences_that_are_none(new: Callable[..., Case], start: Callable[..., WorkerProcess], tmp_path: Path) -> None:
    """Records that are no silence count for nothing and stop nobody; the one among them that is holds, over a restart of the worker too."""
    async with WebhookReceiver() as receiver:
        case = new(partitions=1, segments=[[], ["team"]], alerts=only(dip={**DIP, "window": "15m"}), notify=[hook(receiver, tmp_path)])
        await case.create_topics()
        good = await paste(case, "csat-stream silence --segment team=quiet --for 1h --who Ada --why testing")
        await put_bad_silences(case)
        worker = start(case, "first")
        await worker.until_ready()
        now = real_ms()
        await case.produce(ratings("quiet", range(now - 12 * SECOND, now, SECOND), always, team="quiet"))
        await until_said(case, lambda alerts: has(alerts, "dip", "fired", team="quiet"))
        worker.kill()
        worker = start(case, "second")
        await worker.until_ready()
        await case.produce(ratings("other", range(now, now + 12 * SECOND, SECOND), always, team="other"))
        alerts = await until_said(case, lambda alerts: has(alerts, "dip", "fired", team="other"))
        assert await until(lambda: len(receiver.requests) > 0, 20)
        assert await worker.stop() == 0
    assert "counts for nothing" in worker.log
    assert "13-01" not in worker.log
    assert [each.silenced.who for each in alerts if each.segment == {"team": "quiet"} and each.silenced] == ["Ada"]
    assert not any(each.notify for each in alerts if each.segment == {"team": "quiet"})
    assert good.startswith("silenced until ")


async def put_bad_silences(case: Case) -> None:
    """Everything that a record of the topic may be and should not."""
    whole = '{"id":"x","rule":null,"segment":{},"until":"%s","who":"%s","why":"w","created":"2026-01-01T00:00:00.000Z"}'
    values = [
        (b"no-json", b"\xff\xfe"),
        (b"no-object", b"[]"),
        (b"no-time", (whole % ("2099-13-01T00:00:00.000Z", "Ada")).encode()),
        (b"address", (whole % ("2099-01-01T00:00:00.000Z", "ada@example.org")).encode()),
        (b"another-key", (whole % ("2099-01-01T00:00:00.000Z", "Ada")).encode()),
        (b"never-was", None),
        (b"\xff\xfe", b"{}"),
    ]
    async with AIOKafkaProducer(**client_options(case.settings.kafka)) as producer:
        for key, value in values:
            await producer.send_and_wait(case.settings.topics.silences, value, key=key)
