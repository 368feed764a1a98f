"""Verdicts over the raw log: which records count, which are dead letters, and how far each topic partition has come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from schemas.essence import Essence, canonical
from schemas.read import Reader, Refused
from stream.kafka_client import LogRecord
from stream.settings import Settings


class Position(NamedTuple):
    """Where a record stands."""

    topic: str
    partition: int
    offset: int


class TicketKey(NamedTuple):
    """A ticket: the partition that its records are in, and its id."""

    partition: int
    ticket_id: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The log after judgement; times in ms.

    `slowest` is the least newest event time of the source topics in a partition; a partition in which one of them is empty has none.
    """

    tickets: dict[TicketKey, tuple[Essence, ...]]
    dead_letters: dict[Position, str]
    newest: dict[tuple[str, int], int]
    slowest: dict[int, int]


@dataclass(slots=True)
class _Sifter:
    """What has been judged so far."""

    settings: Settings
    standing: dict[TicketKey, dict[tuple[str, str], Essence]] = field(default_factory=dict)
    dead_letters: dict[Position, str] = field(default_factory=dict)
    newest: dict[tuple[str, int], int] = field(default_factory=dict)

    def refusal(self, record: LogRecord, ticket_id: str, event: Essence) -> str | None:
        """Class of the dead letter, None for an event that counts; the event is kept if it does."""
        if event.time > record.timestamp + self.settings.future:
            return "future"
        place = record.topic, record.partition
        newest = self.newest.get(place, event.time)
        if event.time < newest - self.settings.lateness:
            return "late"
        self.newest[place] = max(newest, event.time)
        return self._keep(TicketKey(record.partition, ticket_id), event)

    def _keep(self, ticket: TicketKey, event: Essence) -> str | None:
        events = self.standing.setdefault(ticket, {})
        identity = event.source, event.id
        other = events.setdefault(identity, event)
        if other == event:
            return None
        events[identity] = min(other, event, key=canonical)
        return "conflict"


def judge(records: Iterable[LogRecord], settings: Settings) -> Judged:
    """The verdict on every record; the records of a topic partition must come in offset order.

    Of the copies in conflict the first one read is no dead letter: which of two topics was first can't be told from their logs.
    """
    reader = Reader(settings.scale_rules, settings.follow_up.tags)
    sifter = _Sifter(settings)
    for record in records:
        try:
            ticket_id, event = reader.read(record.key, record.value, record.headers)
        except Refused as refused:
            refusal: str | None = str(refused.kind)
        else:
            refusal = sifter.refusal(record, ticket_id, event)
        if refusal is not None:
            sifter.dead_letters[Position(record.topic, record.partition, record.offset)] = refusal
    tickets = {ticket: tuple(events.values()) for ticket, events in sifter.standing.items()}
    return Judged(tickets, sifter.dead_letters, sifter.newest, slowest_clocks(sifter.newest, settings.topics.sources))


def slowest_clocks(newest: dict[tuple[str, int], int], topics: Iterable[str]) -> dict[int, int]:
    """The least newest event time (ms) of each partition in which none of the topics is empty."""
    names = tuple(topics)
    partitions = {partition for _, partition in newest}
    full = [partition for partition in partitions if all((topic, partition) in newest for topic in names)]
    return {partition: min(newest[topic, partition] for topic in names) for partition in full}
