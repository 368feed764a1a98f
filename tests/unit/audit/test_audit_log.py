"""Which records count: every class of dead letter, duplicates, conflicts, clocks."""

from __future__ import annotations

from audit_cases import NOON, Record, body

from stream.audit.log import Judged, Position, TicketKey, judge
from stream.durations import DAY, MINUTE
from stream.settings import Settings

SETTINGS = Settings()
OPENED, REPLIED, CLOSED, RATINGS = SETTINGS.topics.sources


def record(offset: int, value: bytes | None, *, topic: str = OPENED, timestamp: int = NOON, key: bytes | None = b"T", partition: int = 0) -> Record:
    """A record of ticket T."""
    return Record(topic, partition, offset, timestamp, key, value)


def verdict(*records: Record) -> Judged:
    """The judged log."""
    return judge(records, SETTINGS)


def classes(*records: Record) -> list[str | None]:
    """Class of each record's dead letter, None where it counts."""
    dead = verdict(*records).dead_letters
    return [dead.get(Position(each.topic, each.partition, each.offset)) for each in records]


def test_classes_of_the_reader() -> None:
    """What can't be read is a dead letter of the reader's class."""
    found = classes(
        record(0, b"{"),
        record(1, body("ticket.lost", "a", NOON)),
        record(2, body("ticket.replied", "b", NOON, author="nobody", public=True)),
        record(3, body("rating.submitted", "c", NOON, score=9)),
        record(4, body("ticket.merged", "d", NOON, merged_into="X"), key=b"U"),
        record(5, body("ticket.reopened", "e", NOON)),
    )
    assert found == ["not_json", "unknown_type", "schema", "score", "wrong_key", None]


def test_future_is_more_than_five_minutes_after_the_broker() -> None:
    """Exactly five minutes is still in time."""
    edge = NOON + 5 * MINUTE
    assert classes(record(0, body("ticket.reopened", "a", edge)), record(1, body("ticket.reopened", "b", edge + 1))) == [None, "future"]


def test_future_does_not_advance_the_clock() -> None:
    """A record from the future makes nothing late."""
    found = verdict(record(0, body("ticket.reopened", "a", NOON + 30 * DAY)), record(1, body("ticket.reopened", "b", NOON)))
    assert list(found.dead_letters.values()) == ["future"]
    assert found.newest == {(OPENED, 0): NOON}


def test_late_is_more_than_seven_days_behind_its_own_topic_partition() -> None:
    """The newest before it in the same topic partition decides; other topics and partitions don't."""
    edge = NOON - 7 * DAY
    found = classes(
        record(0, body("ticket.reopened", "a", NOON)),
        record(1, body("ticket.reopened", "b", edge)),
        record(2, body("ticket.reopened", "c", edge - 1)),
        record(0, body("ticket.reopened", "d", edge - 1), topic=REPLIED),
        record(0, body("ticket.reopened", "e", edge - 1), partition=1),
    )
    assert found == [None, None, "late", None, None]


def test_only_what_came_before_makes_late() -> None:
    """An old event before a new one is not late."""
    assert classes(record(0, body("ticket.reopened", "a", NOON - 20 * DAY)), record(1, body("ticket.reopened", "b", NOON))) == [None, None]


def test_duplicate_is_ignored() -> None:
    """The same source, id and content counts once, on whatever topic, and is no dead letter."""
    found = verdict(record(0, body("ticket.reopened", "a", NOON)), record(0, body("ticket.reopened", "a", NOON), topic=CLOSED))
    assert not found.dead_letters
    assert len(found.tickets[TicketKey(0, "T")]) == 1


def test_conflict_keeps_the_body_that_sorts_first() -> None:
    """Whatever the order, the same body stands, and the record that was read second is the dead letter."""
    one, other = body("rating.submitted", "a", NOON, score=1), body("rating.submitted", "a", NOON, score=2)
    first = verdict(record(0, one), record(1, other))
    second = verdict(record(0, other), record(1, one))
    assert first.tickets == second.tickets
    assert first.tickets[TicketKey(0, "T")][0].score == 1  # type: ignore[union-attr]
    assert first.dead_letters == second.dead_letters == {Position(OPENED, 0, 1): "conflict"}


def test_conflict_is_judged_after_the_clock() -> None:
    """A conflicting record in time advances the newest event time, as its verdict depends on other topics."""
    found = verdict(record(0, body("ticket.reopened", "a", NOON - DAY)), record(1, body("ticket.reopened", "a", NOON)))
    assert found.newest[OPENED, 0] == NOON


def test_same_identity_in_two_tickets_is_no_conflict() -> None:
    """Source and id are compared within a ticket."""
    other = Record(OPENED, 0, 1, NOON, b"U", body("ticket.reopened", "a", NOON - 1, ticket_id="U"))
    assert classes(record(0, body("ticket.reopened", "a", NOON)), other) == [None, None]


def test_slowest_clock_needs_all_four_topics() -> None:
    """The least newest event time of a partition; none while a topic is empty there."""
    full = [record(0, body("ticket.reopened", topic, NOON - age), topic=topic) for age, topic in enumerate(SETTINGS.topics.sources)]
    found = verdict(*full, record(0, body("ticket.reopened", "x", NOON), partition=1))
    assert found.slowest == {0: NOON - 3}
