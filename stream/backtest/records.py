"""History from source records: the stream's own partitions take them in, and nothing is ever let go."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from schemas.read import Reader, Refused
from stream.alerts.verdict import Ints
from stream.backtest.history import MINUTES_AN_HOUR, Cases, Entries, History, entries
from stream.backtest.waits import waits_of
from stream.durations import MINUTE
from stream.kafka_client import LogRecord
from stream.kpis.definition import FROM, Contribution, Proportion
from stream.kpis.registry import all_metrics, layout
from stream.rules import Rules, rules_of
from stream.segments import AGENT, Dimensions, parse_segment
from stream.settings import Settings
from stream.state import panes
from stream.state.partition import TICKET_KEY, Partition
from stream.state.sums import Sums

_AT_ONCE = 20_000
"""Records between two flushes: bounds how many tickets stand unpacked."""


class FileRecord(NamedTuple):
    """An event of a file as the record that it would have been, had it come at its own time."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class Tally(Sums):
    """Sums that keep every contribution of some cells with its own minute, instead of adding it up by pane.

    What is taken back stands there as a negative value.
    """

    def __init__(self, cells: Collection[int], atoms: dict[str, int]) -> None:
        super().__init__()
        self._wanted = frozenset(cells)
        self._numbers = atoms
        self.columns = tuple(array("q") for _ in range(5))
        """Atom, minute pane, first minute of the hour pane for what counts from the next pane (else the minute pane), cell, value."""

    def apply(self, contribution: Contribution, sign: int) -> None:
        """Keep one contribution (sign 1) or what takes it back (sign -1)."""
        time, keys, counted, cells = contribution
        minute, from_hour = time // MINUTE, time // MINUTE
        if counted & FROM:
            minute, from_hour = panes.minute_from(time), panes.hour_from(time) * MINUTES_AN_HOUR
        for cell, value in cells:
            if cell in self._wanted:
                atom = self._numbers.setdefault(keys.all[0], len(self._numbers))
                for column, number in zip(self.columns, (atom, minute, from_hour, cell, sign * value), strict=True):
                    column.append(number)

    def cases(self, ratio: Proportion, ranks: Ints) -> Cases:
        """What one proportion counted; `ranks`: the number that each atom gets for good."""
        atoms, minutes, from_hours, cells, values = (np.array(column, dtype=np.int64) for column in self.columns)
        atoms = ranks[atoms]
        part, whole = (np.where(np.isin(cells, own), values, 0) for own in (ratio.part, ratio.whole))
        short = entries(atoms, minutes, part, whole)
        if np.array_equal(minutes, from_hours):
            return Cases(short, short)
        return Cases(short, entries(atoms, from_hours, part, whole))


class _Whole(Partition):
    """A partition that lets go of no ticket: history has no clock by which one would be over."""

    def sweep(self, share: float = 1.0) -> None:
        """Look at nothing."""


class _Taken(NamedTuple):
    """What one partition took in: its tickets packed, and the broker timestamps (ms) of all records and of the dead letters."""

    tickets: dict[str, bytes]
    seen: array[int]
    refused: array[int]


def of_records(records: Iterable[LogRecord], settings: Settings, metrics: Collection[str]) -> History | None:
    """History of some metrics by everything the records say, late corrections included; None where none of them counts.

    Records of a topic partition come in offset order. Agents are left out: their figures never slide.
    """
    lists = tuple(tuple(dimensions) for dimensions in settings.segments if AGENT not in dimensions)
    used = tuple(name for name in Dimensions._fields if any(name in dimensions for dimensions in lists))
    rules = rules_of(settings.model_copy(update={"segments": (used,), "agents": "off"}), layout=layout())
    wanted = {metric.name: metric.ratio for _, metric in all_metrics() if metric.ratio and metric.name in metrics}
    atoms: dict[str, int] = {}
    tally = Tally({cell for ratio in wanted.values() for cell in (*ratio.part, *ratio.whole)}, atoms)
    taken = [_take_in(own, rules, tally) for own in _by_partition(records).values()]
    waits = [wait for one in taken for wait in waits_of(one.tickets.values(), rules, atoms)]
    # Numbered by name, so that what is drawn at random does not depend on the order of arrival.
    keys = sorted(atoms)
    ranks = np.zeros(len(keys), dtype=np.int64)
    ranks[[atoms[key] for key in keys]] = np.arange(len(keys))
    waits = [wait._replace(atom=int(ranks[wait.atom])) for wait in waits]
    cases = {name: tally.cases(ratio, ranks) for name, ratio in wanted.items()}
    panes_seen = [wait.begin // MINUTE for wait in waits]
    panes_seen += [int(pane) for own in cases.values() if len(own.short.minutes) for pane in own.short.minutes[[0, -1]]]
    if not panes_seen:
        return None
    return History(tuple(map(parse_segment, keys)), lists, cases, _intake(taken), tuple(waits), min(panes_seen), max(panes_seen))


def _by_partition(records: Iterable[LogRecord]) -> dict[int, dict[str, list[LogRecord]]]:
    found: dict[int, dict[str, list[LogRecord]]] = {}
    for record in records:
        found.setdefault(record.partition, {}).setdefault(record.topic, []).append(record)
    return found


def _take_in(topics: dict[str, list[LogRecord]], rules: Rules, tally: Tally) -> _Taken:
    """Feed one partition with its topics, one after another: the order among topics makes no difference."""
    reader = Reader(rules.scales, rules.follow_up_tags)
    partition = _Whole(rules)
    partition.sums = tally
    taken = _Taken({}, array("q"), array("q"))

    def refuse(record: LogRecord, _: Refused) -> None:
        taken.refused.append(record.timestamp)

    for topic, records in topics.items():
        taken.seen.extend(record.timestamp for record in records)
        for begin in range(0, len(records), _AT_ONCE):
            partition.apply(topic, records[begin : begin + _AT_ONCE], reader, refuse)
            state = partition.flush(0, 0).state
            taken.tickets.update((key.decode(), packed) for key, packed in state if key[:1] == TICKET_KEY and packed is not None)
    return taken


def _intake(taken: Iterable[_Taken]) -> Entries:
    """Dead letters and all records, by the minute of the broker timestamp."""
    minutes = np.array([time for one in taken for time in (*one.refused, *one.seen)], dtype=np.int64) // MINUTE
    refused = np.array([flag for one in taken for flag in (*(1 for _ in one.refused), *(0 for _ in one.seen))], dtype=np.int64)
    return entries(np.zeros_like(minutes), minutes, refused, 1 - refused)
