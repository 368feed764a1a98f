"""One table of the score board: segments as rows, a panel for every window, and what was last published. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain

import numpy as np

from schemas.scores import parse_key, score_key
from stream.durations import HOUR, MINUTE
from stream.kpis.definition import Kpi, Metric, Reading, Span
from stream.segments import AGENT, parse_segment, segment_key
from stream.setting_parts import window_length
from stream.settings import Settings
from stream.state import oldest
from stream.state.panes import HOURS_KEPT
from stream.windows.hourly import Hourly
from stream.windows.levels import LevelPanel
from stream.windows.needs import NOTHING, Needs
from stream.windows.panel import Panel, Read, cells_of
from stream.windows.panestore import PaneStore
from stream.windows.published import Published, ScoreRecord
from stream.windows.spans import NOW, PaneWindow, window_of, windows_of
from stream.windows.totals import slide
from stream.windows.withheld import withheld

INTAKE = "intake"
"""Name of the KPI that counts records and dead letters; it has no metrics."""
MOST_A_PASS = 1_000
"""Records after which the longer windows wait: making them takes tens of ms, in which nothing else is done."""


class Table:
    """Segments of one sort with their windows. `agents`: those with the dimension agent; their windows end with whole days if `whole_days`."""

    def __init__(self, settings: Settings, kpis: Sequence[Kpi], *, agents: bool, whole_days: bool, needs: Needs = NOTHING) -> None:
        self._settings = settings
        self._agents = agents
        self._whole_days = whole_days
        cells = sorted({found for kpi in kpis for found in cells_of(kpi)})
        self.store = PaneStore(cells)
        self.hourly = _hourly(kpis, cells, needs)
        self.published = Published(settings)
        self.rows: dict[str, int] = {}
        self.segments: list[dict[str, str]] = []
        self.panels = list(_panels(settings, kpis, cells, agents=agents, needs=needs))
        shown = [panel for panel in self.panels if panel.published]
        soonest = min((panel.pace for panel in shown), default=0)
        self._prompt = [panel for panel in shown if panel.pace == soonest]
        self._patient = deque(panel for panel in shown if panel.pace > soonest)
        self.places = {(metric.name, panel.window.name): (panel, metric) for panel in self.panels for read in panel.reads for metric in read.metrics}
        self.intake = {panel.window.name: panel for panel in self.panels if any(read.kpi.name == INTAKE for read in panel.reads)}
        self.hourly_ratios = {metric.name: metric.ratio for kpi in kpis for metric in kpi.metrics if metric.name in needs.hourly and metric.ratio}
        self._parents: dict[str, list[int]] = {}

    # -- in

    def name(self, partition: int, number: int, segment: str) -> None:
        """A segment has this number in pages of a partition."""
        self.store.name(partition, number, self._row(segment))

    def set_oldest(self, kind: str, segment: str, partition: int, packed: bytes | None) -> None:
        """What one partition says of the oldest of a kind (waiting ticket, follow-up) in a segment."""
        found = None if packed is None else oldest.decode(packed)
        for panel in self.panels:
            if isinstance(panel, LevelPanel):
                panel.grow(self._row(segment) + 1)
                panel.set_oldest(kind, self._row(segment), partition, found)

    def _row(self, segment: str) -> int:
        row = self.rows.get(segment)
        if row is None:
            row = self.rows[segment] = len(self.segments)
            values = parse_segment(segment)
            self.segments.append(values)
            if self._agents:
                parent = {name: value for name, value in values.items() if name != AGENT}
                self._parents.setdefault(segment_key(parent), []).append(row)
        return row

    def settle(self) -> None:
        """Bring all totals up to date with the updates."""
        self._grow()
        for kind, changes in self.store.changes():
            for panel in self.panels:
                panel.change(kind, changes)
            if kind == "H":
                self.hourly.change(changes, len(self.segments))

    def _grow(self) -> None:
        for panel in self.panels:
            panel.grow(len(self.segments))

    def move(self, now: int) -> None:
        """Slide all windows to now (ms)."""
        self._grow()
        slides = [found for panel in self.panels for found in panel.move(now, whole_days=self._whole_days)]
        slide(slides, self.store)
        self.hourly.forget(now // HOUR - HOURS_KEPT)

    # -- out

    def due(self, now: int, wall: int | None, minutes_from: int, hours_from: int) -> Iterator[ScoreRecord]:
        """Records to publish at this wall-clock time (ms; None: all that is touched), of windows that are whole.

        The windows with the shortest pace come first and whole. The others take turns, one at least that has something to say, and wait for the next
        call once there are `MOST_A_PASS` records.
        """
        made = 0
        for panel in self._prompt:
            found = self._due_of(panel, now, wall, minutes_from, hours_from)
            made += len(found)
            yield from found
        for _ in range(len(self._patient)):
            found = self._due_of(self._patient[0], now, wall, minutes_from, hours_from)
            self._patient.rotate(-1)
            made += len(found)
            yield from found
            if wall is not None and found and made >= MOST_A_PASS:
                return

    def _due_of(self, panel: Panel, now: int, wall: int | None, minutes_from: int, hours_from: int) -> list[ScoreRecord]:
        if not panel.is_whole(minutes_from, hours_from):
            return []
        due = panel.due(wall)
        return list(self._of_agents(panel, due, now) if self._agents else self._of_rows(panel, due, now))

    def readings(self, minutes_from: int, hours_from: int, windows: Collection[str]) -> Iterator[tuple[Panel, int, Metric, Reading]]:
        """What could be published now of windows that are whole: window, row, metric and reading; of the windows named, and of `now`."""
        for panel in self.panels:
            if not panel.published or panel.window.name not in (NOW, *windows) or not panel.is_whole(minutes_from, hours_from):
                continue
            for metric in (metric for read in panel.reads for metric in read.metrics):
                for row, reading in self._all_of(panel, metric):
                    if reading is not None:
                        yield panel, row, metric, reading

    def _all_of(self, panel: Panel, metric: Metric) -> Iterator[tuple[int, Reading | None]]:
        if not self._agents:
            return ((row, metric.read(panel.sums(row))) for row in range(len(self.segments)))
        return chain.from_iterable(self._shown(panel, rows, metric) for rows in list(self._parents.values()))

    def touch_all(self) -> None:
        """Let everything be read again."""
        self._grow()
        for panel in self.panels:
            panel.touch_all(len(self.segments))

    def orphans(self) -> Iterator[ScoreRecord]:
        """Tombstones for what the topic holds and nothing here can ever update: unknown metrics, windows or segments."""
        known = {(metric.name, panel.window.name) for panel in self.panels if panel.published for read in panel.reads for metric in read.metrics}
        for key in list(self.published.existing()):
            metric, segment, window = parse_key(key)
            if (metric, window) not in known or segment_key(segment) not in self.rows:
                yield from _some(self.published.tombstone(key))

    def _of_rows(self, panel: Panel, due: Iterable[tuple[int, int]], now: int) -> Iterator[ScoreRecord]:
        for row, reader in due:
            sums = panel.sums(row)
            for metric in panel.reads[reader].metrics:
                yield from self._record(panel, row, metric, metric.read(sums), now)

    def _record(self, panel: Panel, row: int, metric: Metric, reading: Reading | None, now: int) -> Iterator[ScoreRecord]:
        segment, window = self.segments[row], panel.window.name
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
        for row, reading in self._shown(panel, rows, metric):
            yield from self._record(panel, row, metric, reading, now)

    def _shown(self, panel: Panel, rows: Sequence[int], metric: Metric) -> Iterator[tuple[int, Reading | None]]:
        """Readings of the agents of one parent, without those that are withheld."""
        readings = {row: metric.read(panel.sums(row)) for row in rows}
        names = {row: self.segments[row][AGENT] for row in rows}
        hidden = withheld({names[row]: reading.n for row, reading in readings.items() if reading}, self._settings.min_group)
        return ((row, None if names[row] in hidden else reading) for row, reading in readings.items())


def _hourly(kpis: Sequence[Kpi], cells: Sequence[int], needs: Needs) -> Hourly:
    """What is kept by hour pane: part and whole of every metric that is needed so, in this order."""
    ratios = [metric.ratio for kpi in kpis for metric in kpi.metrics if metric.name in needs.hourly and metric.ratio]
    wanted = sorted({found for ratio in ratios for found in (*ratio.part, *ratio.whole)})
    columns = np.array([wanted.index(found) if found in wanted else -1 for found in cells], dtype=np.int64)
    return Hourly(columns, wanted)


def _some(record: ScoreRecord | None) -> Iterator[ScoreRecord]:
    if record is not None:
        yield record


def _panels(settings: Settings, kpis: Sequence[Kpi], cells: Sequence[int], *, agents: bool, needs: Needs) -> Iterator[Panel]:
    windows: dict[PaneWindow, list[Read]] = {}
    hidden: dict[PaneWindow, list[Read]] = {}
    for kpi, span, metrics in _by_span(kpis):
        for window in windows_of(span, settings, by_day=agents):
            windows.setdefault(window, []).append(Read(kpi, metrics))
        for window in _hidden(metrics, span, settings, needs):
            hidden.setdefault(window, []).append(Read(kpi, metrics))
    for kpi in kpis:
        for name in sorted(needs.intake) if kpi.name == INTAKE else ():
            hidden.setdefault(PaneWindow(name, MINUTE, window_length(name) // MINUTE), []).append(Read(kpi, ()))
    for window, reads in windows.items():
        yield Panel(window, reads, pace(settings, window.length()), cells, spread=not agents)  # all agents of a parent go out together
    for window, reads in hidden.items():
        yield Panel(window, reads, 0, cells, published=False)
    levels = [Read(kpi, metrics) for kpi in kpis if (metrics := tuple(metric for metric in kpi.metrics if metric.span is Span.LEVEL))]
    if levels and not agents:
        yield LevelPanel(levels, pace(settings, 0), cells)


def _by_span(kpis: Sequence[Kpi]) -> Iterator[tuple[Kpi, Span, tuple[Metric, ...]]]:
    """The metrics of each KPI by their kind of window, but for levels."""
    for kpi in kpis:
        for span in Span:
            metrics = tuple(metric for metric in kpi.metrics if metric.span is span)
            if metrics and span is not Span.LEVEL:
                yield kpi, span, metrics


def _hidden(metrics: Sequence[Metric], span: Span, settings: Settings, needs: Needs) -> Iterator[PaneWindow]:
    """Windows that rules need and nobody publishes."""
    for name in sorted(needs.windows_of(metric.name for metric in metrics) - set(settings.windows)):
        window = window_of(name, span)
        if window is not None:
            yield window


def pace(settings: Settings, length: int | None) -> int:
    """Shortest time between two records of one key (ms) for a window of this length; None is everything."""
    publish = settings.publish
    return publish.max if length is None else min(publish.max, max(publish.min, length // publish.divisor))
