"""Files to events: each checked as the stream will check it, in the order of event time, with an account of every row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from schemas.essence import Closed, Essence, Merged, Opened, Reopened, Replied
from schemas.read import Reader
from stream.errors import UsageError
from stream.intake.choose import keep_first, refuse_conflicts
from stream.intake.drafts import Checker, Draft, own_drafts
from stream.intake.mapped import mapped_drafts
from stream.intake.mapping import Mapping
from stream.intake.rows import RowFault
from stream.setting_parts import Topics
from stream.settings import Settings


@dataclass(frozen=True, slots=True)
class IntakeEvent:
    """One event ready to be produced: its time in ms, topic, key, value (JSON), and the line it comes from."""

    time_ms: int
    topic_name: str
    key: bytes
    value: bytes
    line: int


@dataclass(slots=True)
class Intake:
    """What some files hold: events by time, rows with faults by place; `skipped` rows were meant to make no event."""

    events: list[IntakeEvent] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    skipped: int = 0
    rows: int = 0


_TABLE_ENDINGS = (".csv", ".tsv", ".txt")


def read_events(files: Sequence[Path], mapping: Mapping | None, settings: Settings, *, now: int | None = None) -> Intake:
    """The events of all files; without a mapping they hold our own events as JSON lines. `now` (ms): what is later is refused."""
    if mapping is None:
        _check_own(files)
    else:
        _check_sources(files, mapping)
    checker = Checker(Reader(settings.scale_rules, settings.follow_up.tags), None if now is None else now + settings.future)
    found = [own_drafts(file, checker) if mapping is None else mapped_drafts(file, mapping, checker) for file in files]
    keep_first(found)
    refuse_conflicts(found)
    drafts = sorted((draft for one in found for draft in one.drafts), key=lambda draft: draft.essence.time)
    return Intake(
        events=[_event(draft, settings.topics) for draft in drafts],
        faults=[fault for one in found for fault in sorted(one.faults, key=lambda fault: fault.line)],
        skipped=sum(one.skipped for one in found),
        rows=sum(one.rows for one in found),
    )


def topic_of(essence: Essence, topics: Topics) -> str:
    """The topic that an event belongs on."""
    if isinstance(essence, Opened):
        return topics.opened
    if isinstance(essence, Replied):
        return topics.replied
    return topics.closed if isinstance(essence, Closed | Reopened | Merged) else topics.ratings


def _event(draft: Draft, topics: Topics) -> IntakeEvent:
    return IntakeEvent(draft.essence.time, topic_of(draft.essence, topics), draft.ticket_id.encode(), draft.value, draft.line)


def _check_own(files: Sequence[Path]) -> None:
    """Without a mapping only JSON lines of our own events can be read."""
    tables = [file.name for file in files if file.suffix.lower() in _TABLE_ENDINGS]
    if tables:
        raise UsageError(f"{', '.join(tables)}: a table needs --mapping, which says how its rows become events (examples/ holds some)")


def _check_sources(files: Sequence[Path], mapping: Mapping) -> None:
    """Ids by line number are unique in one file only, so two files must not share a source."""
    if len(files) <= 1 or all(rule.id is not None for rule in mapping.events):
        return
    if mapping.source is not None:
        raise UsageError("several files with one `source` would share ids: give each event of the mapping an `id`, or leave `source` out")
    if len({file.stem for file in files}) < len(files):
        raise UsageError("two files have the same name, so their events would share ids: rename one, or give each event of the mapping an `id`")
