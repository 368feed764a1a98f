"""One partition of tickets: verdicts on records, clocks, flushes, and what is let go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stream.durations import DAY, HOUR, MINUTE
from stream.kpis.intake_counts import INTAKE_DEAD, INTAKE_RECORDS
from stream.settings import Settings
from stream.state import panes, partition
from stream.state.partition import MARKER_KEY
from stream.windows.spans import panes_held_from
from tests.helpdesk import NOON, TOPICS, Event, Record, closed, log, of_ticket, opened, rated, replied
from tests.pipeline import Pipeline

SETTINGS = Settings(segments=((),), windows=("all",))


def refused(*records: Record) -> list[str]:
    """Classes of the dead letters, by the order of the log."""
    pipeline = Pipeline(SETTINGS)
    pipeline.feed(records)
    return list(pipeline.refused.values())


def everywhere(time: int) -> list[Event]:
    """An event of another ticket on every topic: all clocks stand there."""
    return [Event("survey.offered", time, {}, f"T-{topic}-{time}", f"{topic}", topic=topic) for topic in range(4)]


def test_future_is_judged_by_the_brokers_timestamp() -> None:
    """5 minutes ahead is not future, a millisecond more is."""
    assert refused(*log([replace(opened(), ahead=5 * MINUTE)])) == []
    assert refused(*log([replace(opened(), ahead=5 * MINUTE + 1)])) == ["future"]


def test_late_is_judged_by_the_newest_of_its_topic_partition() -> None:
    """7 days before it is not late, a millisecond more is; other topics have clocks of their own."""
    newest = opened(NOON)
    assert refused(*log([newest, opened(NOON - 7 * DAY)])) == []
    assert refused(*log([newest, opened(NOON - 7 * DAY - 1)])) == ["late"]
    assert refused(*log([newest, replied(NOON - 8 * DAY)])) == []


def test_a_future_event_moves_no_clock() -> None:
    """What was refused as future makes nothing late."""
    assert refused(*log([opened(NOON), replace(opened(NOON + 30 * DAY), ahead=HOUR), opened(NOON)])) == ["future"]


def test_a_conflict_moves_the_clock() -> None:
    """It passed every check up to `future`."""
    first = replace(opened(NOON), id="x")
    assert refused(*log([first, replace(first, time=NOON + 8 * DAY), opened(NOON)])) == ["conflict", "late"]


def test_a_duplicate_is_no_dead_letter() -> None:
    """A conflict is, the second to arrive, whichever counts."""
    event = opened()
    assert refused(*log([event, event])) == []
    other = replace(event, data={"team": "red"})
    assert refused(*log([event, other])) == refused(*log([other, event])) == ["conflict"]


def test_records_below_the_state_are_skipped() -> None:
    """They were counted already."""
    pipeline, records = Pipeline(SETTINGS), log([rated(NOON, 5, "a"), rated(NOON, 5, "b")])
    pipeline.feed(records)
    pipeline.feed(records)
    pipeline.flush()
    assert sum(score.n for score in pipeline.scores(NOON).values() if score.metric == "csat") == 2
    assert pipeline.partitions[0].next_offsets == {TOPICS[3]: 2}


def test_dead_letters_are_passed_in_the_state_too() -> None:
    """The next offset is behind them."""
    pipeline = Pipeline(SETTINGS)
    pipeline.feed([Record(TOPICS[0], 0, 0, NOON, b"T-1", b"no json")])
    pipeline.flush()
    assert list(pipeline.refused.values()) == ["not_json"]
    assert pipeline.partitions[0].next_offsets == {TOPICS[0]: 1}


def test_a_flush_ends_with_its_marker() -> None:
    """Position, clocks and fingerprint are in the same step as what they stand for."""
    pipeline = Pipeline(SETTINGS)
    pipeline.feed(log([opened(), replied(NOON + 1)]))
    flush = pipeline.partitions[0].flush(*panes_held_from(NOON))
    assert flush.state[-1][0] == MARKER_KEY
    assert (flush.number, flush.marker.flush, flush.marker.fingerprint) == (1, 1, pipeline.rules.fingerprint)
    assert flush.marker.next_offsets == {TOPICS[0]: 1, TOPICS[1]: 1}
    assert flush.marker.newest == {TOPICS[0]: NOON, TOPICS[1]: NOON + 1}


def test_an_unchanged_partition_has_nothing_to_flush() -> None:
    """Only the marker."""
    pipeline = Pipeline(SETTINGS)
    pipeline.feed(log([opened()]))
    pipeline.flush()
    assert not pipeline.partitions[0].changed
    again = pipeline.partitions[0].flush(0, 0)
    assert ([key for key, _ in again.state], again.sums) == ([MARKER_KEY], [])


def test_what_contributes_the_same_writes_no_sum() -> None:
    """An internal note changes a ticket, but no figure; only that a record came in is counted."""
    pipeline, note = Pipeline(SETTINGS), replied(NOON + 2 * HOUR, public=False)
    pipeline.feed(log([opened(), note])[:1])
    pipeline.flush()
    pipeline.feed(log([opened(), note])[1:])
    sums = pipeline.partitions[0].flush(*panes_held_from(0)).sums
    assert [panes.cells_by_segment(packed) for _, packed in sums] == [{"{}": {INTAKE_RECORDS: 1}}]


def test_what_came_in_is_counted_by_the_brokers_minute() -> None:
    """Records and dead letters of every class, duplicates too, each once; minutes that are held no more are not counted."""
    pipeline, event = Pipeline(SETTINGS), opened(NOON)
    early = replace(opened(NOON), ahead=HOUR)
    bad = Record(TOPICS[0], 0, 4, NOON + MINUTE, b"T-1", b"no json")
    records = [*log([event, event, replace(event, data={"team": "red"}), early]), bad]
    pipeline.feed(records)
    pipeline.feed(records[2:])
    sums = pipeline.partitions[0].flush(0, 0).sums
    kept = {panes.decode_key(key)[:2]: panes.cells_by_segment(packed)["{}"] for key, packed in sums if key[:1] == b"N"}
    intake = {key: (cells[INTAKE_RECORDS], cells.get(INTAKE_DEAD, 0)) for key, cells in kept.items() if INTAKE_RECORDS in cells}
    noon = NOON // MINUTE
    assert intake == {("N", noon - 60): (1, 1), ("N", noon): (3, 1), ("N", noon + 1): (1, 1)}
    late = Pipeline(SETTINGS)
    late.flush(NOON + DAY)
    late.feed(records)
    assert not [key for key, _ in late.partitions[0].flush(*panes_held_from(NOON + DAY)).sums if key[:1] == b"N"]


def test_the_slowest_clock_needs_all_four_topics() -> None:
    """The least newest event time; none while a topic is empty."""
    pipeline, events = Pipeline(SETTINGS), log([opened(NOON + 3), replied(NOON + 2), closed(NOON + 1), rated(NOON, 5)])
    pipeline.feed(events[:3])
    assert pipeline.partitions[0].slowest is None
    pipeline.feed(events[3:])
    assert pipeline.partitions[0].slowest == NOON


def test_a_closed_ticket_is_let_go_when_nothing_can_join_it() -> None:
    """28 days after its last event by the slowest clock: 21 of the gap, 7 of lateness. Its figures stay.

    |last event|---- 21 d: same life ----|---- 7 d: late ----|gone
    """
    end = NOON + 28 * DAY
    pipeline = Pipeline(SETTINGS)
    records = log([opened(), closed(NOON), *everywhere(end), *everywhere(end + HOUR)])
    pipeline.feed(records[:6])
    pipeline.flush()
    assert len(pipeline.partitions[0]) == 5
    pipeline.feed(records[6:])
    pipeline.flush()
    assert len(pipeline.partitions[0]) == 8
    assert pipeline.changelogs[0].count((b"TT-1", None)) == 1
    found = {score.metric: score.n for score in pipeline.scores(end + 20 * DAY).values()}
    assert found["resolution_first"] == 1


def test_a_clock_that_leaps_lets_tickets_go_a_few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first rating after months of silence makes thousands due: each flush looks at so many, or twice those that changed."""
    monkeypatch.setattr(partition, "MOST_SWEPT", 3)
    end = NOON + 60 * DAY
    pipeline = Pipeline(SETTINGS)
    closed_ones = [event for number in range(20) for event in of_ticket(f"T-{number}", opened(NOON + number), closed(NOON + HOUR + number))]
    records = log([*closed_ones, *everywhere(end)])
    pipeline.feed(records[:-4])
    pipeline.flush()
    pipeline.feed(records[-4:])
    left = []
    while pipeline.partitions[0].changed:
        pipeline.flush()
        left.append(len(pipeline.partitions[0]))
    assert left == [4 + 20 - 2 * 4, 13, 10, 7, 4, 4]
    found = {score.metric: score.n for score in pipeline.scores(end).values()}
    assert found["resolution_first"] == 20


def test_who_waits_is_known_after_a_restart() -> None:
    """The oldest waiting ticket stays the oldest when another joins it, and gives way when it is answered."""
    pipeline = Pipeline(SETTINGS)
    records = log([opened(NOON), *of_ticket("T-2", opened(NOON + 1)), replied(NOON + 2)])
    oldest = []
    for record in records:
        pipeline.feed([record])
        pipeline.flush()
        pipeline.restart(compacted=True)
        oldest += [found for _, found in pipeline.partitions[0].waiting.items()]
    assert oldest == [(NOON, "T-1"), (NOON, "T-1"), (NOON + 1, "T-2")]


def test_an_open_ticket_is_kept_while_it_is_not_too_old() -> None:
    """However long it is quiet."""
    pipeline = Pipeline(SETTINGS)
    pipeline.feed(log([opened(), *everywhere(NOON + 399 * DAY)]))
    pipeline.flush()
    assert len(pipeline.partitions[0]) == 5
