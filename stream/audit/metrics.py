"""The metrics: what each is a share or a mean of, and over which windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["share", "duration", "open", "follow_up"]
Windows = Literal["plain", "provisional", "matured", "now"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: the facts it is read from, and the names of what it counts."""

    name: str
    kind: Kind
    windows: Windows
    facts: str
    part: str = ""
    """A share: 100 x part / whole."""
    whole: tuple[str, ...] = ()
    """What n is the number of."""
    other: tuple[str, ...] = ()
    """Further counts."""


def _csat(name: str) -> Metric:
    return Metric(name, "share", "plain", name, "satisfied", ("rated",), (*(f"star_{star}" for star in range(1, 6)), "locked"))


def _duration(name: str, measured: str) -> Metric:
    return Metric(name, "duration", "plain", name, whole=(measured,), other=("negative",))


def _first_contact(name: str, windows: Windows) -> Metric:
    return Metric(name, "share", windows, name.removesuffix("_provisional"), "first_contact", ("resolved",))


def _open(name: str) -> Metric:
    return Metric(name, "open", "now", name)


def _follow_up(name: str) -> Metric:
    return Metric(name, "follow_up", "now", name)


_ALL = (
    _csat("csat"),
    _csat("csat_first"),
    _duration("first_response", "answered"),
    Metric("first_response_within", "share", "plain", "first_response_within", "hit", ("hit", "miss")),
    _duration("resolution_first", "resolved"),
    _duration("resolution_last", "resolved"),
    _first_contact("fcr_one_touch", "matured"),
    _first_contact("fcr_one_touch_provisional", "provisional"),
    _first_contact("fcr_never_reopened", "matured"),
    _first_contact("fcr_never_reopened_provisional", "provisional"),
    Metric("bot_only", "share", "matured", "bot_only", "bot_only", ("closed",)),
    Metric("reopen_rate", "share", "matured", "reopen_rate", "reopened", ("closed",)),
    _open("waiting"),
    _open("overdue"),
    _open("oldest_waiting"),
    _open("backlog"),
    _follow_up("follow_ups"),
    _follow_up("follow_ups_overdue"),
    _follow_up("oldest_follow_up"),
)

METRICS = {metric.name: metric for metric in _ALL}
