"""One table of the score board: segments as rows, a panel for every window, and what was last published. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from schemas.scores import parse_key, score_key
from stream.kpis.definition import Kpi, Metric, Reading, Span
from stream.segments import AGENT, parse_segment, segment_key
from stream.settings import Settings
from stream.windows.levels import LevelPanel
from stream.windows.panel import Panel, Read, cells_of
from stream.windows.panestore import PaneStore
from stream.windows.published import Published, ScoreRecord
from stream.windows.spans import PaneWindow, windows_of
from stream.windows.totals import slide
from stream.windows.withheld import withheld


class Table:
    """Segments of one sort with their windows. `agents`: those with the dimension agent; their windows end with whole days if `whole_days`."""

    def __init__(self, settings: Settings, kpis: Sequence[Kpi], *, agents: bool, whole_days: bool) -> None:
        self._settings = settings
        self._agents = agents
        self._whole_days = whole_days
        cells = sorted({found for kpi in kpis for found in cells_of(kpi)})
        self._store = PaneStore(cells)
        self.published = Published(settings)
        self._rows: dict[str, int] = {}
        self._segments: list[dict[str, str]] = []
        self._panels = list(_panels(settings, kpis, cells, agents=agents))
        self._parents: dict[str, list[int]] = {}

    # -- in

    def update(self, kind: str, index: int, segment: str, partition: int, packed: bytes | None) -> None:
        """Replace one sum of one partition."""
        self._store.update(kind, index, partition, self._row(segment), packed)

    def set_oldest(self, segment: str, partition: int, packed: bytes | None) -> None:
        """What one partition says of a segment's oldest waiting ticket."""
        oldest = None if packed is None else msgspec.msgpack.decode(packed, type=int)
        for panel in self._panels:
            if isinstance(panel, LevelPanel):
                panel.grow(self._row(segment) + 1)
                panel.set_oldest(self._row(segment), partition, oldest)

    def _row(self, segment: str) -> int:
        row = self._rows.get(segment)
        if row is None:
            row = self._rows[segment] = len(self._segments)
            values = parse_segment(segment)
            self._segments.append(values)
            if self._agents:
                parent = {name: value for name, value in values.items() if name != AGENT}
                self._parents.setdefault(segment_key(parent), []).append(row)
        return row

    def settle(self) -> None:
        """Bring all totals up to date with the updates."""
        self._grow()
        for kind, changes in self._store.changes():
            for panel in self._panels:
                panel.change(kind, changes)

    def _grow(self) -> None:
        for panel in self._panels:
            panel.grow(len(self._segments))

    def move(self, now: int) -> None:
        """Slide all windows to now (ms)."""
        self._grow()
        slides = [found for panel in self._panels for found in panel.move(now, whole_days=self._whole_days)]
        slide(slides, self._store)

    # -- out

    def due(self, now: int, wall: int | None, minutes_from: int, hours_from: int) -> Iterator[ScoreRecord]:
        """Records to publish at this wall-clock time (ms; None: all that is touched), of windows that are whole."""
        for panel in self._panels:
            if panel.is_whole(minutes_from, hours_from):
                due = panel.due(wall)
                yield from self._of_agents(panel, due, now) if self._agents else self._of_rows(panel, due, now)

    def touch_all(self) -> None:
        """Let everything be read again."""
        self._grow()
        for panel in self._panels:
            panel.touch_all(len(self._segments))

    def orphans(self) -> Iterator[ScoreRecord]:
        """Tombstones for what the topic holds and nothing here can ever update: unknown metrics, windows or segments."""
        known = {(metric.name, panel.window.name) for panel in self._panels for read in panel.reads for metric in read.metrics}
        for key in list(self.published.existing()):
            metric, segment, window = parse_key(key)
            if (metric, window) not in known or segment_key(segment) not in self._rows:
                yield from _some(self.published.tombstone(key))

    def _of_rows(self, panel: Panel, due: Iterable[tuple[int, int]], now: int) -> Iterator[ScoreRecord]:
        for row, reader in due:
            sums = panel.sums(row)
            for metric in panel.reads[reader].metrics:
                yield from self._record(panel, row, metric, metric.read(sums), now)

    def _record(self, panel: Panel, row: int, metric: Metric, reading: Reading | None, now: int) -> Iterator[ScoreRecord]:
        segment, window = self._segments[row], panel.window.name
        if reading is None:
            yield from _some(self.published.tombstone(score_key(metric.name, segment, window)))
        else:
            yield self.published.score(metric, segment, window, reading, now)

    def _of_agents(self, panel: Panel, due: Iterable[tuple[int, int]], now: int) -> Iterator[ScoreRecord]:
        """All agents of a parent together, since one's figure decides whether another's is withheld."""
        touched = set(due)
        for rows in self._parents.values():
            for reader, read in enumerate(panel.reads):
                if any((row, reader) in touched for row in rows):
                    for metric in read.metrics:
                        yield from self._of_parent(panel, rows, metric, now)

    def _of_parent(self, panel: Panel, rows: Sequence[int], metric: Metric, now: int) -> Iterator[ScoreRecord]:
        readings = {row: metric.read(panel.sums(row)) for row in rows}
        names = {row: self._segments[row][AGENT] for row in rows}
        hidden = withheld({names[row]: reading.n for row, reading in readings.items() if reading}, self._settings.min_group)
        for row, reading in readings.items():
            yield from self._record(panel, row, metric, None if names[row] in hidden else reading, now)


def _some(record: ScoreRecord | None) -> Iterator[ScoreRecord]:
    if record is not None:
        yield record


def _panels(settings: Settings, kpis: Sequence[Kpi], cells: Sequence[int], *, agents: bool) -> Iterator[Panel]:
    windows: dict[PaneWindow, list[Read]] = {}
    for kpi in kpis:
        for span in Span:
            metrics = tuple(metric for metric in kpi.metrics if metric.span is span)
            for window in windows_of(span, settings, by_day=agents) if metrics and span is not Span.LEVEL else ():
                windows.setdefault(window, []).append(Read(kpi, metrics))
    for window, reads in windows.items():
        yield Panel(window, reads, pace(settings, window.length()), cells)
    levels = [Read(kpi, metrics) for kpi in kpis if (metrics := tuple(metric for metric in kpi.metrics if metric.span is Span.LEVEL))]
    if levels and not agents:
        yield LevelPanel(levels, pace(settings, 0), cells)


def pace(settings: Settings, length: int | None) -> int:
    """Shortest time between two records of one key (ms) for a window of this length; None is everything."""
    publish = settings.publish
    return publish.max if length is None else min(publish.max, max(publish.min, length // publish.divisor))
