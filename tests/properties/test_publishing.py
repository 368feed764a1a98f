"""The board over time: sliding is jumping, and what was published last is right."""

from __future__ import annotations

from itertools import accumulate, pairwise
from operator import add

from hypothesis import given
from hypothesis import strategies as st

from stream.audit.auditor import Auditor
from stream.audit.diff import compare
from stream.audit.log import judge
from stream.durations import DAY, HOUR, MINUTE
from stream.settings import Settings
from stream.windows.published import ScoreRecord
from tests.helpdesk import MIDNIGHT, Event, log
from tests.pipeline import KEEP_ALL, Pipeline, latest, plain, run
from tests.properties import strategies

steps = st.lists(st.sampled_from((1, 999, MINUTE, 16 * MINUTE, HOUR, 5 * HOUR, DAY, 8 * DAY)), min_size=1, max_size=8)
slides = st.lists(st.sampled_from((MINUTE, 14 * MINUTE, 50 * MINUTE, 3 * HOUR, 23 * HOUR, 6 * DAY)), min_size=3, max_size=8)
"""Steps that are shorter than one window or another, so that panes leave it one by one."""
pauses = st.sampled_from((0, 500, MINUTE))
"""Of the wall clock between two publications: some keys are not due again yet."""
walls = st.sampled_from((KEEP_ALL, MIDNIGHT + 8 * DAY, MIDNIGHT + 45 * DAY))


@given(st.builds(add, strategies.doubled(), strategies.rating_lists()), strategies.settings(), slides, walls)
def test_sliding_is_jumping(events: list[Event], settings: Settings, moves: list[int], wall: int) -> None:
    """A board moved in many steps says what a board moved once says."""
    slid, jumped = Pipeline(settings), Pipeline(settings)
    for pipeline in (slid, jumped):
        pipeline.feed(log(events))
        pipeline.flush(wall)
    now = MIDNIGHT
    for step in moves:
        slid.board.move(now)
        now += step
    assert plain(slid.scores(now)) == plain(jumped.scores(now))


@given(strategies.doubled(), strategies.settings(), steps, st.data())
def test_what_was_published_last_is_right(events: list[Event], settings: Settings, moves: list[int], data: st.DataObject) -> None:
    """Once it is quiet, each key's last record is right at its own time, counts what counts now, and none is missing or left over."""
    _published_last_is_right(events, settings, moves, data)


@given(strategies.rating_lists(), st.lists(st.integers(1, 4 * MINUTE), min_size=4, max_size=12), st.data())
def test_what_was_published_last_is_right_in_minutes(events: list[Event], moves: list[int], data: st.DataObject) -> None:
    """The same for windows of minutes, where much arrives after its window has slid on."""
    _published_last_is_right(events, Settings(segments=((),), windows=("15m",)), moves, data)


def _published_last_is_right(events: list[Event], settings: Settings, moves: list[int], data: st.DataObject) -> None:
    records = log(events)
    pipeline = Pipeline(settings)
    published: list[ScoreRecord] = []
    now, wall, done = MIDNIGHT, 0, 0
    for step in moves:
        upto = data.draw(st.integers(done, len(records)))
        pipeline.feed(records[done:upto])
        pipeline.flush()
        pipeline.board.move(now)
        published += pipeline.board.due(wall)
        now, wall, done = now + step, wall + data.draw(pauses), upto
    pipeline.feed(records[done:])
    pipeline.flush()
    pipeline.board.move(now)
    for minutes in range(3):
        published += pipeline.board.due(wall + minutes * MINUTE)
    comparison = compare(Auditor(judge(records, settings), settings), latest(published), now, {})
    assert [str(found) for found in (*comparison.differences, *comparison.stale)] == []


@given(strategies.doubled(), strategies.settings(), steps)
def test_revisions_count_the_records_of_a_key(events: list[Event], settings: Settings, moves: list[int]) -> None:
    """Each key's revisions run from 1 without a gap, tombstones included, and never two tombstones follow each other."""
    pipeline = run(log(events), settings)
    seen: dict[bytes, list[ScoreRecord]] = {}
    for now in accumulate(moves, initial=MIDNIGHT):
        pipeline.board.move(now)
        for record in pipeline.board.current():
            seen.setdefault(record.key, []).append(record)
    for history in seen.values():
        assert [record.revision for record in history] == list(range(1, len(history) + 1))
        gone = [record.value is None for record in history]
        assert not gone[0]
        assert (True, True) not in pairwise(gone)
