"""How many notifications of severity info a receiver gets an hour; the rest are counted and said together when it ends. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping

import msgspec

from schemas.times import iso
from stream.durations import HOUR
from stream.outlets.notification import Notification


class HourlyLimit:
    """Counts what one receiver gets in the clock hour (UTC) under way, in all and of single rules.

    A restart counts the hour anew, at worst the limit comes twice; a rule with a digest under way stays at its limit.
    """

    def __init__(self, at_most: int, of_rule: Mapping[str, int]) -> None:
        self._at_most = at_most
        self._of_rule = dict(of_rule)
        self._hour = -1
        self._given: Counter[str] = Counter()

    def admits(self, rule: str, now: int) -> bool:
        """Whether one more of this rule may go out at this time (wall-clock ms); if so it is counted."""
        if now // HOUR != self._hour:
            self._hour = now // HOUR
            self._given.clear()
        if self._given.total() >= self._at_most or self._given[rule] >= self._of_rule.get(rule, self._at_most):
            return False
        self._given[rule] += 1
        return True


def digest_key(rule: str, now: int) -> str:
    """Idempotency key of what is said together of a rule about the clock hour of a time."""
    return hashlib.sha256(msgspec.json.encode(["digest", rule, now // HOUR])).hexdigest()


def digest(receiver: str, rule: str, count: int, now: int, *, as_json: bool) -> Notification:
    """What stands for `count` notifications of a rule that were held back in the clock hour of a time; due when that ends."""
    begin = now // HOUR * HOUR
    end = begin + HOUR
    key = digest_key(rule, now)
    title = f"{count} more of {rule} between {iso(begin)[11:16]} and {iso(end)[11:16]} UTC"
    record = {"key": key, "event": "digest", "rule": rule, "severity": "info", "count": count, "from": iso(begin), "to": iso(end), "summary": title}
    body = msgspec.json.encode(record).decode() if as_json else "They were over the limit of notifications an hour and were not sent one by one."
    return Notification(receiver, key, key, "info", now, title, body, not_before=end, count=count)
