"""What real topics do to a load: records out of order, twice, and damaged in every way that makes a dead letter."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.times import iso
from stream.devkit.load import LoadRecord
from stream.durations import DAY, HOUR

FAR_AHEAD = 3650 * DAY
"""Far enough that an event of a simulated past lies ahead of the broker's clock too."""


@dataclass(frozen=True)
class Disordered:
    """A load after disorder: the records in their new order, and what was added to it."""

    records: list[LoadRecord]
    malformed: Counter[str]
    """Damaged records by the class of their dead letter."""
    duplicates: int


def disordered(records: Sequence[LoadRecord], *, seed: int = 1, shuffle: int = 0, duplicates: float = 0.0, malformed: float = 0.0) -> Disordered:
    """Delay every record by up to `shuffle` ms, and add shares of `records` as duplicates and as damaged copies of them.

    Nothing is taken away: the events that count are those of `records`.
    """
    rng = random.Random(seed)
    copies = rng.sample(records, round(len(records) * duplicates))
    originals = rng.sample(records, round(len(records) * malformed))
    kinds = [list(DAMAGES)[index % len(DAMAGES)] for index in range(len(originals))]
    bad = [damaged(record, kind, serial) for serial, (record, kind) in enumerate(zip(originals, kinds, strict=True))]
    moved = [_delayed(record, rng, shuffle) for record in records]
    moved += [_delayed(record, rng, max(shuffle, HOUR)) for record in copies]
    moved += [_delayed(record, rng, shuffle) for record in bad]
    moved.sort(key=lambda record: record.order_ms)
    return Disordered(moved, Counter(kinds), len(copies))


def damaged(record: LoadRecord, kind: str, serial: int) -> LoadRecord:
    """A copy of a record under an id of its own (by `serial`), damaged so that it becomes a dead letter of the class `kind`."""
    event = json.loads(record.value)
    event["id"] = f"damaged-{serial}"
    return DAMAGES[kind](record, event)


def _delayed(record: LoadRecord, rng: random.Random, most: int) -> LoadRecord:
    return record._replace(order_ms=record.order_ms + rng.randrange(most)) if most else record


def _with(record: LoadRecord, event: dict[str, Any]) -> LoadRecord:
    return record._replace(value=json.dumps(event, separators=(",", ":")).encode())


def _not_json(record: LoadRecord, event: dict[str, Any]) -> LoadRecord:
    whole = _with(record, event)
    return whole._replace(value=whole.value[: len(whole.value) // 2])


def _unknown_type(record: LoadRecord, event: dict[str, Any]) -> LoadRecord:
    return _with(record, {**event, "type": "ticket.teleported"})


def _missing_field(record: LoadRecord, event: dict[str, Any]) -> LoadRecord:
    return _with(record, {name: value for name, value in event.items() if name != "time"})


def _score_outside(record: LoadRecord, event: dict[str, Any]) -> LoadRecord:
    data = {"ticket_id": event["data"]["ticket_id"], "survey_id": event["id"], "kind": "csat", "score": 6, "scale_max": 5}
    return _with(record, {**event, "type": "rating.submitted", "data": data})


def _wrong_key(record: LoadRecord, event: dict[str, Any]) -> LoadRecord:
    return _with(record, event)._replace(partition_key=b"wrong-" + record.partition_key)


def _in_the_future(record: LoadRecord, event: dict[str, Any]) -> LoadRecord:
    return _with(record, {**event, "time": iso(record.time_ms + FAR_AHEAD)})


DAMAGES: dict[str, Callable[[LoadRecord, dict[str, Any]], LoadRecord]] = {
    "not_json": _not_json,
    "unknown_type": _unknown_type,
    "schema": _missing_field,
    "score": _score_outside,
    "wrong_key": _wrong_key,
    "future": _in_the_future,
}
"""How a record is damaged, by the class of the dead letter that it becomes."""
