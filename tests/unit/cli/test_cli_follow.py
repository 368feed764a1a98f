"""Following the output topics: what of the alert topic is shown."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.alerts import Alert, alert_key, rating_key
from stream.cli.follow import Outputs
from stream.engine.alert_log import CLOCK_KEY
from stream.settings import Settings
from tests.unit.alerts.alert_examples import alert

SETTINGS = Settings()
KEY = alert_key("csat_dip", {"team": "billing"})


@dataclass
class Record:
    """A record as a consumer gives it."""

    key: bytes | None
    value: bytes | None
    topic: str = SETTINGS.topics.alerts
    partition: int = 0
    offset: int = 0
    timestamp: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


def taken(*records: tuple[bytes | None, Alert | bytes | None]) -> Outputs:
    """What is known after these records of the alert topic."""
    outputs = Outputs(SETTINGS)
    values = [(key, value.model_dump_json().encode() if isinstance(value, Alert) else value) for key, value in records]
    outputs.take(SETTINGS.topics.alerts, [Record(key, value) for key, value in values])
    return outputs


def test_the_last_record_of_an_alert_stands() -> None:
    """And what people were notified of is news, in order."""
    first, second = alert(), alert().model_copy(update={"event": "worse", "revision": 3})
    quiet = second.model_copy(update={"notify": False, "revision": 4})
    outputs = taken((KEY, first), (KEY, second), (KEY, quiet))
    assert outputs.alerts == {KEY: quiet}
    assert list(outputs.news) == [first, second]


def test_a_tombstone_takes_an_alert_away() -> None:
    """Its rule is no more."""
    assert taken((KEY, alert()), (KEY, None)).alerts == {}


def test_the_programs_own_records_and_single_ratings_are_left_alone() -> None:
    """They are no alerts with a state; the scorer's memory isn't even JSON."""
    outputs = taken((CLOCK_KEY, b"\x93\x01"), (None, b"{}"), (rating_key("rating_lowest", {}, "T-1", "s-1"), alert()))
    assert outputs.alerts == {}
    assert not outputs.news
