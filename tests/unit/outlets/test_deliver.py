"""Delivery to real HTTP receivers: who gets what, again and again until it works, and what is told of it."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from delivery_bench import Bench, alert, hook, keys

from stream.devkit.ports import HOST, free_ports
from stream.devkit.receiver import Reply, WebhookReceiver
from stream.durations import DAY, HOUR, MINUTE, SECOND
from stream.errors import ConfigError
from stream.outlets.deliver import Message, WallTimer
from stream.setting_parts import Receiver


async def test_an_alert_is_written_sent_and_forgotten() -> None:
    """The body is the record with its key; the topic holds it before it is sent and not after."""
    async with WebhookReceiver() as receiver:
        bench = Bench(hook(receiver.url))
        await bench.deliverer.submit(alert(team="billing"), "k1")
        assert (bench.left, receiver.requests, bench.health.notifications_waiting) == ({b"desk/k1"}, [], 1)
        async with bench.running():
            await bench.until(lambda: not bench.left)
    assert json.loads(receiver.requests[0].body) == {**alert(team="billing"), "key": "k1"}
    assert bench.log[-1] == (b"desk/k1", None)
    assert (bench.health.notifications, bench.health.notifications_waiting) == ({("desk", "sent"): 1}, 0)


@pytest.mark.parametrize(
    ("wishes", "gets"),
    [
        ({}, {"page", "ticket"}),
        ({"severities": ("info",)}, {"info"}),
        ({"rules": ("csat_low",)}, {"ticket"}),
        ({"rules": ("other",)}, set()),
        ({"segment": {"team": "billing"}}, {"page", "ticket"}),
        ({"segment": {"team": "billing", "channel": "chat"}}, {"ticket"}),
        ({"segment": {"team": "sales"}}, set()),
    ],
)
async def test_who_gets_what(wishes: dict[str, Any], gets: set[str]) -> None:
    """Severity, rule and segment must all fit."""
    bench = Bench(hook("http://127.0.0.1:1/", **wishes))
    messages = [
        Message(alert("csat_dip", "page", team="billing"), "page", "", ""),
        Message(alert("csat_low", "ticket", team="billing", channel="chat"), "ticket", "", ""),
        Message(alert("rating_lowest", "info"), "info", "", ""),
    ]
    await bench.deliverer.submit_all(messages)
    assert bench.left == {f"desk/{key}".encode() for key in gets}


async def test_who_hears_nothing_of_the_one_that_speaks_is_told() -> None:
    """Everything speaks for billing: whoever takes all alerts heard of it, whoever takes only those of billing did not."""
    bench = Bench(hook("http://127.0.0.1:1/", name="all"), hook("http://127.0.0.1:1/", name="team", segment={"team": "billing"}))
    await bench.deliverer.submit_all([Message(alert(team="billing"), "k1", "", "", spoken_for={})])
    assert bench.left == {b"team/k1"}
    await bench.deliverer.submit_all([Message(alert(team="billing", channel="chat"), "k2", "", "", spoken_for={"team": "billing"})])
    assert bench.left == {b"team/k1"}


async def test_failures_are_tried_again_until_it_works() -> None:
    """The same key and body each time; every failure is counted, and told once."""
    async with WebhookReceiver(Reply(500), Reply(429), Reply(408)) as receiver:
        bench = Bench(hook(receiver.url))
        async with bench.running():
            await bench.deliverer.submit(alert(), "k1")
            await bench.until(lambda: not bench.left, step=SECOND)
    assert keys(receiver) == ["k1"] * 4
    assert len({request.body for request in receiver.requests}) == 1
    assert bench.health.notifications == {("desk", "failed"): 3, ("desk", "sent"): 1}


async def test_there_is_a_wait_between_attempts() -> None:
    """At least a second; nothing is sent while the clock stands."""
    async with WebhookReceiver(Reply(503)) as receiver:
        bench = Bench(hook(receiver.url))
        async with bench.running():
            await bench.deliverer.submit(alert(), "k1")
            await bench.until(lambda: bench.health.notifications["desk", "failed"] == 1)
            await bench.timer.advance(SECOND - 1)
            await asyncio.sleep(0.1)
            assert len(receiver.requests) == 1
            await bench.timer.advance(SECOND + 1)
            await receiver.received(2)


async def test_retry_after_is_kept() -> None:
    """A minute and a half, asked for by the receiver."""
    async with WebhookReceiver(Reply(503, {"Retry-After": "90"})) as receiver:
        bench = Bench(hook(receiver.url))
        async with bench.running():
            await bench.deliverer.submit(alert(), "k1")
            await bench.until(lambda: bench.health.notifications["desk", "failed"] == 1)
            await bench.timer.advance(90 * SECOND - 1)
            await asyncio.sleep(0.1)
            assert len(receiver.requests) == 1
            await bench.timer.advance(1)
            await receiver.received(2)


async def test_what_is_refused_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    """One attempt; the next notification follows; said with receiver and status only."""
    async with WebhookReceiver(Reply(410)) as receiver:
        bench = Bench(hook(receiver.url))
        async with bench.running():
            await bench.deliverer.submit(alert(), "k1")
            await bench.deliverer.submit(alert(), "k2")
            await bench.until(lambda: not bench.left)
    assert keys(receiver) == ["k1", "k2"]
    assert bench.health.notifications == {("desk", "dropped"): 1, ("desk", "sent"): 1}
    assert caplog.messages == ["notify desk: refused (410), given up"]


async def test_a_restart_goes_on_with_the_same_keys() -> None:
    """Whatever was not taken is sent by the next run; what was is not sent again."""
    async with WebhookReceiver(Reply(204), usual=Reply(503)) as receiver:
        bench = Bench(hook(receiver.url))
        async with bench.running():
            for number in range(5):
                await bench.deliverer.submit(alert(team=f"t{number}"), f"k{number}")
            await bench.until(lambda: bench.health.notifications["desk", "failed"] >= 2, step=SECOND)
        assert len(bench.left) == 4
        receiver.usual = Reply(200)
        receiver.requests.clear()
        async with Bench(hook(receiver.url), log=bench.log).running() as again:
            await again.until(lambda: not again.left)
    assert keys(receiver) == ["k1", "k2", "k3", "k4"]


async def test_a_death_while_it_is_sent_sends_it_again() -> None:
    """The receiver may have taken it: the key is the same."""
    async with WebhookReceiver(Reply(hangs=True)) as receiver:
        bench = Bench(hook(receiver.url))
        await bench.deliverer.submit(alert(), "k1")
        dies = asyncio.create_task(bench.deliverer.run())
        await receiver.received(1)
        dies.cancel()
        await asyncio.gather(dies, return_exceptions=True)
        async with Bench(hook(receiver.url), log=bench.log).running() as again:
            await again.until(lambda: not again.left)
    assert keys(receiver) == ["k1", "k1"]


async def test_a_dead_receiver_holds_up_no_other() -> None:
    """One does not listen, one never answers, one works: that one has all at once, and handing over waits for nobody."""
    (port,) = free_ports(1)
    async with WebhookReceiver(usual=Reply(hangs=True)) as slow, WebhookReceiver() as healthy:
        bench = Bench(hook(f"http://{HOST}:{port}/", "dead"), hook(slow.url, "slow", timeout=HOUR), hook(healthy.url, "healthy"))
        async with bench.running():
            for number in range(20):
                await bench.deliverer.submit(alert(), f"k{number:02d}")
            await healthy.received(20)
            await bench.until(lambda: len(bench.left) == 40 and bench.health.notifications["dead", "failed"] > 0)
    assert keys(healthy) == [f"k{number:02d}" for number in range(20)]
    assert bench.health.notifications["dead", "failed"] == 1
    assert (keys(slow), bench.health.notifications["slow", "failed"]) == (["k00"], 0)


async def test_without_receivers_nothing_happens() -> None:
    """It runs and stops."""
    bench = Bench()
    async with bench.running():
        await bench.deliverer.submit(alert(), "k1")
    assert bench.log == []


async def test_no_log_line_tells_secrets_or_text(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Address, secret, segment and summary are planted; failures, refusals, drops and expiry are logged."""
    caplog.set_level(logging.DEBUG)
    secret = tmp_path / "secret"
    secret.write_text("planted-secret-planted", encoding="utf-8")
    async with WebhookReceiver(Reply(500), Reply(404), Reply(302), usual=Reply(503)) as receiver:
        bench = Bench(hook(f"{receiver.url}?planted", secret_file=secret), capacity=3)
        planted = {**alert(team="planted"), "summary": "planted"}
        async with bench.running():
            for number in range(6):
                await bench.deliverer.submit(planted, f"k{number}", text="planted")
            await bench.until(lambda: bench.health.notifications["desk", "failed"] > 2, step=SECOND)
            await bench.timer.advance(DAY)
            await bench.until(lambda: not bench.left)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("stream.")]
    assert {message.split(":")[1].split("(")[0].strip() for message in ours} >= {"failed", "refused", "1 given up after a day"}
    assert "planted" not in caplog.text


async def test_the_machines_time() -> None:
    """What runs outside of tests: an event ends the wait, and so does the time."""
    timer, event = WallTimer(), asyncio.Event()
    await timer.until(event, 1)
    event.set()
    async with asyncio.timeout(20):
        await timer.until(event, None)
        await timer.until(event, 10 * MINUTE)
    assert timer.now() > 1_700_000_000_000


def test_a_receiver_that_can_not_serve_is_said_at_the_start(tmp_path: Path) -> None:
    """Before anything is sent to anybody."""
    with pytest.raises(ConfigError, match=r"notify\.desk\.url_file: No such file"):
        Bench(Receiver(name="desk", kind="webhook", url_file=tmp_path / "none"))
