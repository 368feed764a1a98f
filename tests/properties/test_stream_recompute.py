"""The stream's scores are what the auditor works out from the raw events, for any event list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream.audit.auditor import Auditor
from stream.audit.diff import compare
from stream.audit.log import judge
from stream.settings import Settings
from tests.helpdesk import Event, log
from tests.pipeline import Pipeline, run
from tests.properties import strategies


@given(strategies.doubled(), strategies.settings(), strategies.nows, st.integers(1, 2))
def test_stream_is_recompute(events: list[Event], settings: Settings, nows: list[int], partitions: int) -> None:
    """At any now, every score of the topic is the auditor's, and nothing is missing; so are the dead letters."""
    records = log(events, partitions)
    pipeline = run(records, settings, partitions)
    judged = judge(records, settings)
    assert pipeline.refused == judged.dead_letters
    auditor = Auditor(judged, settings)
    for now in nows:
        comparison = compare(auditor, pipeline.scores(now), now, {})
        assert [str(difference) for difference in comparison.differences] == []


@given(strategies.histories(), strategies.settings(short=True), strategies.nows)
def test_stream_is_recompute_when_tickets_are_let_go(parts: list[list[Event]], settings: Settings, nows: list[int]) -> None:
    """The same where the clocks move on between flushes, so that tickets grow too old and leave the state."""
    records = log([event for part in parts for event in part])
    pipeline = Pipeline(settings)
    done = 0
    for part in parts:
        pipeline.feed(records[done : done + len(part)])
        pipeline.flush()
        done += len(part)
    partition = pipeline.partitions[0]
    assert [low.ticket for low in partition.lows.all() if partition._tickets.get(low.ticket) is None] == []
    judged = judge(records, settings)
    assert pipeline.refused == judged.dead_letters
    auditor = Auditor(judged, settings)
    for now in nows:
        comparison = compare(auditor, pipeline.scores(now), now, {})
        assert [str(difference) for difference in comparison.differences] == []
