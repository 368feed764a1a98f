"""Panels of the dashboard as data: what is asked, and how it is shown. Every query says which segment and window it means."""

from __future__ import annotations

from typing import Literal, NamedTuple

from stream.deploy.prometheus import DEAD_LETTER_RATIO, EVENTS_RATE, JOB, LAG_SUM, SCORERS
from stream.outlets import metric_names as names

Shape = Literal["line", "stat", "table", "bars"]

# A segment is found by all its labels: a variable that stands on "everything" asks for series without that label.
_HERE = 'team=~"$team", channel=~"$channel", product="", agent=""'
_IN_WINDOW = f'{_HERE}, window="$window"'
_ALERTING = f'{names.STATE}="firing"'


class Query(NamedTuple):
    """One query and the legend of its series."""

    expr: str
    legend: str


class PanelData(NamedTuple):
    """One panel. `unit` is Grafana's name of the unit."""

    title: str
    shape: Shape
    unit: str
    queries: tuple[Query, ...]
    description: str = ""
    width: int = 12


class RowData(NamedTuple):
    """One row of the dashboard."""

    title: str
    panels: tuple[PanelData, ...]


def rows() -> tuple[RowData, ...]:
    """The whole dashboard."""
    return (
        RowData("Scores of the chosen segment and window", _scores()),
        RowData("First response", _first_response()),
        RowData("Backlog and waiting", _backlog()),
        RowData("Alerts", _alerts()),
        RowData("Workers", _workers()),
    )


def _one(name: str, more: str = "", *, window: bool = True) -> str:
    """One series whichever worker shows it: while the scorer moves, two may."""
    return f"max without (instance, job) ({name}{{{_IN_WINDOW if window else _HERE}{more}}})"


def _by_team(name: str) -> str:
    return f'max by (team) ({name}{{{names.LEVEL}="team", window="$window"}})'


def _with_interval(metric: str, unit: str) -> tuple[Query, ...]:
    name = names.value_name(metric, unit)
    return Query(_one(name), "score"), Query(_one(f"{name}_low"), "95 % low"), Query(_one(f"{name}_high"), "95 % high")


def _scores() -> tuple[PanelData, ...]:
    csat, cases = names.value_name("csat", "percent"), names.cases_name("csat")
    ratios = f'max by (__name__) ({{__name__=~"{names.PREFIX}.+_ratio", {_IN_WINDOW}}})'
    return (
        PanelData("CSAT", "stat", "percentunit", (Query(_one(csat), "CSAT"),), "Satisfied of the rated", 4),
        PanelData("Ratings", "stat", "none", (Query(_one(cases), "n"),), "Ratings in the window: n of the score", 4),
        PanelData("All shares", "bars", "percentunit", (Query(ratios, "{{__name__}}"),), "Every percentage of the segment and window", 16),
        PanelData("CSAT with its 95 % interval", "line", "percentunit", _with_interval("csat", "percent"), "A wide band: few ratings"),
        PanelData(
            "Ratings in the window", "line", "none", (Query(_one(cases), "n"), Query(_one(names.count_name("csat", "satisfied")), "satisfied"))
        ),
        PanelData("CSAT by team", "line", "percentunit", (Query(_by_team(csat), "{{team}}"),)),
        PanelData("Ratings by team", "line", "none", (Query(_by_team(cases), "{{team}}"),), "n of the scores on the left"),
    )


def _first_response() -> tuple[PanelData, ...]:
    percentiles = _one(names.percentile_name("first_response"))
    mean = _one(names.value_name("first_response", "seconds"))
    buckets = f"max by (le) ({names.histogram_name('first_response')}_bucket{{{_IN_WINDOW}}})"
    cases = _one(names.cases_name("first_response"))
    return (
        PanelData("Time to first response", "line", "s", (Query(percentiles, "p{{percentile}}"), Query(mean, "mean"))),
        PanelData("Answered within", "bars", "none", (Query(buckets, "{{le}} s"),), "Tickets of the window answered within each time", 8),
        PanelData("Answered", "stat", "none", (Query(cases, "n"),), "First responses in the window", 4),
        PanelData("Within target, with its 95 % interval", "line", "percentunit", _with_interval("first_response_within", "percent")),
        PanelData(
            "Outcomes in the window", "line", "none", (Query(_one(names.cases_name("first_response_within")), "n"),), "n of the share on the left"
        ),
    )


