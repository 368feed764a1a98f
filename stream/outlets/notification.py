"""One notification to one receiver, its record in the outbox topic, and what came of an attempt to deliver it. Pure."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from stream.alerts.rules import Severity

Record = tuple[bytes, bytes | None]
"""Key and value of a record of the outbox topic; without a value it is a tombstone."""
Fate = Literal["delivered", "retry", "refused"]
_FORMAT = 1


class Notification(msgspec.Struct, frozen=True, array_like=True):
    """What one receiver is to get.

    `key`: idempotency key. `about`: what it is about; of one such thing nothing overtakes what came before it.
    `accepted`, `not_before`: wall-clock ms. `count`: how many it stands for, 0 where it is no digest.
    """

    receiver: str
    key: str
    about: str
    severity: Severity
    accepted: int
    title: str
    body: str
    not_before: int = 0
    count: int = 0

    @property
    def record_key(self) -> bytes:
        """Key of its record."""
        return f"{self.receiver}/{self.key}".encode()


class Answer(NamedTuple):
    """What came of one attempt: its fate, a word for the log, and the wait (ms) that the receiver asks for."""

    fate: Fate
    status: str
    wait: int | None = None


def to_record(notification: Notification) -> Record:
    """The record of a notification that is still to be delivered."""
    return notification.record_key, msgspec.msgpack.encode((_FORMAT, notification))


def from_value(value: bytes) -> Notification:
    """The notification of a record's value; ValueError where it is of another format, or none."""
    try:
        form, packed = msgspec.msgpack.decode(value, type=tuple[int, msgspec.Raw])
    except msgspec.MsgspecError:
        raise ValueError("outbox record: not a notification") from None
    if form != _FORMAT:
        raise ValueError(f"outbox record: format {form} is not known, only {_FORMAT}")
    try:
        return msgspec.msgpack.decode(packed, type=Notification)
    except msgspec.MsgspecError:
        raise ValueError(f"outbox record: not a notification of format {_FORMAT}") from None
