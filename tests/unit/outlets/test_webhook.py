"""The webhook: what it sends, what it makes of the answer, and what it never tells; against a real HTTP server."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from stream.devkit.ports import HOST, free_ports
from stream.devkit.receiver import Reply, WebhookReceiver
from stream.errors import ConfigError
from stream.outlets.notification import Answer, Notification
from stream.outlets.webhook import Webhook, answer, signature
from stream.setting_parts import Receiver

SECRET = "not-a-real-secret"  # noqa: S105 (the tests' own)
NOW = 1_784_000_000_000
DOCS = (Path(__file__).parents[3] / "docs/alerts.md").read_text(encoding="utf-8")


def notification(body: str = '{"rule":"csat_dip"}', key: str = "k1") -> Notification:
    """One to the receiver `desk`."""
    return Notification("desk", key, "csat_dip {}", "page", NOW, "", body)


def webhook(url: str, folder: Path, **more: Any) -> Webhook:
    """A signed webhook whose clock stands still."""
    secret = folder / "secret"
    secret.write_text(SECRET + "\n", encoding="utf-8")
    return Webhook(Receiver(name="desk", kind="webhook", url=url, secret_file=secret, **more), lambda: NOW)


def is_genuine(*arguments: Any) -> bool:
    """The function shown in the docs: written without anything of ours."""
    (shown,) = re.findall(r"```python\n(.*?)```", DOCS, flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(shown, names)  # noqa: S102 (our own docs)
    return bool(names["is_genuine"](*arguments))


async def test_the_request_is_signed_json(tmp_path: Path) -> None:
    """Body, headers and signature are as the docs say, by the docs' own code."""
    body = '{"rule":"csat_dip","team":"Zürich"}'
    async with WebhookReceiver() as receiver:
        outlet = webhook(receiver.url, tmp_path)
        assert await outlet.send(notification(body)) == Answer("delivered", "204")
        await outlet.close()
    (request,) = receiver.requests
    assert request.body == body.encode()
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Idempotency-Key"] == "k1"
    assert is_genuine(request.headers, request.body, SECRET.encode(), NOW // 1000)


async def test_a_request_that_was_changed_is_not_genuine(tmp_path: Path) -> None:
    """Another body, another time, another secret, an old request, no signature."""
    async with WebhookReceiver() as receiver:
        outlet = webhook(receiver.url, tmp_path)
        await outlet.send(notification())
        await outlet.close()
    ((_, headers, body),) = receiver.requests
    seconds, secret = NOW // 1000, SECRET.encode()
    assert not is_genuine(headers, body + b" ", secret, seconds)
    assert not is_genuine({**headers, "X-Csat-Stream-Timestamp": str(seconds + 1)}, body, secret, seconds)
    assert not is_genuine(headers, body, b"another-secret-of-length", seconds)
    assert not is_genuine(headers, body, secret, seconds + 301)
    assert not is_genuine({"X-Csat-Stream-Timestamp": str(seconds)}, body, secret, seconds)


def test_the_signature_is_that_of_openssl() -> None:
    """`printf '1784000000.{"a":1}' | openssl dgst -sha256 -hmac not-a-real-secret`."""
    expected = "v1=9735fd75de506831fc4f5c456da9a5ec9b73cf9535a4218483c634787cde6b1a"
    assert signature(SECRET.encode(), "1784000000", b'{"a":1}') == expected


async def test_without_a_secret_there_is_no_signature() -> None:
    """The timestamp and the key are there all the same."""
    async with WebhookReceiver() as receiver:
        outlet = Webhook(Receiver(name="desk", kind="webhook", url=receiver.url), lambda: NOW)
        await outlet.send(notification())
        await outlet.close()
    (request,) = receiver.requests
    assert "X-Csat-Stream-Signature" not in request.headers
    assert request.headers["X-Csat-Stream-Timestamp"] == str(NOW // 1000)


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        *((status, "delivered") for status in (200, 202, 204)),
        *((status, "retry") for status in (408, 425, 429, 500, 502, 503, 599)),
        *((status, "refused") for status in (301, 304, 400, 401, 404, 410, 422)),
    ],
)
def test_what_a_status_means(status: int, fate: str) -> None:
    """The table of the docs."""
    assert answer(status, None, NOW) == Answer(fate, str(status))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("7", 7_000),
        ("0", 0),
        ("Tue, 14 Jul 2026 03:34:20 GMT", 60_000),
        ("Tue, 14 Jul 2026 03:34:20 -0000", 60_000),
        ("Tue, 14 Jul 2020 03:34:20 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("²", None),
        ("9" * 5_000, None),
        ("Tue, 14 Jul 99999 03:34:20 GMT", None),
    ],
)
def test_retry_after(text: str, wait: int | None) -> None:
    """Seconds or a date, from now; nonsense is no wait."""
    assert answer(503, text, NOW).wait == wait


