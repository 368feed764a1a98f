"""`rules`: every rule in every segment, as the scorer last saw it: its state, and where it is dormant or can't be judged, why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from schemas.times import iso
from stream.alerts.book import Book
from stream.alerts.conditions import judge
from stream.alerts.conditions.scope import covered
from stream.alerts.dormant import dormant
from stream.alerts.live import LiveSight
from stream.alerts.machine import unit_of
from stream.alerts.memory import Memory, State
from stream.alerts.needs import needs_of
from stream.alerts.rules import Intake, Rating, Rule
from stream.alerts.shipped import rules_in_force
from stream.alerts.silences import Silence, matching
from stream.alerts.targets import Targets
from stream.alerts.verdict import Key, Verdicts
from stream.alerts.why_not import why_dormant, why_not
from stream.cli.common import remark, require_broker, write_lines
from stream.cli.rule_lines import UNDER_WAY, Line, json_line, texts
from stream.cli.silence import read_silences
from stream.clock import real_ms
from stream.engine.alert_log import CLOCK_KEY, clock_of
from stream.engine.control import current_generation
from stream.engine.names import Names
from stream.engine.read_back import latest, read_all
from stream.engine.scorer import changes
from stream.engine.silence_log import standing
from stream.errors import UsageError
from stream.segment_text import EVERYTHING, segment_text
from stream.segments import Dimensions, parse_segment, segment_key
from stream.settings import Settings
from stream.windows.board import Board

_AT_REST = Memory()


async def run_rules(settings: Settings, rule: str | None, segment: Mapping[str, str] | None, *, everything: bool, as_json: bool) -> None:
    """Show the rules: counted by state and those that are not at rest, or every one."""
    rules = {name: found for name, found in rules_in_force(settings).items() if found.enabled and rule in {None, name}}
    if not rules:
        raise UsageError(f"--rule {rule} does not exist or is switched off; there are {', '.join(sorted(rules_in_force(settings)))}")
    await require_broker(settings)
    clock = (await latest(settings, settings.topics.alerts)).get(CLOCK_KEY)
    tick, memories = clock_of(clock, settings.topics.alerts) if clock else (0, {})
    silences = [standing(found) for found in await read_silences(settings)]
    board = await _board(settings, rules)
    found = [line for line in lines_of(rules, settings, board, tick, memories, silences) if segment is None or line.segment == segment]
    if as_json:
        write_lines([json_line(line) for line in found])
    else:
        write_lines(lines_shown(found, everything=everything or segment is not None))
        remark(f"as of {iso(tick)}" if tick else "no worker has looked at the rules yet")
    if segment is not None and not found:
        remark(_nothing_of(segment, rule, settings, board))


def _nothing_of(segment: Mapping[str, str], rule: str | None, settings: Settings, board: Board) -> str:
    """Why no rule has a line for a segment."""
    if set(segment) not in [set(dimensions) for dimensions in settings.segments]:
        lists = [" x ".join(name for name in Dimensions._fields if name in dimensions) or EVERYTHING for dimensions in settings.segments]
        return f"{segment_text(segment)} is no segment of the settings; there are {', '.join(lists)}"
    if segment in board.figures().segments:
        return f"{rule or 'no rule'} does not cover {segment_text(segment)}"
    return f"nothing has been counted in {segment_text(segment)} yet"


async def _board(settings: Settings, rules: Mapping[str, Rule]) -> Board:
    """The sums of all partitions, as a scorer would hold them."""
    board = Board(settings, needs_of(rules.values()))
    names = Names(settings.app, (await current_generation(settings)).number)
    async for record in read_all(settings, names.sums):
        board.apply(record.partition, changes([record]))
    return board


def lines_of(
    rules: Mapping[str, Rule], settings: Settings, board: Board, tick: int, memories: Mapping[Key, Memory], silences: Sequence[Silence] = ()
) -> Iterator[Line]:
    """A line for each rule and segment it covers; one line for a rule that covers none yet."""
    for line in _judged(rules, settings, board, tick, memories):
        # As the scorer does: what counts is whether a silence stands at the tick.
        yield replace(line, silence=matching(silences, Key(line.rule, segment_key(line.segment)), tick or real_ms()))


def _judged(rules: Mapping[str, Rule], settings: Settings, board: Board, tick: int, memories: Mapping[Key, Memory]) -> Iterator[Line]:
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
        by = parse_segment(memory.inhibited_by) if memory.inhibited_by and state in UNDER_WAY else None
        yield Line(name, rule.severity, segment, state, note, memory.since, verdicts.at(row), rule.kind, unit_of(rule), by)
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
        shown += [f"  {text}" for line in own if everything or line.state in UNDER_WAY for text in texts(line)]
    return shown


def _counted(lines: Sequence[Line]) -> str:
    counts, quiet = Counter(line.state for line in lines), Counter(line.state for line in lines if line.is_quiet)
    segments = f"{len(lines):,} segment{'s' if len(lines) != 1 else ''}"
    states = (f"{count:,} {state}{f' ({quiet[state]:,} quiet)' if quiet[state] else ''}" for state, count in counts.most_common())
    return f"{segments}, {', '.join(states)}"
