"""Names of all Prometheus series and labels, for the collector, the rules and the dashboard; those of KPIs follow from the registry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from stream.kpis.definition import Metric, Reading
from stream.segments import AGENT, segment_key

PREFIX = "cx_"

# -- labels

WINDOW, LEVEL, PARENT, SEGMENT = "window", "level", "parent", "segment"
PERCENTILE = "percentile"
RULE, SEVERITY, STATE, EXPLAINS = "rule", "severity", "state", "explains"
TEAM, BY_TEAM = "team", "by_team"
DIMENSIONS = (TEAM, "channel", "product")
"""Dimensions that are labels, in order; `agent` is the fourth where settings ask for it."""
ALL_LEVEL = "all"
"""Level of the segment that is everything."""
ALERT_LABELS = (RULE, SEVERITY, LEVEL, *DIMENSIONS, SEGMENT, PARENT)
"""What identifies an alert, whichever worker shows it."""

# -- alerts

ALERT_STATE = PREFIX + "alert_state"
ALERT_SINCE = PREFIX + "alert_since_timestamp_seconds"
ALERT_INHIBITED = PREFIX + "alert_inhibited"
ALERT_SILENCED = PREFIX + "alert_silenced"
ALERT_EXPLAINS = PREFIX + "alert_explains"
ALERTS = PREFIX + "alerts"

# -- worker health

EVENTS = PREFIX + "events_total"
DEAD_LETTERS = PREFIX + "dead_letters_total"
NOTIFICATIONS = PREFIX + "notifications_total"
NOTIFICATIONS_WAITING = PREFIX + "notifications_waiting"
LAG = PREFIX + "lag_records"
FLUSH = PREFIX + "flush_seconds"
RECOVERY = PREFIX + "recovery_seconds"
STATE_TICKETS = PREFIX + "state_tickets"
STATE_SUMS = PREFIX + "state_sums"
CLOCK_DELAY = PREFIX + "clock_delay_seconds"
RULES_EVALUATED = PREFIX + "rules_evaluated_timestamp_seconds"
SCORER_OWNER = PREFIX + "scorer_owner"

HELP = {
    ALERT_STATE: "1 for every alert that is pending, firing or stale; one that is at rest has no series",
    ALERT_SINCE: "Start of an alert's episode in event time",
    ALERT_INHIBITED: "1 for an alert that another one of the same rule speaks for; by_team: the other one's team",
    ALERT_SILENCED: "1 for an alert that somebody has silenced",
    ALERT_EXPLAINS: "1 for an alert that explains the alert of the segment named by the label explains",
    ALERTS: "Number of alerts of a severity in a state, of all segments",
    EVENTS: "Events taken in, by type",
    DEAD_LETTERS: "Records refused, by class",
    NOTIFICATIONS: "Attempts to notify, by receiver and outcome",
    NOTIFICATIONS_WAITING: "Notifications not delivered yet",
    LAG: "Records of a source partition that are not durable in the state yet",
    FLUSH: "Time a flush of a partition took until it was acknowledged",
    RECOVERY: "Time from the claim of a partition until it takes in events",
    STATE_TICKETS: "Tickets held in the state of a partition",
    STATE_SUMS: "Sums held in the state of a partition",
    CLOCK_DELAY: "Wall clock minus now of the scores",
    RULES_EVALUATED: "Wall-clock time at which the rules looked last",
    SCORER_OWNER: "1 where this worker publishes scores and judges rules",
}
"""Help text of everything that does not come from a KPI."""

# -- KPIs

FIRST_RESPONSE_BUCKETS = (60, 180, 900, 1800, 3600, 14400, 30780, 43800, 86400, 259200)
"""Upper bounds in seconds: phone target, 15 min best, 1 h target, 8.55 business hours, 12 h 10 min market average, days."""
BUCKETS = {"first_response": FIRST_RESPONSE_BUCKETS}
"""Bounds by metric; a metric that is not here has no histogram."""

_SUFFIX = {"percent": "ratio", "seconds": "mean_seconds", "unix_seconds": "timestamp_seconds"}
_IN_WORDS = {"percent": "as a share of 1", "unix_seconds": "Unix time"}
_ENDS = {"_low": "Lower end of the 95 % interval of", "_high": "Upper end of the 95 % interval of"}
_RATIO_DIGITS = 6
_QUANTILE = re.compile(r"p(\d+)")
_BOUND = re.compile(r"p\d+_(?:low|high)")
"""Interval of a percentile: in the score topic, but not here, where they would be a third of all series."""


class Figure(NamedTuple):
    """One gauge of a reading: its labels are those beside the segment's and window's."""

    name: str
    help: str
    labels: Mapping[str, str]
    value: float


def value_name(metric: str, unit: str) -> str:
    """Name of a metric's own value: `cx_csat_ratio`, `cx_first_response_mean_seconds`, `cx_backlog_tickets`."""
    return f"{PREFIX}{metric}_{_SUFFIX.get(unit, unit)}"


