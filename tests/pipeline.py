"""The whole pure way from records to scores, without Kafka: partitions with their changelogs, and the board that reads their sums."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from schemas.read import Reader, Refused
from schemas.scores import Score, score_key
from stream.audit.log import Position
from stream.durations import DAY
from stream.kafka_client import LogRecord
from stream.kpis.registry import layout
from stream.rules import rules_of
from stream.setting_parts import ALL
from stream.settings import Settings
from stream.state import marker
from stream.state.partition import Partition
from stream.windows.board import STATUS_KEY, Board
from stream.windows.needs import NOTHING, Needs
from stream.windows.published import ScoreRecord
from stream.windows.spans import NOW, panes_held_from
from tests.helpdesk import MIDNIGHT, Event, Record, log

KEEP_ALL = 0
"""A wall clock so early that every pane is still held."""
Scores = dict[bytes, Score]
State = tuple[bytes, bytes | None]


class Pipeline:
    """Partitions, what they have written, and a board. Times in ms."""

    def __init__(self, settings: Settings, partitions: int = 1, needs: Needs = NOTHING) -> None:
        self.settings = settings
        self.needs = needs
        self.rules = rules_of(settings, layout=layout())
        self.reader = Reader(settings.scale_rules, settings.follow_up.tags)
        self.numbers = range(partitions)
        self.partitions = [self._empty() for _ in self.numbers]
        self.changelogs: list[list[State]] = [[] for _ in self.numbers]
        self.sums: list[list[State]] = [[] for _ in self.numbers]
        self.seen: list[Record] = []
        self.refused: dict[Position, str] = {}
        self.board = Board(settings, needs)

    def _empty(self) -> Partition:
        return Partition(self.rules, dict.fromkeys(self.settings.topics.sources, "id"))

    def feed(self, records: Sequence[Record]) -> None:
        """Take in records in the order of arrival."""
        self.seen.extend(records)
        for (topic, partition), run in groupby(records, key=lambda record: (record.topic, record.partition)):
            self.partitions[partition].apply(topic, list(run), self.reader, self._refuse)
        for each in self.partitions:
            each.settle()

    def _refuse(self, record: LogRecord, refused: Refused) -> None:
        self.refused[Position(record.topic, record.partition, record.offset)] = str(refused.kind)

    def flush(self, wall: int = KEEP_ALL) -> None:
        """Write what changed to the changelogs and the board."""
        for number in self.numbers:
            flush = self.partitions[number].flush(*panes_held_from(wall))
            sums = [*flush.sums, (STATUS_KEY, marker.encode(flush.marker))]
            self.changelogs[number].extend(flush.state)
            self.sums[number].extend(sums)
            self.board.apply(number, sums)
        self.board.settle()

    def restart(self, *, compacted: bool) -> None:
        """Lose everything in memory: load the changelogs, read again what came after the last flush."""
        seen, self.seen = self.seen, []
        for number in self.numbers:
            self.partitions[number] = self._empty()
            self.partitions[number].load(compact(self.changelogs[number]) if compacted else self.changelogs[number])
            self.partitions[number].finish_loading()
        self.feed(seen)

    def restart_board(self) -> None:
        """A new board that reads the sums from the beginning."""
        self.board = Board(self.settings, self.needs)
        for number in self.numbers:
            self.board.apply(number, compact(self.sums[number]))
        self.board.settle()

    def scores(self, now: int) -> Scores:
        """Every score at `now`."""
        self.board.move(now)
        return latest(self.board.current())


def compact(records: Iterable[State]) -> list[State]:
    """Only the last record of every key, in the order of the log."""
    last: dict[bytes, bytes | None] = {}
    for key, value in records:
        last.pop(key, None)
        last[key] = value
    return list(last.items())


def latest(records: Iterable[ScoreRecord]) -> Scores:
    """What a reader of the score topic holds after these records."""
    held: Scores = {}
    for record in records:
        if record.value is None:
            held.pop(record.key, None)
        else:
            held[record.key] = Score.model_validate_json(record.value)
    return held


def run(records: Sequence[Record], settings: Settings, partitions: int = 1) -> Pipeline:
    """Everything in one go."""
    pipeline = Pipeline(settings, partitions)
    pipeline.feed(records)
    pipeline.flush()
    return pipeline


def scores(events: Iterable[Event], now: int, settings: Settings | None = None) -> Scores:
    """Scores of events in this order of arrival."""
    return run(log(events), settings or Settings()).scores(now)


def plain(found: Mapping[bytes, Score]) -> dict[bytes, dict[str, object]]:
    """Scores without their revisions, for comparing two ways to them."""
    return {key: score.model_dump(exclude={"revision"}) for key, score in found.items()}


LATER = MIDNIGHT + 40 * DAY
"""A now at which everything of the first month has matured."""


def figure(
    metric: str, *events: Event, now: int = LATER, window: str = "all", segment: Mapping[str, str] | None = None, settings: Settings | None = None
) -> Score | None:
    """One score of events in this order of arrival; None where there is none. No other window is worked out, for speed."""
    windows = (window,) if window != NOW else (ALL,)
    chosen = (settings or Settings(segments=((),))).model_copy(update={"windows": windows})
    return scores(events, now, chosen).get(score_key(metric, segment or {}, window))


def counts(metric: str, *events: Event, now: int = LATER, window: str = "all", settings: Settings | None = None) -> dict[str, int] | None:
    """The counts of one score that are not 0; None where there is no score."""
    found = figure(metric, *events, now=now, window=window, settings=settings)
    return None if found is None else {name: count for name, count in found.counts.items() if count}


def segments_of(metric: str, dimension: str, *events: Event, now: int = LATER, **settings: Any) -> dict[str, int]:
    """N by value of one dimension, in window `all`; agents are shown and none is withheld."""
    chosen = Settings(segments=((dimension,),), agents="on", min_group=2, windows=(ALL,), **settings)
    found = run(log(events), chosen).scores(now)
    return {score.segment[dimension]: score.n for score in found.values() if (score.metric, score.window) == (metric, "all")}
