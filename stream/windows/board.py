"""The score board: sums of all partitions in, score records out, at a given now. Pure.

Segments live in two tables: those with the dimension `agent`, whose windows end with whole days and whose small groups are withheld, and the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from schemas.scores import parse_key
from stream.kpis.definition import Metric, Reading, Sums
from stream.kpis.registry import all_kpis
from stream.segments import AGENT, parse_segment
from stream.settings import Settings
from stream.state import marker, panes
from stream.state.beside import LOW, MINIMA
from stream.state.marker import Marker
from stream.state.panes import SLOT_BITS
from stream.windows.figures import Figures
from stream.windows.needs import NOTHING, Needs
from stream.windows.published import ScoreRecord
from stream.windows.table import Table

STATUS_KEY = b"S"
"""Key of the record in the sums topic that holds a partition's marker, the last of each flush."""


class _Segments(NamedTuple):
    """Slots of a page whose segments are known, and the tables they are in."""

    slots: set[int]
    tables: dict[Table, None]


class Board:
    """Current scores. `apply` and `move` change them, `due` gives the records to publish. Low ratings that arrive wait for whoever takes them."""

    def __init__(self, settings: Settings, needs: Needs = NOTHING) -> None:
        fixed = settings.clock.fixed is not None
        self._plain = Table(settings, all_kpis(), agents=False, whole_days=True, needs=needs)
        self._agents = Table(settings, all_kpis(), agents=True, whole_days=not fixed)
        self._tables = (self._plain, self._agents) if any(AGENT in dimensions for dimensions in settings.segments) else (self._plain,)
        self._table_of: dict[str, Table] = {}
        self._pages: dict[tuple[int, int, int], _Segments] = {}
        self._begun: dict[int, dict[bytes, bytes | None]] = {}
        self._pending: dict[int, dict[bytes, bytes | None]] = {}
        self._low_ratings: dict[str, bytes | None] = {}
        self.status: dict[int, Marker] = {}
        self.now: int | None = None

    def apply(self, partition: int, records: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Take in records of one partition of the sums topic, in order. `settle` afterwards.

        A flush counts once its marker is there: its sums come in several batches, and a case that went from one to another would be in both or none.
        """
        begun = self._begun.setdefault(partition, {})
        for key, value in records:
            if key == STATUS_KEY:
                if value is not None:
                    self.status[partition] = marker.decode(value)
                self._pending.setdefault(partition, {}).update(begun)
                begun.clear()
            else:
                begun[key] = value

    def unfinished(self) -> dict[int, Marker | None]:
        """Partitions of which the end of a flush is still to come, with the marker of the flush before."""
        return {partition: self.status.get(partition) for partition, begun in self._begun.items() if begun}

    def settle(self) -> bool:
        """Bring the totals up to date with what was applied, and tell whether that was anything; of several values of one key the last makes work."""
        changed = any(self._pending.values())
        for partition, pending in self._pending.items():
            for key, value in pending.items():
                kind, index, name = panes.decode_key(key)
                if kind == LOW:
                    self._low_ratings[name] = value
                elif kind in MINIMA:
                    self._table(name).set_oldest(kind, name, partition, value)
                else:
                    self._update(kind, index, int(name), partition, value)
            pending.clear()
        self._plain.settle()
        self._agents.settle()
        return changed

    def _update(self, kind: str, index: int, number: int, partition: int, packed: bytes | None) -> None:
        """Replace one page of one partition, in each table that has segments of it."""
        place = partition, number
        for table in self._tables if packed is None else self._tables_of(kind, place, packed):
            table.store.update(kind, index, place, packed)

    def _tables_of(self, kind: str, place: tuple[int, int], packed: bytes) -> Collection[Table]:
        """The tables that the segments of a page belong to; segments that were not met before are named to theirs."""
        known = self._pages.setdefault((SLOT_BITS[kind], *place), _Segments(set(), {}))
        page = panes.unpack(packed)
        if not known.slots.issuperset(page.slots):
            for slot, name in zip(page.slots, page.names, strict=True):
                table = self._table(name)
                table.name(place[0], (place[1] << SLOT_BITS[kind]) | slot, name)
                known.tables[table] = None
            known.slots.update(page.slots)
        return known.tables

    def move(self, now: int) -> None:
        """Let now (ms) be this, or stay where it is if that is later."""
        if self.now is None or now > self.now:
            self.now = now
            self._plain.move(now)
            self._agents.move(now)

    def take_low_ratings(self) -> list[tuple[str, bytes | None]]:
        """Low ratings that arrived since the last call, the newest record of each; None for one that is low no more."""
        found = list(self._low_ratings.items())
        self._low_ratings.clear()
        return found

    def forget_what_is_over(self) -> None:
        """Low ratings that are low no more are nothing to whoever knows of none yet."""
        self._low_ratings = {name: packed for name, packed in self._low_ratings.items() if packed is not None}

    def figures(self) -> Figures:
        """The current sums of all segments without agents. RuntimeError before the first `move`."""
        if self.now is None:
            raise RuntimeError("the board has no now yet")
        return Figures(self._plain, self.now)

    def due(self, wall: int) -> list[ScoreRecord]:
        """Records to publish at this wall-clock time (ms); each counts as published."""
        return self._records(wall)

    def current(self) -> list[ScoreRecord]:
        """Records of every score that can be read now, and tombstones for what must not stand; each counts as published."""
        self._plain.touch_all()
        self._agents.touch_all()
        return [*self._records(None), *self._plain.orphans(), *self._agents.orphans()]

    def _records(self, wall: int | None) -> list[ScoreRecord]:
        if self.now is None:
            return []
        minutes_from, hours_from = self._held_from()
        return list(chain.from_iterable(table.due(self.now, wall, minutes_from, hours_from) for table in (self._plain, self._agents)))

    def readings(self, windows: Collection[str]) -> Iterator[tuple[Metric, Mapping[str, str], str, Reading, Sums]]:
        """Every score of some windows that can be read now: metric, segment, window, reading, and the sums it was read from."""
        minutes_from, hours_from = self._held_from()
        for table in (self._plain, self._agents):
            for panel, row, metric, reading in table.readings(minutes_from, hours_from, windows):
                yield metric, table.segments[row], panel.window.name, reading, panel.sums(row)

    def _held_from(self) -> tuple[int, int]:
        """First minute and hour pane that every partition still holds."""
        minutes_from = max((status.minutes_from for status in self.status.values()), default=0)
        return minutes_from, max((status.hours_from for status in self.status.values()), default=0)

    def remember(self, key: bytes, revision: int, *, exists: bool) -> None:
        """What the score topic holds under a key."""
        table = self._agents if AGENT in parse_key(key).segment else self._plain
        table.published.remember(key, revision, exists=exists)

    def _table(self, segment: str) -> Table:
        table = self._table_of.get(segment)
        if table is None:
            table = self._table_of[segment] = self._agents if AGENT in parse_segment(segment) else self._plain
        return table
