"""Prometheus: what it scrapes, recording rules, and alerts on the states that the workers show and on the workers themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from stream.outlets import metric_names as names

JOB = "csat-stream"
WORKER_PORT = 9400
SCRAPE_EVERY = "15s"
RULES_FILE = "rules.yml"

WATCHDOG, SILENT = "CxWatchdog", "CxWorkerSilent"
HELD_BACK, BEHIND = "CxHeldBack", "CxBehind"
PAGE, TICKET = "CxPage", "CxTicket"
NOBODY = "none"
"""Severity of alerts that only inhibit others or show that the way is open."""

EVENTS_RATE = "cluster:cx_events:rate5m"
DEAD_LETTER_RATIO = "cluster:cx_dead_letters:ratio_rate15m"
RECORDS_RATE = "cluster:cx_records:rate15m"
LAG_SUM = "topic:cx_lag_records:sum"
SCORERS = "cluster:cx_scorer_owner:sum"
FIRING = "segment:cx_alert_firing:max"

# The scorer moves to another worker in seconds, the new one recovers in less than this: meanwhile an alert goes on firing.
_KEEP_FIRING = "5m"
# What holds an alert back outlives it: both end with the worker, and whichever Alertmanager heard of first would let the other out.
_KEEP_HOLDING = "6m"
# As in the rule intake_broken: a share of at least 100 records in 15 minutes.
_DEAD_LETTER_SHARE, _FEWEST_RECORDS = 0.05, 100
# Thirty seconds of the standard load of 2,000 events a second.
_LAG_RECORDS = 60_000
# Scores that are further behind than this notify nobody directly (`live=False`).
_CLOCK_DELAY_SECONDS = 900
_RULES_STAND_STILL_SECONDS = 120


def config(targets: Mapping[str, Any] | None = None, alertmanager: str = "alertmanager:9093", every: str = SCRAPE_EVERY) -> dict[str, Any]:
    """The configuration; by default all containers that answer to the name `worker` are scraped."""
    found = targets or {"dns_sd_configs": [{"names": ["worker"], "type": "A", "port": WORKER_PORT}]}
    return {
        "global": {"scrape_interval": every, "evaluation_interval": every},
        "rule_files": [RULES_FILE],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [{"job_name": JOB, **found}],
    }


def rules(teams: Sequence[str]) -> dict[str, Any]:
    """Alerts on scores and on workers, each with the recording rules they read before them: the rules of a group are evaluated in order.

    `teams` have a route of their own: nobody on it hears of an alert that is of no team.
    """
    return {
        "groups": [
            {"name": "cx-scores", "rules": [_firing(), _held_back(teams), _behind(), _score_alert(PAGE, "page"), _score_alert(TICKET, "ticket")]},
            {"name": "cx-workers", "rules": [*_worker_records(), *_silence_alerts(), *_worker_alerts()]},
        ]
    }


def _firing() -> dict[str, Any]:
    """Every alert that has fired and is not over: one without data is still the same alert.

    Without the labels of the worker, so that it also stays the same alert when another worker takes over.
    """
    states = f'{names.STATE}=~"firing|stale"'
    return {"record": FIRING, "expr": f"max by ({', '.join(names.ALERT_LABELS)}) ({names.ALERT_STATE}{{{states}}})"}


def _held_back(teams: Sequence[str]) -> dict[str, Any]:
    """What is silenced, or spoken for by an alert that goes to the same people."""
    inhibited = names.ALERT_INHIBITED
    if teams:
        routed = json.dumps("|".join(map(re.escape, teams)), ensure_ascii=False)
        inhibited = f'({inhibited} unless {inhibited}{{{names.TEAM}=~{routed},{names.BY_TEAM}=""}})'
    return {
        "alert": HELD_BACK,
        "expr": f"max by ({names.RULE}, {names.SEGMENT}) ({inhibited} or {names.ALERT_SILENCED}) == 1",
        "keep_firing_for": _KEEP_HOLDING,
        "labels": {"severity": NOBODY},
        "annotations": {"summary": "{{ $labels.rule }}: another segment's alert speaks for this one, or somebody has silenced it."},
    }


def _behind() -> dict[str, Any]:
    return {
        "alert": BEHIND,
        "expr": f"max({names.CLOCK_DELAY}) > {_CLOCK_DELAY_SECONDS}",
        "labels": {"severity": NOBODY},
        "annotations": {
            "summary": "Scores are {{ $value | humanizeDuration }} behind: their alerts are of the past, and Alertmanager keeps them quiet."
        },
    }


def _score_alert(name: str, severity: str) -> dict[str, Any]:
    where = "{{ if eq $labels.level `all` }}all segments{{ else }}{{ with $labels.team }}team {{ . }} {{ end }}"
    where += "{{ with $labels.channel }}channel {{ . }} {{ end }}{{ with $labels.product }}product {{ . }}{{ end }}{{ end }}"
    return {
        "alert": name,
        "expr": f'{FIRING}{{{names.SEVERITY}="{severity}"}} == 1',
        "keep_firing_for": _KEEP_FIRING,
        "annotations": {
            "summary": f"{{{{ $labels.rule }}}}: {where}",
            "description": "Why, since when and which tickets: the record of this rule and segment in the topic support.alert.changed.v1.",
        },
    }


def _worker_records() -> list[dict[str, Any]]:
    events, letters = (f"sum(rate({name}[15m]))" for name in (names.EVENTS, names.DEAD_LETTERS))
    return [
        {"record": EVENTS_RATE, "expr": f"sum by (type) (rate({names.EVENTS}[5m]))"},
        {"record": RECORDS_RATE, "expr": f"{events} + {letters}"},
        {"record": DEAD_LETTER_RATIO, "expr": f"{letters} / ({RECORDS_RATE} > 0)"},
        {"record": LAG_SUM, "expr": f"sum by (topic) ({names.LAG})"},
        {"record": SCORERS, "expr": f"sum({names.SCORER_OWNER}) or vector(0)"},
    ]


def _silence_alerts() -> list[dict[str, Any]]:
    return [
        {
            "alert": WATCHDOG,
            "expr": "vector(1)",
            "labels": {"severity": NOBODY},
            "annotations": {"summary": "Always fires. Whoever receives it raises the alarm when it stays away."},
        },
        _alert(SILENT, f"{SCORERS} < 1", "2m", "page", "No worker publishes scores: no alert can be trusted to come"),
        _alert("CxWorkerDown", f'up{{job="{JOB}"}} == 0', "2m", "ticket", "The worker {{ $labels.instance }} does not answer"),
    ]


def _worker_alerts() -> list[dict[str, Any]]:
    share = f"{DEAD_LETTER_RATIO} > {_DEAD_LETTER_SHARE} and {RECORDS_RATE} * 900 >= {_FEWEST_RECORDS}"
    dropped = f'sum by (receiver) (increase({names.NOTIFICATIONS}{{outcome="dropped"}}[15m])) > 0'
    stuck = f'sum({names.NOTIFICATIONS_WAITING}) > 0 and (sum(increase({names.NOTIFICATIONS}{{outcome="sent"}}[15m])) or vector(0)) == 0'
    delayed = f"max({names.CLOCK_DELAY}) > {_CLOCK_DELAY_SECONDS}"
    still = f"time() - max({names.RULES_EVALUATED}) > {_RULES_STAND_STILL_SECONDS}"
    return [
        _alert("CxRulesStandStill", still, "1m", "page", "The rules have not looked for {{ $value | humanizeDuration }}"),
        _alert("CxClockDelay", delayed, "15m", "ticket", "Scores are {{ $value | humanizeDuration }} behind"),
        _alert("CxLag", f"{LAG_SUM} > {_LAG_RECORDS}", "5m", "ticket", "{{ $value }} records of {{ $labels.topic }} are not in the state yet"),
        _alert("CxDeadLetters", share, "5m", "ticket", "{{ $value | humanizePercentage }} of all records are dead letters"),
        _alert("CxNotificationsDropped", dropped, None, "ticket", "Notifications to {{ $labels.receiver }} were given up"),
        _alert("CxNotificationsStuck", stuck, "15m", "ticket", "Notifications wait and none has got through for 15 minutes"),
    ]


def _alert(name: str, expr: str, wait: str | None, severity: str, summary: str) -> dict[str, Any]:
    waits = {} if wait is None else {"for": wait}
    return {"alert": name, "expr": expr, **waits, "labels": {"severity": severity}, "annotations": {"summary": f"{summary}."}}
