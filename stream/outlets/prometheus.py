"""Prometheus: the series of one snapshot, built when they are scraped. What has no value has no series."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate, product

from prometheus_client.core import CounterMetricFamily, GaugeHistogramMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector as BaseCollector
from prometheus_client.utils import floatToGoString

from schemas.deadletters import DeadLetterClass
from schemas.events import TICKET_EVENTS
from stream.outlets import metric_names as names
from stream.outlets.health import Health, Outcome, Timings
from stream.outlets.snapshot import Alert, Score, Snapshot, Spread
from stream.stats.sketch import middle

_SEVERITIES = ("page", "ticket", "info")
_STATES = ("pending", "firing", "stale")
_OUTCOMES: tuple[Outcome, ...] = ("sent", "failed", "dropped")
_INFINITE = "+Inf"


class Collector(BaseCollector):
    """Gives prometheus-client the families of a fresh snapshot at every scrape. `agents`: whether agent-level segments are shown."""

    def __init__(self, take: Callable[[], Snapshot], *, agents: bool = False) -> None:
        self._take = take
        self._agents = agents

    def collect(self) -> Iterator[Family]:
        """Everything, family by family."""
        return families(self._take(), agents=self._agents)


def families(snapshot: Snapshot, *, agents: bool = False) -> Iterator[Family]:
    """Every family of a snapshot."""
    yield from _score_families(snapshot.scores, agents=agents)
    yield from _spread_families(snapshot.spreads, agents=agents)
    if snapshot.health.owns_scorer:
        yield from _alert_families(snapshot.alerts, agents=agents)
    yield from _health_families(snapshot.health)


# -- scores


def _score_families(scores: Iterable[Score], *, agents: bool) -> Iterator[Family]:
    """Gauges of all readings. A family stands once, so they are gathered by name first."""
    found: dict[str, Family] = {}
    for score in scores:
        labels = names.segment_labels(score.segment, agents=agents)
        if labels is None:
            continue
        labels[names.WINDOW] = score.window
        for figure in names.figures(score.metric, score.reading):
            family = found.get(figure.name)
            if family is None:
                family = found[figure.name] = GaugeMetricFamily(figure.name, figure.help)
            family.add_sample(figure.name, {**labels, **figure.labels}, figure.value)
    return iter(found.values())


def _spread_families(spreads: Iterable[Spread], *, agents: bool) -> Iterator[Family]:
    """Histograms over sliding windows. They are gauge histograms: what leaves the window or is corrected takes counts back."""
    found: dict[str, Family] = {}
    for spread in spreads:
        bounds = names.BUCKETS.get(spread.metric.name)
        labels = names.segment_labels(spread.segment, agents=agents)
        if bounds is None or labels is None:
            continue
        labels[names.WINDOW] = spread.window
        name = names.histogram_name(spread.metric.name)
        family = found.get(name)
        if family is None:
            family = found[name] = GaugeHistogramMetricFamily(name, f"Cases of {name} in the window up to each bound; a level, read without rate")
        running = list(accumulate(_rebucketed(spread, bounds)))
        for bound, count in zip((*map(floatToGoString, bounds), _INFINITE), running, strict=True):
            family.add_sample(f"{name}_bucket", {**labels, "le": bound}, count)
        family.add_sample(f"{name}_gcount", labels, running[-1])
        family.add_sample(f"{name}_gsum", labels, spread.sum_ms / 1000)
    return iter(found.values())


def _rebucketed(spread: Spread, bounds: tuple[int, ...]) -> list[int]:
    """Counts by the metric's bounds; a bucket of the sketch goes where its middle is, so a value within 1 % of a bound may be beyond it."""
    counts = [0] * (len(bounds) + 1)
    for index, count in spread.buckets:
        counts[bisect_left(bounds, middle(index) / 1000)] += count
    return counts


# -- alerts


