"""`try`: the whole way on files of one's own, from an embedded Kafka to the table, and everything stopped again."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from schemas.scores import Score
from schemas.times import iso
from stream.audit.topics import read_scores
from stream.board.table import in_order
from stream.cli.child import running_worker
from stream.cli.common import Common, remark
from stream.cli.embedded import create_all, embedded, end_on_sigterm, run_until_sigterm, starting_text, throwaway_kafka
from stream.cli.intake import newest_time, read, summary, tell_faults
from stream.cli.scores import json_line, print_scores
from stream.cli.steps import Steps, steps
from stream.errors import UsageError
from stream.intake.events import Intake
from stream.intake.load import load_mapping
from stream.intake.mapping import Mapping
from stream.intake.produce import produce
from stream.setting_parts import ALL
from stream.settings import Settings

PARTITIONS = 4
MANY = 60
"""More scores than this nobody reads through: the table is a selection then."""
_LONG_WINDOWS = ("30d", ALL, "now")
_HEADLINES = ("csat", "first_response")
_STOP_SECONDS = 10.0
_NOTHING_IS_LATE = "36500d"


def run_try(common: Common, files: Sequence[Path], mapping_file: Path | None, as_of: int | None, out_file: Path | None) -> int:
    """Score the files and show it; 1 where some rows could not be read, otherwise 0. `as_of` in ms; the newest event where None."""
    end_on_sigterm()
    _require_writable(out_file)
    mapping = load_mapping(mapping_file) if mapping_file else None
    intake = read(files, mapping, common.settings(_own(mapping)))
    newest = newest_time(intake.events)
    if newest is None:
        tell_faults(intake, None)
        raise UsageError(f"no events to score: {summary(intake)}")
    now = newest if as_of is None else as_of
    with steps() as told:
        scores = _through_kafka(common, mapping, intake, now, told)
    if out_file is not None:
        out_file.write_text("".join(f"{json_line(score)}\n" for score in in_order(scores)), encoding="utf-8")
    tell_faults(intake, None)
    _show(scores, out_file)
    remark(f"{summary(intake)}; {len(scores):,} scores as of {iso(now)}")
    return 1 if intake.faults else 0


def _require_writable(path: Path | None) -> None:
    """UsageError now rather than after all the work."""
    if path is None:
        return
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        raise UsageError(f"--out {path} can't be written: {error.strerror}") from None


def _through_kafka(common: Common, mapping: Mapping | None, intake: Intake, now: int, told: Steps) -> list[Score]:
    told.say(starting_text())
    with throwaway_kafka() as kafka, tempfile.TemporaryDirectory(prefix="csat-stream-try-") as folder:
        settings = common.settings({**_own(mapping), **_at_once(now), **embedded(kafka)})
        return run_until_sigterm(_score(settings, intake, Path(folder), told))


async def _score(settings: Settings, intake: Intake, folder: Path, told: Steps) -> list[Score]:
    """Import everything, let a worker score all of it, and read what it published."""
    await create_all(settings, PARTITIONS)
    total, done = len(intake.events), 0

    def advance(more: int) -> None:
        nonlocal done
        done += more
        told.update(f"importing events: {done:,} of {total:,}")

    told.say(f"importing {total:,} events")
    await produce(settings, intake.events, advance)
    told.say("scoring")
    with running_worker(settings, folder, patience=_STOP_SECONDS) as worker:
        await worker.until_ready()
        return list((await read_scores(settings)).scores.values())


def _own(mapping: Mapping | None) -> dict[str, Any]:
    return dict(mapping.settings) if mapping else {}


def _at_once(now: int) -> dict[str, Any]:
    """Now stands still, nothing is late, and every score is published without a wait."""
    return {"clock": {"fixed": now}, "lateness": _NOTHING_IS_LATE, "publish": {"min": 1, "max": 1}, "flush_interval": 50}


def _show(scores: Sequence[Score], out_file: Path | None) -> None:
    """All scores, or of many those that come first to mind."""
    shown = [score for score in scores if len(scores) <= MANY or is_headline(score)]
    print_scores(shown)
    if len(shown) < len(scores):
        rest = f"all {len(scores):,} scores are in {out_file}" if out_file else f"--out FILE writes all {len(scores):,} scores"
        remark(f"shown: everything over {', '.join(_LONG_WINDOWS)}, and {' and '.join(_HEADLINES)} of each segment; {rest}")


def is_headline(score: Score) -> bool:
    """Whether it belongs to the short selection: long windows of the whole, and two figures of each segment."""
    if not score.segment:
        return score.window in _LONG_WINDOWS
    return score.metric in _HEADLINES and score.window == ALL