def cases_name(metric: str) -> str:
    """Name of the number of cases n: the denominator beside every value."""
    return f"{PREFIX}{metric}_cases"


def count_name(metric: str, count: str) -> str:
    """Name of one of a reading's counts; sums of ms become seconds."""
    return f"{PREFIX}{metric}_{count.removesuffix('_ms') + '_seconds' if count.endswith('_ms') else count}"


def percentile_name(metric: str) -> str:
    """Name of a metric's quantiles. Not `quantile` as a label: that belongs to summaries."""
    return f"{PREFIX}{metric}_percentile_seconds"


def histogram_name(metric: str) -> str:
    """Name of the histogram over a sliding window: its buckets are levels, read without `rate`."""
    return f"{PREFIX}{metric}_seconds"


def figures(metric: Metric, reading: Reading) -> Iterator[Figure]:
    """All gauges of one reading, in a fixed order. What is None is left out."""
    name = value_name(metric.name, metric.unit)
    words = _IN_WORDS.get(metric.unit)
    meaning = f"{metric.meaning} ({words})" if words else metric.meaning
    yield Figure(name, _sentence(meaning), {}, _in_base_unit(reading.value, metric.unit))
    for end, value in (("_low", reading.low), ("_high", reading.high)):
        if value is not None:
            yield Figure(name + end, f"{_ENDS[end]} {name}", {}, _in_base_unit(value, metric.unit))
    yield Figure(cases_name(metric.name), f"Cases that {name} is made of", {}, reading.n)
    for count, number in reading.counts.items():
        text = _sentence(count.removesuffix("_ms").replace("_", " "))
        yield Figure(count_name(metric.name, count), f"{text}, counted for {name}", {}, number / 1000 if count.endswith("_ms") else number)
    for stat, found in reading.stats.items():
        if found is not None and not _BOUND.fullmatch(stat):
            yield _stat(metric.name, stat, found)


def _stat(metric: str, stat: str, value: float) -> Figure:
    quantile = _QUANTILE.fullmatch(stat)
    if quantile is None:
        return Figure(f"{PREFIX}{metric}_{stat}", f"{_sentence(stat.replace('_', ' '))} of the cases of {metric}", {}, value)
    return Figure(percentile_name(metric), f"Percentiles of {metric}, with 1 % relative error", {PERCENTILE: quantile[1]}, value)


def _in_base_unit(value: float, unit: str) -> float:
    return round(value / 100, _RATIO_DIGITS) if unit == "percent" else value


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


# -- segments


def shown_dimensions(*, agents: bool) -> tuple[str, ...]:
    """Dimensions that are labels."""
    return (*DIMENSIONS, AGENT) if agents else DIMENSIONS


def segment_labels(segment: Mapping[str, str], *, agents: bool = False) -> dict[str, str] | None:
    """Labels of a segment: its values, and `level`, which says what dimensions it has. None where it uses others and is not shown."""
    shown = shown_dimensions(agents=agents)
    if not segment.keys() <= set(shown):
        return None
    values = {name: segment[name] for name in shown if name in segment}
    return {**values, LEVEL: "_".join(values) or ALL_LEVEL}


def family_labels(segment: Mapping[str, str]) -> dict[str, str]:
    """Labels by which alerts of segments find each other: own key, and that of the segment with one dimension less."""
    own = {SEGMENT: segment_key(segment)}
    if not segment:
        return own
    last = [name for name in shown_dimensions(agents=True) if name in segment][-1]
    return {**own, PARENT: segment_key({name: value for name, value in segment.items() if name != last})}
