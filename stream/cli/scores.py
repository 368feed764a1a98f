"""`scores`: what the score topic says now, as a table, as plain lines or as JSON lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from schemas.scores import Score
from stream.audit.topics import read_scores
from stream.board.table import in_order, plain_lines, scores_table
from stream.cli.common import Choice, out, remark, require_broker, write_lines
from stream.settings import Settings


async def show_scores(settings: Settings, choice: Choice, *, as_json: bool) -> None:
    """Print the scores that were asked for."""
    await require_broker(settings)
    log = await read_scores(settings)
    found = chosen(log.scores.values(), choice)
    if log.unreadable:
        remark(f"{log.unreadable} records of {settings.topics.scores} are no scores")
    if not found:
        remark(_nothing(settings, choice, len(log.scores)))
    elif as_json:
        write_lines([json_line(score) for score in in_order(found)])
    else:
        print_scores(found)


def chosen(scores: Iterable[Score], choice: Choice) -> list[Score]:
    """The scores that were asked for."""
    return [score for score in scores if choice.takes(score.metric, score.segment, score.window)]


def print_scores(scores: Sequence[Score]) -> None:
    """A table on a terminal, one line a score elsewhere."""
    console = out()
    if console.is_terminal:
        console.print(scores_table(scores, width=console.width))
    else:
        write_lines(plain_lines(scores))


def json_line(score: Score) -> str:
    """One score as one line of JSON."""
    return score.model_dump_json()


def _nothing(settings: Settings, choice: Choice, total: int) -> str:
    if not total:
        return f"no scores in {settings.topics.scores} yet"
    return f"none of the {total:,} scores is {choice}"


def by_key(scores: Mapping[bytes, Score], choice: Choice) -> dict[bytes, Score]:
    """The same, keeping the keys of the records."""
    return {key: score for key, score in scores.items() if choice.takes(score.metric, score.segment, score.window)}
