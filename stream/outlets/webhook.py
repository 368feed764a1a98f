"""A plain webhook: JSON by POST, signed with HMAC-SHA256."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import aiohttp
from yarl import URL

from schemas.times import to_ms
from stream.clock import real_ms
from stream.durations import SECOND
from stream.outlets.notification import Answer, Notification
from stream.outlets.receivers import content, fault
from stream.setting_parts import Receiver

KEY_HEADER = "Idempotency-Key"
TIMESTAMP_HEADER = "X-Csat-Stream-Timestamp"
SIGNATURE_HEADER = "X-Csat-Stream-Signature"
_SHORTEST_SECRET = 16
_TRY_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class Webhook:
    """Sends notifications to one URL. ConfigError where its files can't serve."""

    def __init__(self, receiver: Receiver, now: Callable[[], int] = real_ms) -> None:
        self.name = receiver.name
        self._url = _url(receiver)
        self._secret = _secret(receiver)
        self._timeout = aiohttp.ClientTimeout(total=receiver.timeout / SECOND)
        self._now = now
        self._session: aiohttp.ClientSession | None = None

    async def send(self, notification: Notification) -> Answer:
        """One attempt; what went wrong is told by a word that names neither the address nor what was sent."""
        body = notification.body.encode()
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=self._timeout)
        try:
            async with self._session.post(self._url, data=body, headers=self._headers(notification.key, body), allow_redirects=False) as response:
                return answer(response.status, response.headers.get("Retry-After"), self._now())
        except TimeoutError:
            return Answer("retry", "timeout")
        except (aiohttp.ClientError, OSError):
            return Answer("retry", "no connection")

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _headers(self, key: str, body: bytes) -> dict[str, str]:
        timestamp = str(self._now() // SECOND)
        headers = {"Content-Type": "application/json", "User-Agent": "csat-stream", KEY_HEADER: key, TIMESTAMP_HEADER: timestamp}
        if self._secret is not None:
            headers[SIGNATURE_HEADER] = signature(self._secret, timestamp, body)
        return headers


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """`v1=` and the hex HMAC-SHA256 of timestamp (Unix seconds), a dot, and the body."""
    return "v1=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def answer(status: int, retry_after: str | None, now: int) -> Answer:
    """What an HTTP status means: 2xx delivered; 408, 425, 429 and 5xx try again; anything else will not change by itself."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Answer("delivered", str(status))
    if status in _TRY_AGAIN or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Answer("retry", str(status), _asked_wait(retry_after, now))
    return Answer("refused", str(status))


def _asked_wait(text: str | None, now: int) -> int | None:
    """Milliseconds of a Retry-After header: seconds, or an HTTP date; None where it is neither."""
    if text is None:
        return None
    try:
        if text.isascii() and text.isdecimal():
            return int(text) * SECOND
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(0, to_ms(date if date.tzinfo else date.replace(tzinfo=UTC)) - now)


def _url(receiver: Receiver) -> URL:
    field = "url" if receiver.url_file is None else "url_file"
    text = receiver.url or "" if receiver.url_file is None else content(receiver, field, receiver.url_file)
    try:
        url = URL(text)
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise fault(receiver, field, "not an http or https URL")
    return url


def _secret(receiver: Receiver) -> bytes | None:
    if receiver.secret_file is None:
        return None
    secret = content(receiver, "secret_file", receiver.secret_file).encode()
    if len(secret) < _SHORTEST_SECRET:
        raise fault(receiver, "secret_file", f"the secret must have {_SHORTEST_SECRET} bytes or more")
    return secret
