"""`backtest`: history through rules on simulated time, new ones beside the current ones and a naive one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stream.alerts.holidays import Holidays
from stream.audit.topics import read_sources
from stream.backtest import naive
from stream.backtest.charts import draw, figure_class
from stream.backtest.history import History, with_dip
from stream.backtest.incidents import Incident, read_incidents, segment_of, segment_text
from stream.backtest.proposals import Proposal, current, metrics_of, not_replayed, proposed
from stream.backtest.records import FileRecord, of_records
from stream.backtest.report import Row, Span, rows_of, totals_of
from stream.backtest.run import Outcome, replay, replay_naive
from stream.backtest.sight import Replay
from stream.backtest.tables import plain_report, report_table
from stream.cli.common import Common, out, remark, require_broker, time_of, write_lines
from stream.cli.intake import read, summary, tell_faults
from stream.durations import DAY, HOUR, MINUTE
from stream.errors import UsageError
from stream.intake.events import Intake
from stream.intake.load import load_mapping
from stream.kafka_client import LogRecord
from stream.settings import Settings

_NOTHING_IS_LATE = "36500d"


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
    if hours <= 0 or not 0 <= share <= 1:
        raise UsageError("--dip-hours is a number above 0, --dip-to a share from 0 to 1")
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
    incidents = read_incidents(asked.incidents) if asked.incidents else None
    intake, records = _records(settings, asked)
    history = of_records(records, settings, metrics_of(proposals))
    if history is None:
        raise UsageError(f"no events to replay{f': {summary(intake)}' if intake else ''}")
    if asked.dip:
        history = _dipped(history, asked.dip)
        incidents = [*(incidents or ()), asked.dip.incident]
    _show(_Found(Replay(history), proposals, incidents, Holidays(settings)), asked)
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


class _Found:
    """What every set of rules did in one history."""

    def __init__(self, history: Replay, proposals: Sequence[Proposal], incidents: Sequence[Incident] | None, holidays: Holidays) -> None:
        first, last = history.history.first, history.history.last
        self.replay, self.incidents, self.proposals = history, incidents, proposals
        self.span = Span(first * MINUTE, (last + 1) * MINUTE)
        self.outcomes: dict[str, Outcome] = {own.name: replay(history, own.rules, own.targets, first, last, holidays) for own in proposals}
        self.outcomes[naive.NAME] = replay_naive(history, proposals[0].targets, first, last)

    def rows(self) -> list[Row]:
        """By rule and segment."""
        return [row for name, outcome in self.outcomes.items() for row in rows_of(name, outcome, self.span, self.incidents)]

    def totals(self) -> list[Row]:
        """By rule."""
        return [row for name, outcome in self.outcomes.items() for row in totals_of(name, outcome, self.span, self.incidents)]


def _show(found: _Found, asked: Backtest) -> None:
    if asked.charts:
        targets = found.proposals[0].targets.of_segments(naive.METRIC, found.replay.members.segments)
        drawn = draw(found.replay, found.outcomes, targets, found.incidents or (), found.span, asked.charts)
        remark(f"{len(drawn)} charts in {asked.charts}")
    rows = found.rows()
    if asked.as_json:
        write_lines([json.dumps([row.as_json() for row in rows], ensure_ascii=False)])
        return
    if out().is_terminal:
        out().print(report_table(found.totals(), rows))
    else:
        write_lines(plain_report(found.totals(), rows))
    days = (found.span.end - found.span.begin) / DAY
    remark(f"{days:.1f} days, {len(found.replay.members.segments):,} segments; alerts a month are those somebody would have been told of")
    for proposal in found.proposals:
        names = ", ".join(not_replayed(proposal))
        if names:
            remark(f"{proposal.name}: not replayed, since history keeps percentages only: {names}")
