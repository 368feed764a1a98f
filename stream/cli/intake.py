"""`import`: rows of files to events on the source topics; what can't be read is listed by line and counted, never dropped silently."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from stream.cli.common import err, remark, require_broker, write_lines
from stream.clock import real_ms
from stream.intake.events import Intake, IntakeEvent, read_events
from stream.intake.load import load_mapping
from stream.intake.mapping import Mapping
from stream.intake.produce import produce
from stream.settings import Settings

SHOWN_FAULTS = 20


def run_import(settings: Settings, files: Sequence[Path], mapping_file: Path | None, faults_file: Path | None) -> int:
    """Import everything readable; 1 where some rows could not be read, otherwise 0."""
    asyncio.run(require_broker(settings))
    mapping = load_mapping(mapping_file) if mapping_file else None
    intake = read(files, mapping, settings)
    with progress_of(len(intake.events)) as advance:
        asyncio.run(produce(settings, intake.events, advance))
    tell_faults(intake, faults_file)
    write_lines([summary(intake)])
    return 1 if intake.faults else 0


def read(files: Sequence[Path], mapping: Mapping | None, settings: Settings) -> Intake:
    """The events of all files, with a word on the terminal while it lasts."""
    with err().status("reading") if err().is_terminal else _nothing():
        return read_events(files, mapping, settings, now=real_ms())


def summary(intake: Intake) -> str:
    """`N rows, N events, N skipped, N could not be read`."""
    return f"{intake.rows:,} rows, {len(intake.events):,} events, {intake.skipped:,} skipped, {len(intake.faults):,} could not be read"


def tell_faults(intake: Intake, faults_file: Path | None) -> None:
    """The first rows that can't be read on stderr, or all into a file."""
    lines = [str(fault) for fault in intake.faults]
    if faults_file is not None:
        faults_file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return
    for line in lines[:SHOWN_FAULTS]:
        remark(line)
    if len(lines) > SHOWN_FAULTS:
        remark(f"... and {len(lines) - SHOWN_FAULTS:,} more; --faults FILE writes all of them")


def newest_time(events: Sequence[IntakeEvent]) -> int | None:
    """Time of the newest event in ms."""
    return max((event.time_ms for event in events), default=None)


@contextmanager
def progress_of(total: int) -> Iterator[Callable[[int], None]]:
    """A bar that is told how many more events have been acknowledged; nothing where stderr is no terminal."""
    if not err().is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=err(), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda more: progress.advance(task, more)


@contextmanager
def _nothing() -> Iterator[None]:
    yield
