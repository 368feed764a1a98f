"""What a replay says nothing of, and where its silence says little: which rule, in which segments, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from stream.alerts.conditions.scope import covered
from stream.alerts.dormant import dormant
from stream.alerts.rules import Intake, Rating, Rule
from stream.alerts.verdict import Key
from stream.alerts.why_not import why_dormant, why_not
from stream.backtest.incidents import segment_text
from stream.backtest.proposals import Proposal, left_out
from stream.backtest.run import Outcome
from stream.backtest.sight import Replay, ReplaySight
from stream.segments import parse_segment, segment_key

_NOWHERE = "no segment that it covers has counted anything"


class Note(NamedTuple):
    """Why a rule of one set of rules could not be judged (or, where `judged`, hardly) in `segments` (canonical text) of the `of` that it covers.

    No segments: the rule as a whole.
    """

    rules: str
    rule: str
    text: str
    judged: bool = False
    segments: tuple[str, ...] = ()
    of: int = 0

    def as_json(self) -> Iterator[dict[str, Any]]:
        """For programs: an object like that of a row for each segment, without figures."""
        figures = ("alerts_per_month", "hours_firing", "flaps", "median_delay_hours", "missed", "false")
        for segment in map(parse_segment, self.segments or ("{}",)):
            yield {"rules": self.rules, "rule": self.rule, "segment": segment_text(segment), **dict.fromkeys(figures), "note": self.text}


def notes_of(proposal: Proposal, outcome: Outcome, history: Replay, *, dead_letters: bool) -> list[Note]:
    """The notes of a set of rules, in its order. `dead_letters`: whether history holds them."""
    reasons = left_out(proposal, dead_letters=dead_letters)
    end = history.history.last
    sight = ReplaySight(history, end, end)
    notes: list[Note] = []
    for name, rule in proposal.rules.items():
        if name in reasons:
            notes.append(Note(proposal.name, name, reasons[name]))
        else:
            notes += _of_rule(name, rule, proposal, outcome, sight)
    return notes


def _of_rule(name: str, rule: Rule, proposal: Proposal, outcome: Outcome, sight: ReplaySight) -> Iterator[Note]:
    """Reasons by segment, equal ones together."""
    asleep = None if isinstance(rule, Intake | Rating) else dormant(rule, sight.hourly(rule.metric))
    fired = {episode.key for episode in outcome.episodes}
    rows = [row for row, inside in enumerate(covered(rule, sight.segments).tolist()) if inside]
    found: dict[tuple[str, bool], list[str]] = {}
    for row in rows:
        segment = sight.segments[row]
        key = Key(name, segment_key(segment))
        if key not in outcome.applied:
            found.setdefault((why_not(rule, sight, proposal.targets, segment), False), []).append(key.segment)
        elif asleep is not None and asleep[row] and key not in fired:
            found.setdefault((why_dormant(rule), True), []).append(key.segment)
    if not rows:
        yield Note(proposal.name, name, _NOWHERE)
    for (text, judged), segments in found.items():
        yield Note(proposal.name, name, text, judged, tuple(segments), len(rows))