async def test_redirects_are_not_followed(tmp_path: Path) -> None:
    """The place it points to gets nothing."""
    async with WebhookReceiver() as other, WebhookReceiver(usual=Reply(307, {"Location": other.url})) as receiver:
        outlet = webhook(receiver.url, tmp_path)
        assert await outlet.send(notification()) == Answer("refused", "307")
        await outlet.close()
    assert (len(receiver.requests), other.requests) == (1, [])


async def test_an_answer_that_does_not_come(tmp_path: Path) -> None:
    """The attempt ends with its time, and is repeated."""
    async with WebhookReceiver(usual=Reply(hangs=True)) as receiver:
        outlet = webhook(receiver.url, tmp_path, timeout=100)
        assert await outlet.send(notification()) == Answer("retry", "timeout")
        await outlet.close()


async def test_nobody_listens(tmp_path: Path) -> None:
    """No connection: tried again, and none of the address is told."""
    (port,) = free_ports(1)
    outlet = webhook(f"http://{HOST}:{port}/hook", tmp_path)
    assert await outlet.send(notification()) == Answer("retry", "no connection")
    await outlet.close()


async def test_a_connection_that_breaks_is_made_again(tmp_path: Path) -> None:
    """A receiver that restarts on its port gets the next one."""
    async with WebhookReceiver() as receiver:
        outlet = webhook(receiver.url, tmp_path)
        assert (await outlet.send(notification())).fate == "delivered"
    assert (await outlet.send(notification())).fate == "retry"
    await outlet.close()


@pytest.mark.parametrize(
    ("url", "secret", "told"),
    [
        ("ftp://token@desk/x", SECRET, "notify.desk.url: not an http or https URL"),
        ("https://", SECRET, "notify.desk.url: not an http or https URL"),
        ("http://[token", SECRET, "notify.desk.url: not an http or https URL"),
        ("http://desk/x", "short", "notify.desk.secret_file: the secret must have 16 bytes or more"),
        ("http://desk/x", "", "notify.desk.secret_file: the file must hold one line"),
        ("http://desk/x", f"{SECRET}\n{SECRET}", "notify.desk.secret_file: the file must hold one line"),
        ("http://desk/x", "\udcff" * 20, "notify.desk.secret_file: the file is not UTF-8 text"),
        ("http://desk/x", None, "notify.desk.secret_file: No such file or directory"),
    ],
)
def test_what_can_not_serve_is_said_at_the_start(url: str, secret: str | None, told: str, tmp_path: Path) -> None:
    """The fault names the setting, never what it holds."""
    path = tmp_path / "secret"
    if secret is not None:
        path.write_bytes(secret.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError) as caught:
        Webhook(Receiver(name="desk", kind="webhook", url=url, secret_file=path))
    assert str(caught.value).splitlines()[1].strip() == told
    assert "token" not in str(caught.value)


async def test_the_url_may_come_from_a_file(tmp_path: Path) -> None:
    """With its query, and without the line's end."""
    async with WebhookReceiver() as receiver:
        path = tmp_path / "url"
        path.write_text(f"{receiver.url}?token=planted\n", encoding="utf-8")
        outlet = Webhook(Receiver(name="desk", kind="webhook", url_file=path))
        assert (await outlet.send(notification())).fate == "delivered"
        await outlet.close()
    assert receiver.requests[0].path == "/hook?token=planted"


async def test_nothing_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither address, secret nor body, at any level, whatever happens."""
    caplog.set_level(logging.INFO)
    (port,) = free_ports(1)
    replies = [Reply(500), Reply(404), Reply(302, {"Location": "/planted"})]
    async with WebhookReceiver(*replies) as receiver:
        outlets = [webhook(f"{receiver.url}?token=planted", tmp_path), webhook(f"http://{HOST}:{port}/planted", tmp_path)]
        answers = [await outlet.send(notification('{"text":"planted"}')) for outlet in outlets for _ in replies]
        for outlet in outlets:
            await outlet.close()
    told = caplog.text + json.dumps(answers)
    assert [word for word in ("planted", SECRET, str(port)) if word in told] == []
