"""What a replay comes to: alerts a month, flaps, and against known incidents how late, how often missed and how often false. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from stream.backtest.episodes import Episode, by_key
from stream.backtest.history import Segment, Span
from stream.backtest.incidents import Incident, segment_text
from stream.backtest.run import Outcome, Trait
from stream.durations import HOUR
from stream.segments import parse_segment

FLAP = 6 * HOUR
"""What fires again this soon after its end has flapped; the cooldown of the shipped rules."""
AFTERMATH = 24 * HOUR
"""An alert this long after an incident's end has still found it; as long as the rule remembers it is at least not false."""
_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One rule in one segment (None: in all together) of one set of rules (`new`, `current`, `naive`).

    `alerts`: episodes that somebody was told of; of the others `elsewhere` were spoken for by another segment, `cooling` came back within the
    cooldown. `median_delay_hours`, `missed` and `false` are None without known incidents. `note`: why its silence says little.
    """

    rules: str
    rule: str
    segment: Segment | None
    alerts: int = 0
    alerts_per_month: float = 0.0
    hours_firing: float = 0.0
    flaps: int = 0
    median_delay_hours: float | None = None
    missed: int | None = None
    false: int | None = None
    elsewhere: int = 0
    cooling: int = 0
    note: str | None = None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "rules": self.rules,
            "rule": self.rule,
            "segment": segment_text(self.segment or {}),
            "alerts_per_month": self.alerts_per_month,
            "hours_firing": self.hours_firing,
            "flaps": self.flaps,
            "median_delay_hours": self.median_delay_hours,
            "missed": self.missed,
            "false": self.false,
            "note": self.note,
        }


def rows_of(rules: str, outcome: Outcome, span: Span, incidents: Sequence[Incident] | None) -> list[Row]:
    """A row for every rule and segment that could be judged, in the order of their names; the whole first."""
    found = by_key(outcome.episodes)
    segments = {key: parse_segment(key.segment) for key in outcome.applied | found.keys()}
    rows = []
    for key in sorted(segments, key=lambda key: (key.rule, len(segments[key]), key.segment)):
        row = _counts(Row(rules, key.rule, segments[key]), found.get(key, []), span)
        if incidents is not None:
            own = [one for one in incidents if dict(one.segment) == segments[key]]
            row = _judged(row, found.get(key, []), own, incidents, _Judge(outcome.traits[key.rule], span.end))
        rows.append(row)
    return rows


def totals_of(rules: str, outcome: Outcome, span: Span, incidents: Sequence[Incident] | None) -> list[Row]:
    """A row for every rule over all its segments. An incident is found by the first alert wherever it can be seen."""
    rows = []
    for name in sorted({key.rule for key in outcome.applied} | {episode.key.rule for episode in outcome.episodes}):
        episodes = [one for one in outcome.episodes if one.key.rule == name]
        row = _counts(Row(rules, name, None), episodes, span)
        rows.append(row if incidents is None else _judged(row, episodes, incidents, incidents, _Judge(outcome.traits[name], span.end)))
    return rows


def _counts(row: Row, episodes: Sequence[Episode], span: Span) -> Row:
    alerts = sum(one.said for one in episodes)
    firing = sum((span.end if one.ended_at is None else one.ended_at) - one.fired_at for one in episodes)
    unsaid = [one for one in episodes if not one.said]
    elsewhere = sum(one.spoken_for for one in unsaid)
    return replace(
        row,
        alerts=alerts,
        alerts_per_month=round(alerts / span.months, _DIGITS),
        hours_firing=round(firing / HOUR, _DIGITS),
        flaps=flaps(episodes),
        elsewhere=elsewhere,
        cooling=len(unsaid) - elsewhere,
    )


class _Judge(NamedTuple):
    """What incidents and episodes are held against: the rule's trait, and when history ends (ms)."""

    trait: Trait
    end: int


def _judged(row: Row, episodes: Sequence[Episode], own: Iterable[Incident], incidents: Sequence[Incident], judge: _Judge) -> Row:
    """`own`: the incidents that the rule should find here; `incidents`: all that may explain an alert."""
    closed = [one if one.ended_at is not None else one._replace(ended_at=judge.end) for one in episodes]
    delays = [delay(incident, closed) for incident in own if incident.metric in (None, judge.trait.judges)]
    found = [one / HOUR for one in delays if one is not None]
    middle = round(median(found), _DIGITS) if found else None
    aftermath = max(AFTERMATH, judge.trait.memory)
    false = sum(one.said and not any(belongs(one, incident, aftermath) for incident in incidents) for one in closed)
    return replace(row, median_delay_hours=middle, missed=len(delays) - len(found), false=false)


def flaps(episodes: Iterable[Episode]) -> int:
    """How often a key fired again soon after its end."""
    return sum(
        1 for own in by_key(episodes).values() for one, other in pairwise(own) if one.ended_at is not None and other.fired_at - one.ended_at < FLAP
    )


def delay(incident: Incident, episodes: Iterable[Episode]) -> int | None:
    """From an incident's begin to the first alert that found it (ms), 0 where one fired already; None where it was missed. All have ended."""
    firing = [max(0, one.fired_at - incident.begin) for one in episodes if belongs(one, incident, AFTERMATH)]
    return min(firing, default=None)


def belongs(episode: Episode, incident: Incident, aftermath: int) -> bool:
    """Whether an alert that has ended, where the incident can be seen, fired at some time of it or of its aftermath (ms)."""
    in_time = episode.fired_at <= incident.end + aftermath and (episode.ended_at or 0) > incident.begin
    return in_time and incident.concerns(parse_segment(episode.key.segment))
