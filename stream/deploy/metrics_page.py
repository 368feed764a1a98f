"""docs/metrics.md: every series by name, those of the KPIs read off the KPIs themselves."""

from __future__ import annotations

from collections.abc import Iterator

from stream.kpis.definition import Metric, Reading
from stream.kpis.registry import all_metrics
from stream.outlets import metric_names as names
from stream.stats.sketch import Counts, counts_of

_OWN_LABELS = {
    names.ALERT_STATE: (*names.ALERT_LABELS, names.STATE),
    names.ALERT_SINCE: names.ALERT_LABELS,
    names.ALERT_INHIBITED: (*names.ALERT_LABELS, names.BY_TEAM),
    names.ALERT_SILENCED: names.ALERT_LABELS,
    names.ALERT_EXPLAINS: (*names.ALERT_LABELS, names.EXPLAINS),
    names.ALERTS: (names.SEVERITY, names.STATE),
    names.EVENTS: ("type",),
    names.DEAD_LETTERS: ("class",),
    names.NOTIFICATIONS: ("receiver", "outcome"),
    names.LAG: ("topic", "partition"),
    names.STATE_TICKETS: ("partition",),
    names.STATE_SUMS: ("partition",),
}
_HISTOGRAMS = (names.FLUSH, names.RECOVERY)

HEAD = """# Prometheus metrics

Made by `python -m stream.deploy`; do not edit. What each figure means: [definitions.md](definitions.md).

A worker serves them at `http://<metrics.host>:<metrics.port>/metrics` (off where `metrics.port` is absent: [settings.md](settings.md)).
Series are built when they are scraped, from the scores of that moment. Where nothing was counted there is no series; a figure is never 0
or NaN for want of cases. Units are base units, shares run from 0 to 1.

Scores and alerts come from the one worker that owns the scorer; when it moves, the series move with it, so queries aggregate the label
`instance` away (`max without (instance, job) (...)`). Series of a partition come from the worker that holds it.

## Labels of scores

| label | values |
| --- | --- |
| `team`, `channel`, `product` | the segment's values; absent where the segment does not have the dimension |
| `agent` | only with `metrics.agents: true` |
| `window` | as in the settings; `now` for levels |
| `level` | the dimensions of the segment (`all`, `team`, `team_channel`, ...). Segments overlap: never add up series of different levels |

Segments and alerts that use another dimension (priority, language, campaign) are not shown, to bound the number of series; their scores are in the
score topic, their alerts in the alert topic and with the direct receivers. A ticket or a customer is never a label.

## Scores

`_low` and `_high` are the ends of the 95 % interval; they are absent where there is none. To add up shares of disjoint segments, add the
counts and divide.

| series | type | meaning |
| --- | --- | --- |
"""
ALERTS_HEAD = """
## Alerts

From the scorer's worker. `segment` is the alert's segment as JSON, `parent` the same with its last dimension left out.

| series | type | labels | meaning |
| --- | --- | --- | --- |
"""
HEALTH_HEAD = """
## Worker health

| series | type | labels | meaning |
| --- | --- | --- | --- |
"""

TAIL = """
## What reads them

`deploy/` holds what runs beside the workers, made by the same command; `docker-compose.yml` starts all of it on loopback ports.

- Prometheus (2.42 or newer): `deploy/prometheus/prometheus.yml`, and `rules.yml` with recording rules and alerts. `CxPage` and `CxTicket`
  stand for the alerts of the rules, one for each rule and segment. They go on for five minutes when the scorer moves. The others watch the
  workers.
- Alertmanager (0.25 or newer): `deploy/alertmanager/alertmanager.yml`. Routes go by severity, then by team. An alert that another one of its
  rule speaks for (`cx_alert_inhibited`), or that is silenced, is kept quiet by `CxHeldBack`, all of them by `CxBehind` while scores are more
  than 15 minutes behind. `python -m stream.deploy --teams billing,shipping --receiver URL --out
  DIR` writes it for your teams and your receiver; other receivers than webhooks are for you to fill in.
- The dead-man's switch: `CxWatchdog` always fires and is sent to `<receiver>/dead-mans-switch` every minute. Let something outside listen
  there and raise the alarm when it stays away: then Prometheus or Alertmanager is gone. When no worker publishes scores, or none can be
  scraped, `CxWorkerSilent` pages.
- Grafana: one dashboard with its data source, both provisioned from `deploy/grafana/`.
"""


class _Ones:
    """Sums in which every cell is 1: enough to see what a metric's reading is made of."""

    def __getitem__(self, _: int) -> int:
        return 1

    def sketch(self, _: int) -> Counts:
        return counts_of([(1, 1)])

    def oldest(self, _: str) -> int:
        return 1_000

    def younger(self, _: int, __: int) -> int:
        return 1

    def to_the_minute(self, _: int) -> int:
        return 1


def page() -> str:
    """The whole page."""
    alerts = [name for name in names.HELP if name.startswith(names.PREFIX + "alert")]
    health = [name for name in names.HELP if name not in alerts]
    parts = (HEAD, _rows(_score_rows()), ALERTS_HEAD, _rows(map(_own_row, alerts)), HEALTH_HEAD, _rows(map(_own_row, health)), TAIL)
    return "".join(parts)


def figures_of(metric: Metric) -> tuple[names.Figure, ...]:
    """Every gauge that a metric can have, with values that mean nothing."""
    read = metric.read(_Ones()) or Reading(1, 1, {})
    full = Reading(read.value, read.n, read.counts, 0, 0, dict.fromkeys(read.stats, 0))
    # A level has no interval, whatever its cases.
    shown = full if read.low is not None or metric.unit == "seconds" else Reading(read.value, read.n, read.counts, None, None, full.stats)
    return tuple(names.figures(metric, shown))


def _score_rows() -> Iterator[str]:
    for _, metric in all_metrics():
        seen = set()
        for figure in figures_of(metric):
            if figure.name not in seen:
                seen.add(figure.name)
                labels = f"{{{','.join(figure.labels)}}}" if figure.labels else ""
                yield f"`{figure.name}{labels}` | gauge | {figure.help}"
        if metric.name in names.BUCKETS:
            bounds = ", ".join(map(str, names.BUCKETS[metric.name]))
            text = f"How the durations of the window are spread, by bounds of {bounds} s. Levels: read them without `rate`"
            yield f"`{names.histogram_name(metric.name)}` | gauge histogram (`_bucket`, `_gcount`, `_gsum`) | {text}"


def _own_row(name: str) -> str:
    kind = "counter" if name.endswith("_total") else "histogram" if name in _HISTOGRAMS else "gauge"
    labels = ", ".join(f"`{label}`" for label in _OWN_LABELS.get(name, ()))
    return f"`{name}` | {kind} | {labels or '-'} | {names.HELP[name]}"


def _rows(rows: Iterator[str] | map[str]) -> str:
    return "".join(f"| {row} |\n" for row in rows)