def _alert_families(alerts: Iterable[Alert], *, agents: bool) -> Iterator[Family]:
    state, since = _gauge(names.ALERT_STATE), _gauge(names.ALERT_SINCE)
    inhibited, silenced, explains = _gauge(names.ALERT_INHIBITED), _gauge(names.ALERT_SILENCED), _gauge(names.ALERT_EXPLAINS)
    for alert in alerts:
        labels = _alert_labels(alert, agents=agents)
        if labels is None:
            continue
        state.add_sample(names.ALERT_STATE, {**labels, names.STATE: alert.state}, 1)
        since.add_sample(names.ALERT_SINCE, labels, alert.since / 1000)
        if alert.inhibited_by is not None:
            by_team = {names.BY_TEAM: alert.inhibited_by[names.TEAM]} if names.TEAM in alert.inhibited_by else {}
            inhibited.add_sample(names.ALERT_INHIBITED, {**labels, **by_team}, 1)
        if alert.silenced:
            silenced.add_sample(names.ALERT_SILENCED, labels, 1)
        for explained in alert.explains:
            explains.add_sample(names.ALERT_EXPLAINS, {**labels, names.EXPLAINS: explained}, 1)
    yield from (family for family in (state, since, inhibited, silenced, explains) if family.samples)
    yield _alert_counts(alerts)


def _alert_labels(alert: Alert, *, agents: bool) -> dict[str, str] | None:
    segment = names.segment_labels(alert.segment, agents=agents)
    if segment is None:
        return None
    return {names.RULE: alert.rule, names.SEVERITY: alert.severity, **segment, **names.family_labels(alert.segment)}


def _alert_counts(alerts: Iterable[Alert]) -> Family:
    """Numbers by severity and state, zeros included, so that no alert is something one can see."""
    counts: Counter[tuple[str, str]] = Counter((alert.severity, alert.state) for alert in alerts)
    family = _gauge(names.ALERTS)
    for severity, state in product(_SEVERITIES, _STATES):
        family.add_sample(names.ALERTS, {names.SEVERITY: severity, names.STATE: state}, counts[severity, state])
    return family


# -- worker health


def _health_families(health: Health) -> Iterator[Family]:
    # What has not happened yet is 0 and not absent: otherwise its first time would be no increase.
    yield _counter(names.EVENTS, "type", {**dict.fromkeys(TICKET_EVENTS, 0), **health.events})
    yield _counter(names.DEAD_LETTERS, "class", {**dict.fromkeys(map(str, DeadLetterClass), 0), **health.dead_letters})
    yield _notifications(health)
    yield _levels(names.LAG, (({"topic": topic, "partition": str(number)}, count) for (topic, number), count in sorted(health.lag.items())))
    yield _levels(names.STATE_TICKETS, (({"partition": str(number)}, count) for number, count in sorted(health.tickets.items())))
    yield _levels(names.STATE_SUMS, (({"partition": str(number)}, count) for number, count in sorted(health.sums.items())))
    yield _histogram(names.FLUSH, health.flushes)
    yield _histogram(names.RECOVERY, health.recoveries)
    yield _levels(names.SCORER_OWNER, [({}, int(health.owns_scorer))])
    for name, ms in ((names.CLOCK_DELAY, health.clock_delay), (names.RULES_EVALUATED, health.rules_evaluated)):
        if ms is not None:
            yield _levels(name, [({}, ms / 1000)])
    if health.notifications_waiting is not None:
        yield _levels(names.NOTIFICATIONS_WAITING, [({}, health.notifications_waiting)])


def _notifications(health: Health) -> Family:
    family = CounterMetricFamily(names.NOTIFICATIONS, names.HELP[names.NOTIFICATIONS])
    for receiver, outcome in product(sorted({receiver for receiver, _ in health.notifications}), _OUTCOMES):
        family.add_sample(names.NOTIFICATIONS, {"receiver": receiver, "outcome": outcome}, health.notifications[receiver, outcome])
    return family


def _counter(name: str, label: str, counts: Mapping[str, int]) -> Family:
    family = CounterMetricFamily(name, names.HELP[name])
    for value, count in sorted(counts.items()):
        family.add_sample(name, {label: value}, count)
    return family


def _gauge(name: str) -> Family:
    return GaugeMetricFamily(name, names.HELP[name])


def _levels(name: str, values: Iterable[tuple[dict[str, str], float]]) -> Family:
    family = _gauge(name)
    for labels, value in values:
        family.add_sample(name, labels, value)
    return family


def _histogram(name: str, timings: Timings) -> Family:
    running = timings.cumulative()
    bounds = (*map(floatToGoString, timings.bounds), _INFINITE)
    return HistogramMetricFamily(name, names.HELP[name], buckets=list(zip(bounds, running, strict=True)), sum_value=timings.sum_ms / 1000)
