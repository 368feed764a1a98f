"""`rules`: every rule in every segment, as the scorer last saw it: its state, and where it is dormant or can't be judged, why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isnan

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from schemas.times import iso
from stream.alerts.conditions import judge
from stream.alerts.dormant import dormant
from stream.alerts.live import LiveSight
from stream.alerts.memory import Memory, State, decode
from stream.alerts.needs import needs_of
from stream.alerts.rules import Intake, Rating, Rule
from stream.alerts.shipped import rules_in_force
from stream.alerts.targets import Targets
from stream.alerts.verdict import Key, Verdict
from stream.alerts.why_not import why_dormant, why_not
from stream.board.table import segment_text
from stream.cli.common import out, remark, require_broker, write_lines
from stream.engine.alert_log import CLOCK_KEY
from stream.engine.control import current_generation
from stream.engine.names import Names
from stream.engine.read_back import latest, latest_by_partition
from stream.errors import UsageError
from stream.segments import segment_key
from stream.settings import Settings
from stream.state.partition import CLAIM_KEY
from stream.windows.board import Board

_AT_REST = Memory()


@dataclass(frozen=True, slots=True)
class Line:
    """A rule in a segment. `state`: as in the alert topic, or dormant or absent; `note`: why."""

    rule: str
    severity: str
    segment: Mapping[str, str]
    state: str
    note: str = ""
    since: int = 0
    verdict: Verdict | None = None


async def run_rules(settings: Settings, rule: str | None, segment: Mapping[str, str] | None, *, everything: bool, as_json: bool) -> None:
    """Show the rules: counted by state and those that are not at rest, or every one."""
    rules = {name: found for name, found in rules_in_force(settings).items() if found.enabled and rule in {None, name}}
    if not rules:
        raise UsageError(f"--rule {rule} does not exist or is switched off; there are {', '.join(sorted(rules_in_force(settings)))}")
    await require_broker(settings)
    clock = (await latest(settings, settings.topics.alerts)).get(CLOCK_KEY)
    tick, memories = decode(clock) if clock else (0, {})
    lines = [line for line in lines_of(rules, settings, await _board(settings, rules), tick, memories) if segment is None or line.segment == segment]
    if as_json:
        write_lines([_json(line) for line in lines])
    else:
        out().print(_table(lines, everything=everything or segment is not None))
        remark(f"as of {iso(tick)}" if tick else "no worker has looked at the rules yet")


async def _board(settings: Settings, rules: Mapping[str, Rule]) -> Board:
    """The sums of all partitions, as a scorer would hold them."""
    board = Board(settings, needs_of(rules.values()))
    names = Names(settings.app, (await current_generation(settings)).number)
    for number, held in (await latest_by_partition(settings, names.sums)).items():
        board.apply(number, ((key, value) for key, value in held.items() if key != CLAIM_KEY))
    return board


def lines_of(rules: Mapping[str, Rule], settings: Settings, board: Board, tick: int, memories: Mapping[Key, Memory]) -> Iterator[Line]:
    """A line for each rule and segment it covers; one line for a rule that covers none yet."""
    board.settle()
    board.move(tick or max((time for status in board.status.values() for time in status.newest.values()), default=0))
    sight, targets = LiveSight(board.figures()), Targets.of(settings)
    for name, rule in rules.items():
        if isinstance(rule, Rating):
            yield Line(name, rule.severity, {}, "event", "says every single rating")
            continue
        yield from _of_rule(name, rule, sight, targets, memories)


def _of_rule(name: str, rule: Rule, sight: LiveSight, targets: Targets, memories: Mapping[Key, Memory]) -> Iterator[Line]:
    from stream.alerts.conditions.scope import covered

    verdicts = judge(rule, name, sight, targets, {})
    asleep = None if isinstance(rule, Intake | Rating) else dormant(rule, sight.hourly(rule.metric))
    rows = [row for row, inside in enumerate(covered(rule, sight.segments).tolist()) if inside]
    for row in rows:
        segment = sight.segments[row]
        memory = memories.get(Key(name, segment_key(segment)), _AT_REST)
        state, note = str(memory.state), ""
        if not verdicts.applies[row]:
            state, note = "absent", why_not(rule, sight, targets, segment)
        elif asleep is not None and asleep[row] and memory.state in {State.OK, State.RESOLVED}:
            state, note = "dormant", why_dormant(rule)
        yield Line(name, rule.severity, segment, state, note, memory.since, verdicts.at(row))
    if not rows:
        yield Line(name, rule.severity, {}, "absent", "no segment that it covers has counted anything yet")


def _table(lines: Sequence[Line], *, everything: bool) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("rule", "severity", "segment", "state", "value", "target"):
        table.add_column(column, overflow="fold", justify="right" if column in {"value", "target"} else "left")
    table.add_column("note", overflow="fold")
    for name, group in groupby(lines, key=lambda line: line.rule):
        own = list(group)
        shown = own if everything else [line for line in own if line.state in {"pending", "firing", "stale"}]
        note = "" if everything else _common_note(own)
        table.add_row(Text(name, style="bold"), own[0].severity, f"{len(own):,} segments", _counted(own), "", "", note)
        for line in shown:
            table.add_row("", "", segment_text(line.segment), line.state, *_figures(line), _note(line))
    return table


def _counted(lines: Sequence[Line]) -> str:
    counts = Counter(line.state for line in lines)
    return ", ".join(f"{count:,} {state}" for state, count in counts.most_common())


def _common_note(lines: Sequence[Line]) -> str:
    """Why most are dormant or absent."""
    notes = Counter(line.note for line in lines if line.note)
    return notes.most_common(1)[0][0] if notes else ""


def _figures(line: Line) -> tuple[str, str]:
    verdict = line.verdict
    if verdict is None or line.state == "absent":
        return "", ""
    value = "" if isnan(verdict.value) else f"{verdict.value:.1f} (n {verdict.n:,})"
    return value, "" if isnan(verdict.target) else f"{verdict.target:.1f}"


def _note(line: Line) -> str:
    return f"since {iso(line.since)}" if line.since and line.state in {"pending", "firing", "stale"} else line.note


def _json(line: Line) -> str:
    verdict = line.verdict
    figures: dict[str, float | int | None] = {}
    if verdict is not None:
        figures = {"value": _or_none(verdict.value), "n": verdict.n, "bound": _or_none(verdict.bound), "target": _or_none(verdict.target)}
    fields = {"rule": line.rule, "severity": line.severity, "segment": dict(line.segment), "state": line.state, "note": line.note}
    return json.dumps({**fields, "since": iso(line.since) if line.since else None, **figures}, ensure_ascii=False)


def _or_none(value: float) -> float | None:
    return None if isnan(value) else value
