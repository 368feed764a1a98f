"""`rules`: every rule in every segment, as the scorer last saw it: its state, and where it is dormant or can't be judged, why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isnan

from schemas.times import iso
from stream.alerts.book import Book
from stream.alerts.conditions import judge
from stream.alerts.conditions.scope import covered
from stream.alerts.dormant import dormant
from stream.alerts.live import LiveSight
from stream.alerts.memory import Memory, State
from stream.alerts.needs import needs_of
from stream.alerts.phrases import moment
from stream.alerts.rules import Intake, Rating, Rule
from stream.alerts.shipped import rules_in_force
from stream.alerts.targets import Targets
from stream.alerts.verdict import Key, Verdict, Verdicts
from stream.alerts.why_not import why_dormant, why_not
from stream.board.table import segment_text
from stream.cli.common import remark, require_broker, write_lines
from stream.engine.alert_log import CLOCK_KEY, clock_of
from stream.engine.control import current_generation
from stream.engine.names import Names
from stream.engine.read_back import latest, latest_by_partition
from stream.errors import UsageError
from stream.segments import segment_key
from stream.settings import Settings
from stream.state.partition import CLAIM_KEY
from stream.windows.board import Board

_AT_REST = Memory()
_UNDER_WAY = {"pending", "firing", "stale"}


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
    tick, memories = clock_of(clock, settings.topics.alerts) if clock else (0, {})
    lines = [line for line in lines_of(rules, settings, await _board(settings, rules), tick, memories) if segment is None or line.segment == segment]
    if as_json:
        write_lines([_json(line) for line in lines])
    else:
        write_lines(lines_shown(lines, everything=everything or segment is not None))
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
    book = Book(rules)
    book.load(tick, memories)
    for name, rule in rules.items():
        if isinstance(rule, Rating):
            yield Line(name, rule.severity, {}, "event", "says every single rating")
            continue
        verdicts = judge(rule, name, sight, targets, book.lowered())
        yield from _of_rule(name, rule, sight, targets, memories, verdicts)


def _of_rule(name: str, rule: Rule, sight: LiveSight, targets: Targets, memories: Mapping[Key, Memory], verdicts: Verdicts) -> Iterator[Line]:
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


def lines_shown(lines: Sequence[Line], *, everything: bool) -> list[str]:
    """Each rule with its segments counted by state, below it why some rest, and the segments that do not, or all."""
    shown = []
    for name, group in groupby(lines, key=lambda line: line.rule):
        own = list(group)
        shown.append(f"{name} ({own[0].severity}): {_counted(own)}")
        if not everything:
            shown += [f"  {note}" for note in dict.fromkeys(line.note for line in own if line.note)]
        shown += [f"  {_text(line)}" for line in own if everything or line.state in _UNDER_WAY]
    return shown


def _counted(lines: Sequence[Line]) -> str:
    counts = Counter(line.state for line in lines)
    segments = f"{len(lines):,} segment{'s' if len(lines) != 1 else ''}"
    return f"{segments}, {', '.join(f'{count:,} {state}' for state, count in counts.most_common())}"


def _text(line: Line) -> str:
    """`firing  team=billing  59.6 (n 47), target 80, since 2026-11-17 15:07 UTC`."""
    parts = [f"{line.state:7}", segment_text(line.segment), _figures(line), line.note]
    if line.since and line.state in _UNDER_WAY:
        parts.append(f"since {moment(iso(line.since))}")
    return "  ".join(part for part in parts if part)


def _figures(line: Line) -> str:
    verdict = line.verdict
    if verdict is None or line.state == "absent" or isnan(verdict.value):
        return ""
    target = "" if isnan(verdict.target) else f", target {verdict.target:g}"
    return f"{verdict.value:.1f} (n {verdict.n:,}){target}"


def _json(line: Line) -> str:
    verdict = line.verdict
    figures: dict[str, float | int | None] = {}
    if verdict is not None:
        figures = {"value": _or_none(verdict.value), "n": verdict.n, "bound": _or_none(verdict.bound), "target": _or_none(verdict.target)}
    fields = {"rule": line.rule, "severity": line.severity, "segment": dict(line.segment), "state": line.state, "note": line.note}
    return json.dumps({**fields, "since": iso(line.since) if line.since else None, **figures}, ensure_ascii=False)


def _or_none(value: float) -> float | None:
    return None if isnan(value) else value
