"""The auditor: facts of every ticket, sorted once, and every figure counted from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from operator import attrgetter

from stream.audit import answers, figures_contact, figures_csat, figures_follow_up, figures_open, figures_resolution, figures_response
from stream.audit.agents import pseudonym, withheld
from stream.audit.answers import Answer
from stream.audit.columns import Column, Columns, count, values
from stream.audit.facts import Dimensions, Fact
from stream.audit.lives import Life, cut
from stream.audit.log import Judged
from stream.audit.metrics import METRICS, Metric
from stream.audit.schedules import Schedules
from stream.audit.windows import NOW, Moment, Span, span
from stream.errors import UsageError
from stream.settings import Settings

SegmentKey = tuple[tuple[str, str], ...]
FAMILIES: tuple[Callable[[Life, Settings], Iterator[Fact]], ...] = (
    figures_csat.facts,
    figures_response.facts,
    figures_resolution.facts,
    figures_contact.facts,
)


def segment_key(segment: Mapping[str, str]) -> SegmentKey:
    """A segment as a sorted tuple of (dimension, value)."""
    return tuple(sorted(segment.items()))


class Auditor:
    """Answers for every metric, segment and window, at any `as_of` (ms); `agent_key` is needed where agents are pseudonymous."""

    def __init__(self, judged: Judged, settings: Settings, agent_key: bytes | None = None) -> None:
        if settings.agents == "pseudonymous" and agent_key is None:
            raise UsageError("agents are pseudonymous: the key of agent_key_file is needed")
        self.settings = settings
        self._agent_key = agent_key
        self._segments = tuple(tuple(sorted(dimensions)) for dimensions in settings.segments)
        self._agent_level = any("agent" in names for names in self._segments)
        self._displayed: dict[Dimensions, Dimensions] = {}
        self._columns: dict[str, dict[SegmentKey, Columns]] = {metric.facts: {} for metric in METRICS.values()}
        self._open: dict[SegmentKey, list[figures_open.OpenLife]] = {}
        self._follow_ups: dict[SegmentKey, list[figures_follow_up.FollowUp]] = {}
        self._siblings: dict[tuple[str, SegmentKey], list[SegmentKey]] = {}
        self._hidden: dict[tuple[str, SegmentKey, Span], frozenset[str]] = {}
        lives = [
            life for ticket, events in judged.tickets.items() for life in cut(events, settings.life_gap, settings.max_open_age, ticket.partition)
        ]
        for family in FAMILIES:
            self._enter(fact for life in lives for fact in family(life, settings))
        self._enter_open(lives, judged.slowest)
        self._enter_follow_ups(lives, judged.slowest)
        self._find_siblings()

    def answer(self, metric: str, segment: Mapping[str, str], window: str, as_of: int) -> Answer | None:
        """The figure, None where there is none: n = 0, withheld, or not defined for that window or segment."""
        known, key = METRICS.get(metric), segment_key(segment)
        if known is None:
            return None
        if known.windows == "now":
            return self._now(known, key, as_of) if window == NOW else None
        covered = self.covered(metric, segment, window, as_of)
        columns = self._columns[known.facts].get(key)
        if covered is None or columns is None or not self._n(known, columns, covered) or self._is_withheld(known, key, covered):
            return None
        return _duration(known, columns, covered) if known.kind == "duration" else _share(known, columns, covered)

    def keys(self, as_of: int) -> Iterator[tuple[str, dict[str, str], str]]:
        """Every metric, segment and window that has an answer at `as_of`."""
        for metric in METRICS.values():
            if metric.windows == "now":
                segments = self._open if metric.kind == "open" else self._follow_ups
                yield from ((metric.name, dict(key), NOW) for key in segments if self._now(metric, key, as_of))
            else:
                yield from self._windowed_keys(metric, as_of)

    def covered(self, metric: str, segment: Mapping[str, str], window: str, as_of: int) -> Span | None:
        """The event times that a figure is made of; None for `now` and windows that the metric does not have."""
        known = METRICS.get(metric)
        if known is None or window not in self.settings.windows:
            return None
        return span(window, known.windows, Moment(as_of, "agent" in segment, self.settings.clock.fixed is not None))

    def _now(self, metric: Metric, key: SegmentKey, as_of: int) -> Answer | None:
        """A figure of the window `now`."""
        if metric.kind == "open":
            return figures_open.answer(metric.name, self._open.get(key, ()), as_of)
        return figures_follow_up.answer(metric.name, self._follow_ups.get(key, ()), as_of)

    def _windowed_keys(self, metric: Metric, as_of: int) -> Iterator[tuple[str, dict[str, str], str]]:
        for key, columns in self._columns[metric.facts].items():
            for window in self.settings.windows:
                covered = self.covered(metric.name, dict(key), window, as_of)
                if covered and self._n(metric, columns, covered) and not self._is_withheld(metric, key, covered):
                    yield metric.name, dict(key), window

    def _enter(self, facts: Iterable[Fact]) -> None:
        """Put facts into the columns of every segment they belong to, by time."""
        places: dict[tuple[str, str, Dimensions], list[Column]] = {}
        for fact in sorted(facts, key=attrgetter("time")):
            kind = fact.metric, fact.what, self._shown(fact.dimensions)
            if kind not in places:
                places[kind] = [self._column(fact.metric, key, fact.what) for key in self._keys_of(kind[2])]
            for column in places[kind]:
                column.add(fact.time, fact.value)

    def _column(self, metric: str, key: SegmentKey, what: str) -> Column:
        columns = self._columns[metric].setdefault(key, {})
        if what not in columns:
            columns[what] = Column()
        return columns[what]

    def _enter_open(self, lives: Iterable[Life], slowest: Mapping[int, int]) -> None:
        for life in lives:
            found = figures_open.open_life(life, self.settings, slowest.get(life.partition))
            if found is not None:
                for key in self._keys_of(found.dimensions):
                    self._open.setdefault(key, []).append(found)

    def _enter_follow_ups(self, lives: Iterable[Life], slowest: Mapping[int, int]) -> None:
        schedules = Schedules(self.settings)
        for life in lives:
            for found in figures_follow_up.follow_ups(life, self.settings, schedules, slowest.get(life.partition)):
                for key in self._keys_of(found.dimensions):
                    self._follow_ups.setdefault(key, []).append(found)

    def _keys_of(self, shown: Dimensions) -> list[SegmentKey]:
        lists = [names for names in self._segments if shown.agent is not None or "agent" not in names]
        return [tuple((name, getattr(shown, name)) for name in names) for names in lists]

    def _shown(self, dimensions: Dimensions) -> Dimensions:
        """The dimensions as segments show them: the agent under a pseudonym, or none where no segment asks for it."""
        found = self._displayed.get(dimensions)
        if found is None:
            found = self._displayed[dimensions] = dimensions._replace(agent=self._shown_agent(dimensions.agent))
        return found

    def _shown_agent(self, agent: str | None) -> str | None:
        if agent is None or not self._agent_level:
            return None
        return pseudonym(agent, self._agent_key) if self._agent_key is not None and self.settings.agents == "pseudonymous" else agent

    def _find_siblings(self) -> None:
        for facts, segments in self._columns.items():
            for key in segments:
                if "agent" in dict(key):
                    self._siblings.setdefault((facts, _parent(key)), []).append(key)

    def _n(self, metric: Metric, columns: Columns, covered: Span) -> int:
        return sum(count(columns, what, covered) for what in metric.whole)

    def _is_withheld(self, metric: Metric, key: SegmentKey, covered: Span) -> bool:
        agent = dict(key).get("agent")
        if agent is None:
            return False
        place = metric.facts, _parent(key), covered
        if place not in self._hidden:
            self._hidden[place] = self._withheld_of(metric, _parent(key), covered)
        return agent in self._hidden[place]

    def _withheld_of(self, metric: Metric, parent: SegmentKey, covered: Span) -> frozenset[str]:
        segments = self._columns[metric.facts]
        siblings = self._siblings[metric.facts, parent]
        sizes = {dict(key)["agent"]: self._n(metric, segments[key], covered) for key in siblings}
        return withheld({agent: n for agent, n in sizes.items() if n}, self.settings.min_group)


def _parent(key: SegmentKey) -> SegmentKey:
    return tuple(part for part in key if part[0] != "agent")


def _share(metric: Metric, columns: Columns, covered: Span) -> Answer:
    names = dict.fromkeys((metric.part, *metric.whole, *metric.other))
    counts = {what: count(columns, what, covered) for what in names}
    n = sum(counts[what] for what in metric.whole)
    stats: dict[str, Fraction | None] = {}
    if "rated" in metric.whole:
        stats["mean"] = Fraction(sum(values(columns, "rated", covered)), figures_csat.STAR * n)
    return answers.share(counts[metric.part], n, counts, stats)


def _duration(metric: Metric, columns: Columns, covered: Span) -> Answer:
    durations = values(columns, metric.whole[0], covered)
    negative = count(columns, "negative", covered)
    return answers.duration(durations, {metric.whole[0]: len(durations), "sum_ms": sum(durations), "negative": negative})
