"""Bad input beyond `stream.devkit.disorder`: more kinds of damaged records, one id with two bodies, producers whose clocks are wrong."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from schemas.times import iso
from stream.devkit.disorder import DAMAGES, damaged
from stream.devkit.load import RATINGS, LoadRecord
from stream.durations import DAY, HOUR, MINUTE, SECOND

Event = dict[str, Any]


class Damage(NamedTuple):
    """The class of the dead letter that a record becomes, and how its event is damaged."""

    letter: str
    change: Callable[[LoadRecord, Event], LoadRecord]


def _written(record: LoadRecord, event: Event) -> LoadRecord:
    return record._replace(value=json.dumps(event, separators=(",", ":")).encode())


def _with_data(record: LoadRecord, event: Event, **data: Any) -> LoadRecord:
    return _written(record, {**event, "data": {**event["data"], **data}})


def _raw(record: LoadRecord, event: Event, literal: bytes) -> LoadRecord:
    """The event with JSON text in it that no value stands for."""
    return record._replace(value=_written(record, {**event, "more": "?"}).value.replace(b'"?"', literal))


MORE: dict[str, Damage] = {
    "empty": Damage("not_json", lambda record, _: record._replace(value=b"")),
    "a list": Damage("not_json", lambda record, event: record._replace(value=json.dumps([event]).encode())),
    "invalid UTF-8": Damage("not_json", lambda record, event: _raw(record, event, b'"\xed\xa0\x80"')),
    "NaN": Damage("not_json", lambda record, event: _raw(record, event, b"NaN")),
    "nested deep": Damage("not_json", lambda record, event: _raw(record, event, b"[" * 500 + b"]" * 500)),
    "no type": Damage("unknown_type", lambda record, event: _written(record, {name: part for name, part in event.items() if name != "type"})),
    "type is a list": Damage("unknown_type", lambda record, event: _written(record, {**event, "type": [event["type"]]})),
    "time without a zone": Damage("schema", lambda record, event: _written(record, {**event, "time": "2026-10-20T00:00:00"})),
    "no such day": Damage("schema", lambda record, event: _written(record, {**event, "time": "2026-02-30T00:00:00Z"})),
    "before 1970": Damage("schema", lambda record, event: _written(record, {**event, "time": "1969-12-31T23:59:59Z"})),
    "NUL in a name": Damage("schema", lambda record, event: _with_data(record, event, ticket_id="a\0b")),
    "a long name": Damage("schema", lambda record, event: _written(record, {**event, "id": "x" * 201})),
    "data is text": Damage("schema", lambda record, event: _written(record, {**event, "data": json.dumps(event["data"])})),
    "a huge score": Damage("schema", lambda record, event: _written(record, _rating(event, score=10**30))),
    "a broken score": Damage("schema", lambda record, event: _written(record, _rating(event, score=4.5))),
    "an unknown scale": Damage("score", lambda record, event: _written(record, _rating(event, score=3, scale_max=6))),
    "another ticket's key": Damage("wrong_key", lambda record, event: _with_data(record, event, ticket_id=f"{event['data']['ticket_id']}-x")),
    "months ago": Damage("late", lambda record, event: _written(record, {**event, "time": iso(record.time_ms - 90 * DAY)})),
}
"""By name, what `DAMAGES` has none of. Events of `late` must come behind others of their topic partition."""


def _rating(event: Event, **data: Any) -> Event:
    rated = {"ticket_id": event["data"]["ticket_id"], "survey_id": event["id"], "kind": "csat", "scale_max": 5, **data}
    return {**event, "type": "rating.submitted", "data": rated}


KINDS = (*DAMAGES, *MORE)
"""Every kind of damage, by its name."""
ALONE = tuple(kind for kind in KINDS if kind not in MORE or MORE[kind].letter != "late")
"""Those that need no other record before them."""


def damaged_as(record: LoadRecord, kind: str, serial: int) -> tuple[LoadRecord, str]:
    """A damaged copy of a record under an id of its own (by `serial`), and the class of its dead letter."""
    if kind in DAMAGES:
        return damaged(record, kind, serial), kind
    event = json.loads(record.value)
    event["id"] = f"damaged-{serial}"
    return MORE[kind].change(record, event), MORE[kind].letter


def of_each_kind(
    records: Sequence[LoadRecord], share: float, rng: random.Random, kinds: Sequence[str] = KINDS
) -> tuple[list[LoadRecord], Counter[str]]:
    """Damaged copies, so many of each kind as a share of the records, in the order of production; and their number by class."""
    later = records[len(records) // 2 :]
    found: list[LoadRecord] = []
    classes: Counter[str] = Counter()
    for kind in kinds:
        for record in rng.choices(later, k=round(len(records) * share)):
            bad, letter = damaged_as(record, kind, len(found))
            found.append(bad)
            classes[letter] += 1
    return found, classes


def two_bodies(records: Sequence[LoadRecord], pairs: int, rng: random.Random) -> list[LoadRecord]:
    """Ratings of existing tickets in pairs of one id with different scores, in any order among the others: one of each is a dead letter."""
    found: list[LoadRecord] = []
    for number, record in enumerate(rng.choices([record for record in records if record.topic_index == RATINGS], k=pairs)):
        event = json.loads(record.value)
        for score in rng.sample(range(1, 6), 2):
            body = {**event, "id": f"two-{number}", "data": {**event["data"], "score": score, "survey_id": f"two-{number}"}}
            found.append(_written(record, body)._replace(order_ms=record.order_ms + rng.randrange(HOUR)))
    return found


SKEWS: dict[int, str | None] = {
    -8 * DAY: "late",
    -6 * DAY: None,
    -3 * HOUR: None,
    -10 * MINUTE: None,
    0: None,
    4 * MINUTE: None,
    6 * MINUTE: "future",
    3 * HOUR: "future",
    400 * DAY: "future",
}
"""How wrong producers' clocks are (ms), and the class of the dead letters of those that are too wrong."""


def skewed(now: int, tickets: int, rng: random.Random) -> tuple[list[LoadRecord], Counter[str]]:
    """Ratings sent now, one a ticket and producer, told with the time that its clock shows; and the dead letters by class.

    The first of each ticket has the right time, and is of the same topic partition as the others.
    """
    found: list[LoadRecord] = []
    classes: Counter[str] = Counter()
    for number in range(tickets):
        others = list(SKEWS)
        rng.shuffle(others)
        for place, skew in enumerate([0, *(each for each in others if each)]):
            found.append(_skewed(number, place, now - SECOND, skew))
            if SKEWS[skew]:
                classes[str(SKEWS[skew])] += 1
    return found, classes


def _skewed(ticket: int, place: int, now: int, skew: int) -> LoadRecord:
    data = {"ticket_id": f"skew-{ticket}", "survey_id": f"s-{place}", "score": 1 + place % 5, "team": "skewed"}
    event = {
        "specversion": "1.0",
        "type": "rating.submitted",
        "source": f"clock-{skew}",
        "id": f"{ticket}-{place}",
        "time": iso(now + skew),
        "data": data,
    }
    return LoadRecord(now + place, now, RATINGS, f"skew-{ticket}".encode(), json.dumps(event).encode())
