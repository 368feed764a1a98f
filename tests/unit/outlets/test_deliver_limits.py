"""Delivery at its limits: stopping, a topic that fails, full queues, old age, too many of a kind."""

from __future__ import annotations

import asyncio
import json

import pytest
from delivery_bench import Bench, alert, hook, keys

from stream.devkit.ports import HOST, free_ports
from stream.devkit.receiver import Reply, WebhookReceiver
from stream.durations import DAY, HOUR
from stream.outlets.notification import Record


async def test_stopping_does_not_wait_for_a_receiver() -> None:
    """Two seconds at most; what was under way stays in the topic."""
    async with WebhookReceiver(usual=Reply(hangs=True)) as receiver:
        bench = Bench(hook(receiver.url, timeout=HOUR))
        task = asyncio.create_task(bench.deliverer.run())
        await bench.deliverer.submit(alert(), "k1")
        await receiver.received(1)
        async with asyncio.timeout(2):
            await bench.deliverer.stop()
        await task
    assert bench.left == {b"desk/k1"}


async def test_stopping_lets_an_attempt_end() -> None:
    """What is answered within a moment is not sent again by the next run."""
    async with WebhookReceiver(usual=Reply(hangs=True)) as receiver:
        bench = Bench(hook(receiver.url))
        task = asyncio.create_task(bench.deliverer.run())
        await bench.deliverer.submit(alert(), "k1")
        await receiver.received(1)
        stopping = asyncio.create_task(bench.deliverer.stop())
        await asyncio.sleep(0)
        receiver.release()
        await stopping
        await task
    assert bench.left == set()


async def test_nothing_is_sent_before_it_is_written() -> None:
    """While the topic takes its time the receiver sees nothing, though its sender looks for work."""
    async with WebhookReceiver() as receiver:
        bench = Bench(hook(receiver.url))
        async with bench.running():
            bench.writable.clear()
            submitting = asyncio.create_task(bench.deliverer.submit(alert(), "k1"))
            await asyncio.sleep(0)
            bench.deliverer._wake_all()
            await asyncio.sleep(0.1)
            assert (receiver.requests, submitting.done()) == ([], False)
            bench.writable.set()
            await submitting
            await receiver.received(1)


async def test_a_topic_that_can_not_be_written_ends_all() -> None:
    """What is not in the topic is never sent; whoever submits is told."""
    async with WebhookReceiver() as receiver:
        bench = Bench(hook(receiver.url))
        task = asyncio.create_task(bench.deliverer.run())
        await asyncio.sleep(0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bench.deliverer, "_write", _refuse)
            with pytest.raises(OSError, match="fenced"):
                await bench.deliverer.submit(alert(), "k1")
        await task
    assert receiver.requests == []


async def test_a_tombstone_that_can_not_be_written_ends_the_run() -> None:
    """Somebody else delivers now: this run says so by its error."""
    async with WebhookReceiver() as receiver:
        bench = Bench(hook(receiver.url))
        await bench.deliverer.submit(alert(), "k1")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bench.deliverer, "_write", _refuse)
            with pytest.raises(OSError, match="fenced"):
                await bench.deliverer.run()
    assert keys(receiver) == ["k1"]


async def _refuse(_: list[Record]) -> None:
    raise OSError("fenced")


async def test_a_full_queue_drops_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """The oldest ticket leaves for a page."""
    bench = Bench(hook("http://127.0.0.1:1/"), capacity=2)
    for key, severity in (("t", "ticket"), ("p1", "page"), ("p2", "page")):
        await bench.deliverer.submit(alert(severity=severity), key)
    assert bench.left == {b"desk/p1", b"desk/p2"}
    assert bench.health.notifications == {("desk", "dropped"): 1}
    assert caplog.messages == ["notify desk: 1 dropped, the queue is full or the receiver is gone"]


async def test_given_up_after_a_day() -> None:
    """Counted; the topic forgets it."""
    (port,) = free_ports(1)
    bench = Bench(hook(f"http://{HOST}:{port}/"))
    async with bench.running():
        await bench.deliverer.submit(alert(), "k1")
        await bench.until(lambda: bench.health.notifications["desk", "failed"] > 0)
        await bench.timer.advance(DAY)
        await bench.until(lambda: not bench.left)
    assert bench.health.notifications["desk", "dropped"] == 1


async def test_too_many_ratings_are_said_together() -> None:
    """Three one by one, the rest as one digest when the hour ends, a restart in between; the next hour begins anew."""
    async with WebhookReceiver() as receiver:
        to = hook(receiver.url, severities=("info",))
        bench = Bench(to, rule_limits={"rating_lowest": 3})
        async with bench.running():
            for number in range(8):
                await bench.deliverer.submit(alert("rating_lowest", "info", "event"), f"k{number}")
            await receiver.received(3)
            await bench.until(lambda: len(bench.left) == 1)
        async with Bench(to, log=bench.log, rule_limits={"rating_lowest": 3}).running() as again:
            await again.deliverer.submit(alert("rating_lowest", "info", "event"), "k8")
            await again.timer.advance(HOUR - 1)
            await asyncio.sleep(0.05)
            assert len(receiver.requests) == 3
            await again.timer.advance(1)
            await receiver.received(4)
            await again.deliverer.submit(alert("rating_lowest", "info", "event"), "k9")
            await again.until(lambda: not again.left)
    assert keys(receiver)[:3] + keys(receiver)[4:] == ["k0", "k1", "k2", "k9"]
    told = json.loads(receiver.requests[3].body)
    assert (told["count"], told["from"], told["key"]) == (6, "2026-07-14T10:00:00.000Z", keys(receiver)[3])


async def test_an_info_twice_is_counted_once() -> None:
    """While it is queued the same key is the same notification."""
    bench = Bench(hook("http://127.0.0.1:1/", severities=("info",)), rule_limits={"rating_lowest": 1})
    for key in ("k1", "k1", "k1"):
        await bench.deliverer.submit(alert("rating_lowest", "info", "event"), key)
    assert bench.left == {b"desk/k1"}


async def test_pages_have_no_limit() -> None:
    """Only info is said together."""
    bench = Bench(hook("http://127.0.0.1:1/", at_most_an_hour=1))
    for number in range(5):
        await bench.deliverer.submit(alert(), f"k{number}")
    assert len(bench.left) == 5