def _backlog() -> tuple[PanelData, ...]:
    bands = {"under_1d": "under 1 d", "1d_3d": "1 to 3 d", "3d_7d": "3 to 7 d", "7d_30d": "7 to 30 d", "over_30d": "over 30 d"}
    ages = tuple(Query(_one(names.count_name("backlog", band), window=False), legend) for band, legend in bands.items())
    waiting = tuple(Query(_one(names.value_name(name, "tickets"), window=False), name) for name in ("waiting", "overdue"))
    oldest = f"time() - {_one(names.value_name('oldest_waiting', 'unix_seconds'), window=False)}"
    return (
        PanelData("Open tickets by age", "line", "none", ages),
        PanelData("Waiting for a first reply", "line", "none", waiting),
        PanelData("Open tickets", "stat", "none", (Query(_one(names.value_name("backlog", "tickets"), window=False), "open"),), "", 6),
        PanelData("Oldest waiting", "stat", "s", (Query(oldest, "age"),), "Age of the ticket that has waited longest", 6),
    )


def _alerts() -> tuple[PanelData, ...]:
    counts = f"max by ({names.SEVERITY}, {names.STATE}) ({names.ALERTS})"
    firing = f"max by ({names.SEVERITY}) ({names.ALERTS}{{{_ALERTING}}})"
    shown = f"{names.RULE}, {names.SEVERITY}, {names.STATE}, {names.SEGMENT}"
    # Without any alert there is one empty row: the query works, and nothing is wrong.
    listed = f"max by ({shown}) ({names.ALERT_STATE}) or on () vector(0)"
    return (
        PanelData("Firing", "stat", "none", (Query(firing, "{{severity}}"),), "Alerts that fire, by severity", 6),
        PanelData("Alerts that are not at rest", "table", "none", (Query(listed, ""),), "", 18),
        PanelData("Alerts by state", "line", "none", (Query(counts, "{{severity}} {{state}}"),)),
        PanelData(
            "Notifications",
            "line",
            "none",
            (Query(f"sum by (receiver, outcome) (increase({names.NOTIFICATIONS}[5m])) or vector(0)", "{{receiver}} {{outcome}}"),),
            "Attempts in five minutes",
        ),
    )


def _workers() -> tuple[PanelData, ...]:
    flush = f"histogram_quantile({{q}}, sum by (le) (rate({names.FLUSH}_bucket[5m])))"
    state = (Query(f"sum({names.STATE_TICKETS})", "tickets"), Query(f"sum({names.STATE_SUMS})", "sums"))
    recovery = f"sum({names.RECOVERY}_sum) / sum({names.RECOVERY}_count)"
    return (
        PanelData("Workers that answer", "stat", "none", (Query(f'sum(up{{job="{JOB}"}})', "workers"),), "", 4),
        PanelData("Scorers", "stat", "none", (Query(SCORERS, "scorers"),), "One, or a moment of none while it moves", 4),
        PanelData("Behind the wall clock", "stat", "s", (Query(f"max({names.CLOCK_DELAY})", "behind"),), "", 4),
        PanelData("Rules looked", "stat", "s", (Query(f"time() - max({names.RULES_EVALUATED})", "ago"),), "Time since the rules looked last", 4),
        PanelData("Dead letters", "stat", "percentunit", (Query(f"{DEAD_LETTER_RATIO} or vector(0)", "share"),), "Of all records of 15 minutes", 4),
        PanelData("Mean recovery", "stat", "s", (Query(recovery, "mean"),), "From the claim of a partition to its first event", 4),
        PanelData("Events a second", "line", "none", (Query(EVENTS_RATE, "{{type}}"),)),
        PanelData("Lag in records", "line", "none", (Query(LAG_SUM, "{{topic}}"),), "Read but not durable, or not read yet"),
        PanelData("Flush", "line", "s", (Query(flush.format(q=0.5), "p50"), Query(flush.format(q=0.99), "p99"))),
        PanelData("State held", "line", "none", state),
    )
