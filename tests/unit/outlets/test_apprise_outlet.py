"""By apprise: the real package sends to a real HTTP server by its JSON plugin."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
from pathlib import Path

import pytest

from stream.alerts.rules import Severity
from stream.devkit.receiver import Reply, WebhookReceiver
from stream.errors import ConfigError
from stream.outlets.apprise_outlet import AppriseOutlet
from stream.outlets.notification import Answer, Notification
from stream.setting_parts import Receiver

# It tries out a module that Python 3.13 drops.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def notification(severity: Severity = "page") -> Notification:
    """One with a title and a text that look like markup."""
    return Notification("chat", "k1", "csat_dip {}", severity, 0, "CSAT of <b>billing</b> fell", "61.0 % of <b>\nplanted")


def receiver(folder: Path, url: str, timeout: int = 10_000) -> Receiver:
    """A receiver whose URL is in a file."""
    path = folder / "url"
    path.write_text(f"{url}\n", encoding="utf-8")
    return Receiver(name="chat", kind="apprise", url_file=path, timeout=timeout)


def json_url(server: WebhookReceiver) -> str:
    """The apprise URL for posting JSON to a server."""
    return server.url.replace("http://", "json://") + "/planted"


@pytest.mark.parametrize(("severity", "kind"), [("page", "failure"), ("ticket", "warning"), ("info", "info")])
async def test_title_and_text_arrive_as_they_are(severity: Severity, kind: str, tmp_path: Path) -> None:
    """Plain text stays plain text."""
    pytest.importorskip("apprise")
    async with WebhookReceiver() as server:
        outlet = AppriseOutlet(receiver(tmp_path, json_url(server)))
        assert await outlet.send(notification(severity)) == Answer("delivered", "ok")
        await outlet.close()
    told = json.loads(server.requests[0].body)
    assert (told["title"], told["message"], told["type"]) == ("CSAT of <b>billing</b> fell", "61.0 % of <b>\nplanted", kind)


async def test_markup_in_names_stays_text(tmp_path: Path) -> None:
    """Where a service takes HTML, a team that is called like a tag is escaped."""
    pytest.importorskip("apprise")
    async with WebhookReceiver() as server:
        await AppriseOutlet(receiver(tmp_path, json_url(server) + "?format=html")).send(notification())
    told = json.loads(server.requests[0].body)
    assert "&lt;b&gt;" in told["message"]


@pytest.mark.parametrize("reply", [Reply(500), Reply(404), Reply(307, {"Location": "/elsewhere"})])
async def test_what_fails_is_tried_again_and_nothing_is_logged(reply: Reply, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It does not say why; redirects are not followed; it would log the address and the text."""
    pytest.importorskip("apprise")
    caplog.set_level(logging.DEBUG)
    async with WebhookReceiver(usual=reply) as server:
        outlet = AppriseOutlet(receiver(tmp_path, json_url(server)))
        assert await outlet.send(notification()) == Answer("retry", "not delivered")
    assert len(server.requests) == 1
    assert "planted" not in caplog.text
    assert [record.name for record in caplog.records if record.name.partition(".")[0] in ("apprise", "urllib3", "requests")] == []


async def test_a_send_that_hangs_is_left_behind(tmp_path: Path) -> None:
    """The attempt ends in time, no second thread is begun, and the thread does not keep the program from ending."""
    pytest.importorskip("apprise")
    async with WebhookReceiver(Reply(hangs=True)) as server:
        outlet = AppriseOutlet(receiver(tmp_path, json_url(server), timeout=200))
        assert await outlet.send(notification()) == Answer("retry", "timeout")
        assert await outlet.send(notification()) == Answer("retry", "still busy")
        (hanging,) = [thread for thread in threading.enumerate() if thread.name == "notify-chat"]
        assert hanging.daemon
        pools = [thread.name for thread in threading.enumerate() if thread.name.startswith("ThreadPool")]
        assert pools == []  # the end of the program would wait for them
    await asyncio.to_thread(hanging.join, 20)
    async with WebhookReceiver():
        assert (await outlet.send(notification())).status == "not delivered"


def test_a_missing_package_is_named_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything starts."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError) as caught:
        AppriseOutlet(receiver(tmp_path, "json://planted"))
    assert str(caught.value).splitlines()[1].strip() == "notify.chat.kind: apprise is not installed; install csat-stream[notify]"


@pytest.mark.parametrize("url", ["planted", "planted://x", "json://"])
def test_what_apprise_does_not_know_is_refused(url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Without telling it."""
    pytest.importorskip("apprise")
    with pytest.raises(ConfigError, match=r"notify\.chat\.url_file: not an apprise URL") as caught:
        AppriseOutlet(receiver(tmp_path, url))
    assert "planted" not in str(caught.value) + caplog.text
