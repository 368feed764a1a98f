"""`backtest`: history through rules on simulated time, new ones beside the current ones and a naive one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stream.alerts.holidays import Holidays
from stream.audit.topics import read_sources
from stream.backtest import naive
from stream.backtest.charts import draw, figure_class
from stream.backtest.history import History, with_dip
from stream.backtest.incidents import Incident, incidents_of, read_lines, segment_of, segment_text
from stream.backtest.notes import Note, notes_of
from stream.backtest.proposals import Proposal, current, left_out, metrics_of, proposed
from stream.backtest.records import FileRecord, of_records
from stream.backtest.report import Row, rows_of, totals_of
from stream.backtest.run import Outcome, replay, replay_naive
from stream.backtest.sight import Replay
from stream.backtest.tables import Report, plain_report, report_table
from stream.cli.common import Common, out, remark, require_broker, time_of, write_lines
from stream.cli.intake import read, summary, tell_faults
from stream.durations import DAY, HOUR, MINUTE
from stream.errors import UsageError
from stream.intake.events import Intake
from stream.intake.load import load_mapping
from stream.kafka_client import LogRecord
from stream.segments import segment_key
from stream.settings import Settings

_NOTHING_IS_LATE = "36500d"
_LONGEST_DIP = 10 * 365 * DAY // HOUR


@dataclass(frozen=True, slots=True)
class Dip:
    """A fall that is put into history: the csat of a segment falls to `share` from `begin` (ms) for some hours. `seed` draws which ratings."""

    segment: Mapping[str, str]
    begin: int
    hours: float
    share: float
    seed: int = 1

    @property
    def incident(self) -> Incident:
        """What the rules should find."""
        return Incident(self.segment, self.begin, self.begin + round(self.hours * HOUR), naive.METRIC)


@dataclass(frozen=True, slots=True)
class Backtest:
    """What was asked for."""

    files: Sequence[Path] = ()
    mapping: Path | None = None
    from_topics: bool = False
    rules: Path | None = None
    incidents: Path | None = None
    dip: Dip | None = None
    charts: Path | None = None
    as_json: bool = False


def dip_of(segment: str | None, begin: str | None, hours: float | None, share: float | None, seed: int) -> Dip | None:
    """The dip of the four options --dip, --dip-from, --dip-hours and --dip-to: all or none of them; UsageError otherwise."""
    given = (segment, begin, hours, share)
    if all(value is None for value in given):
        return None
    start = time_of("--dip-from", begin)
    if segment is None or start is None or hours is None or share is None:
        raise UsageError("a dip needs --dip, --dip-from, --dip-hours and --dip-to")
    # Written so that what is no number (nan) is refused too.
    if not 0 < hours <= _LONGEST_DIP or not 0 <= share <= 1:
        raise UsageError(f"--dip-hours is a number above 0, at most {_LONGEST_DIP}, --dip-to a share from 0 to 1")
    try:
        return Dip(segment_of(segment), start, hours, share, seed)
    except ValueError as error:
        raise UsageError(f"--dip {error}") from None


def run_backtest(common: Common, asked: Backtest) -> int:
    """Replay and show; 1 where some rows of the files could not be read, otherwise 0."""
    if bool(asked.files) == asked.from_topics:
        raise UsageError("give files, or --from-topics")
    if asked.charts:
        figure_class()
    settings = common.settings(_overrides(asked))
    proposals = [*([proposed(asked.rules, settings)] if asked.rules else []), current(settings)]
    marked = read_lines(asked.incidents) if asked.incidents else []
    intake, records = _records(settings, asked)
    history = of_records(records, settings, metrics_of(proposals))
    if history is None:
        raise UsageError(f"no events to replay{f': {summary(intake)}' if intake else ''}")
    incidents = incidents_of(asked.incidents, marked, history) if asked.incidents else None
    if asked.dip:
        history = _dipped(history, asked.dip)
        incidents = [*(incidents or ()), asked.dip.incident.within(history.span)]
    _show(_Found(_Past(Replay(history), asked.from_topics, Holidays(settings)), proposals, incidents), asked)
    if intake:
        tell_faults(intake, None)
        remark(summary(intake))
    return 1 if intake and intake.faults else 0


def _overrides(asked: Backtest) -> dict[str, Any]:
    """Of files nothing is late; a mapping brings settings of its own."""
    if asked.from_topics:
        return {}
    own = dict(load_mapping(asked.mapping).settings) if asked.mapping else {}
    return {**own, "lateness": _NOTHING_IS_LATE}


def _records(settings: Settings, asked: Backtest) -> tuple[Intake | None, Iterable[LogRecord]]:
    if asked.from_topics:
        return None, asyncio.run(_from_topics(settings))
    intake = read(asked.files, load_mapping(asked.mapping) if asked.mapping else None, settings)
    return intake, [FileRecord(event.topic_name, 0, offset, event.time_ms, event.key, event.value) for offset, event in enumerate(intake.events)]


async def _from_topics(settings: Settings) -> list[LogRecord]:
    await require_broker(settings)
    return (await read_sources(settings)).records


def _dipped(history: History, dip: Dip) -> History:
    begin, end = dip.incident.begin // MINUTE, dip.incident.end // MINUTE
    dipped = with_dip(history, naive.METRIC, dip.segment, (begin, end), dip.share, np.random.default_rng(dip.seed))
    if dipped is history:
        raise UsageError(f"--dip: no {naive.METRIC} of {segment_text(dip.segment)} is above {dip.share:g} in those hours")
    return dipped


class _Past(NamedTuple):
    """A history, whether it holds dead letters, and the days on which nobody works."""

    replay: Replay
    dead_letters: bool
    holidays: Holidays


class _Found:
    """What every set of rules did in one history."""

    def __init__(self, past: _Past, proposals: Sequence[Proposal], incidents: Sequence[Incident] | None) -> None:
        first, last = past.replay.history.first, past.replay.history.last
        self.past, self.incidents, self.proposals = past, incidents, proposals
        self.span = past.replay.history.span
        self.outcomes: dict[str, Outcome] = {}
        for own in proposals:
            rules = {name: rule for name, rule in own.rules.items() if name not in left_out(own, dead_letters=past.dead_letters)}
            self.outcomes[own.name] = replay(past.replay, rules, own.targets, first, last, past.holidays)
        self.outcomes[naive.NAME] = replay_naive(past.replay, proposals[0].targets, first, last)

    def report(self) -> Report:
        """By rule, by rule and segment, and what could not be judged."""
        notes = [note for own in self.proposals for note in self._notes(own)]
        hardly = {(note.rules, note.rule, segment): note.text for note in notes if note.judged for segment in note.segments}
        rows, totals = list[Row](), list[Row]()
        for name, outcome in self.outcomes.items():
            for row in rows_of(name, outcome, self.span, self.incidents):
                rows.append(replace(row, note=hardly.get((name, row.rule, segment_key(row.segment or {})))))
            totals += totals_of(name, outcome, self.span, self.incidents)
        return Report(totals, rows, notes)

    def _notes(self, own: Proposal) -> list[Note]:
        return notes_of(own, self.outcomes[own.name], self.past.replay, dead_letters=self.past.dead_letters)


def _show(found: _Found, asked: Backtest) -> None:
    if asked.charts:
        targets = found.proposals[0].targets.of_segments(naive.METRIC, found.past.replay.members.segments)
        drawn = draw(found.past.replay, found.outcomes, targets, found.incidents or (), found.span, asked.charts)
        remark(f"{len(drawn)} charts in {asked.charts}")
    report = found.report()
    if asked.as_json:
        records = [row.as_json() for row in report.rows]
        records += [record for note in report.notes if not note.judged for record in note.as_json()]
        write_lines([json.dumps(records, ensure_ascii=False)])
        return
    if out().is_terminal:
        out().print(report_table(report))
    else:
        write_lines(plain_report(report))
    days = (found.span.end - found.span.begin) / DAY
    remark(f"{days:.1f} days, {len(found.past.replay.members.segments):,} segments; an alert is what somebody would have been told of")
