"""History: what metrics counted, by minute pane and by the smallest segments, in any of which a rule may look. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from stream.alerts.verdict import Ints
from stream.durations import DAY, HOUR, MINUTE
from stream.segments import segment_key

Segment = Mapping[str, str]
MINUTES_AN_HOUR = HOUR // MINUTE
MONTH = 30 * DAY


class Entries(NamedTuple):
    """Counts by minute pane, in the order of the panes: arrays of equal length. `atoms`: numbers of the smallest segments."""

    atoms: Ints
    minutes: Ints
    part: Ints
    whole: Ints


class Cases(NamedTuple):
    """What one metric counted, as minute panes say it (`short`) and as hour panes say it (`long`).

    They differ where something counts from the first pane that begins after its time (`Contribution`): in `long` it stands at the first
    minute of that hour. Otherwise both are the same entries.
    """

    short: Entries
    long: Entries


class Wait(NamedTuple):
    """A ticket opened at `opened` waited for its first reply from `begin` until `end` (ms). `atom`: its smallest segment."""

    atom: int
    opened: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch of history that was replayed, in ms."""

    begin: int
    end: int

    @property
    def months(self) -> float:
        """In months of 30 days."""
        return (self.end - self.begin) / MONTH


@dataclass(frozen=True, slots=True)
class History:
    """Minute panes `first`..`last` of the smallest segments (`atoms`), from which every segment of `lists` adds up.

    `intake`: dead letters of all records by broker timestamp, in no segment. `waits` is empty where history was simulated.
    """

    atoms: tuple[Segment, ...]
    lists: tuple[tuple[str, ...], ...]
    cases: Mapping[str, Cases]
    intake: Entries
    waits: tuple[Wait, ...]
    first: int
    last: int

    @property
    def span(self) -> Span:
        """From the first pane's begin to the last one's end."""
        return Span(self.first * MINUTE, (self.last + 1) * MINUTE)


class Membership(NamedTuple):
    """The segments of a history, and for each list of dimensions the row of the segment that each atom belongs to, (lists, atoms)."""

    segments: tuple[Segment, ...]
    rows: Ints


def membership(history: History) -> Membership:
    """Which segments there are and what they are made of; the whole first, then as the lists stand."""
    numbers: dict[str, int] = {}
    segments: list[Segment] = []
    rows = np.zeros((len(history.lists), len(history.atoms)), dtype=np.int64)
    for index, dimensions in enumerate(sorted(history.lists, key=len)):
        for atom, values in enumerate(history.atoms):
            segment = {name: values[name] for name in dimensions}
            number = numbers.setdefault(segment_key(segment), len(segments))
            if number == len(segments):
                segments.append(segment)
            rows[index, atom] = number
    return Membership(tuple(segments), rows)


def entries(atoms: Ints, minutes: Ints, part: Ints, whole: Ints) -> Entries:
    """Counts in the order of their panes, those of one pane and atom added up; what comes to nothing is left out."""
    if not len(minutes):
        return Entries(atoms, minutes, part, whole)
    order = np.lexsort((atoms, minutes))
    atoms, minutes, part, whole = atoms[order], minutes[order], part[order], whole[order]
    begins = np.nonzero(np.concatenate(([True], (np.diff(minutes) != 0) | (np.diff(atoms) != 0))))[0]
    parts, wholes = np.add.reduceat(part, begins), np.add.reduceat(whole, begins)
    left = (parts != 0) | (wholes != 0)
    return Entries(atoms[begins][left], minutes[begins][left], parts[left], wholes[left])


def nothing() -> Entries:
    """No counts at all."""
    empty = np.zeros(0, dtype=np.int64)
    return Entries(empty, empty, empty, empty)


def lies_in(inner: Segment, outer: Segment) -> bool:
    """Whether a segment is part of another, or the same."""
    return all(inner.get(name) == value for name, value in outer.items())


def with_dip(history: History, metric: str, segment: Segment, minutes: tuple[int, int], share: float, generator: np.random.Generator) -> History:
    """History in which a segment's share falls to `share` in the panes minutes[0]..minutes[1]-1: satisfied cases are drawn and turned.

    What lies within the segment and around it falls with it. The same history where the share is no higher, or nothing was counted.
    """
    cases = history.cases[metric].short
    inside = np.array([lies_in(atom, segment) for atom in history.atoms], dtype=bool)
    hit = inside[cases.atoms] & (cases.minutes >= minutes[0]) & (cases.minutes < minutes[1])
    part, whole = int(cases.part[hit].sum()), int(cases.whole[hit].sum())
    if part <= share * whole:
        return history
    fallen = cases.part.copy()
    fallen[hit] = generator.binomial(fallen[hit], share * whole / part)
    changed = cases._replace(part=fallen)
    return replace(history, cases={**history.cases, metric: Cases(changed, changed)})
