"""Scores do not depend on how events arrive: their order, doubles, batches, partitions, restarts."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from stream.audit.log import Position
from stream.durations import DAY, MINUTE
from stream.kpis.intake_counts import INTAKE_DEAD, INTAKE_RECORDS
from stream.settings import Settings
from stream.state import panes
from stream.state.lows import Low, decode, name_of
from stream.state.partition import MARKER_KEY, TICKET_KEY
from tests.helpdesk import MIDNIGHT, Event, log
from tests.pipeline import KEEP_ALL, Pipeline, plain, run
from tests.properties import strategies
from tests.properties.feeding import feed_interrupted, parts_of

NEVER = 10_000 * DAY
walls = st.sampled_from((KEEP_ALL, KEEP_ALL, MIDNIGHT + 8 * DAY, MIDNIGHT + 45 * DAY))
"""Wall clocks of a flush: early ones keep every pane, late ones let go of some."""


@given(strategies.event_lists(), strategies.settings(on_time=True), strategies.nows, st.data())
def test_order(events: list[Event], settings: Settings, nows: list[int], data: st.DataObject) -> None:
    """Any order of arrival gives the same tickets and the same scores."""
    other = data.draw(st.permutations(events))
    one, two = run(log(events), settings), run(log(other), settings)
    assert _tickets(two) == _tickets(one)
    assert _lows(two) == _lows(one)
    for now in nows:
        assert plain(two.scores(now)) == plain(one.scores(now))


@given(strategies.event_lists(), strategies.one_event, strategies.one_event, strategies.settings(on_time=True))
def test_order_of_two_bodies(events: list[Event], one: Event, other: Event, settings: Settings) -> None:
    """Of two bodies under one identity the same one counts, whichever came first."""
    other = replace(other, ticket=one.ticket, source=one.source, id=one.id)
    first, second = run(log([*events, one, other]), settings), run(log([*events, other, one]), settings)
    assert _tickets(first) == _tickets(second)


@given(strategies.event_lists(), strategies.settings(on_time=True), strategies.nows, st.data())
def test_duplication(events: list[Event], settings: Settings, nows: list[int], data: st.DataObject) -> None:
    """Events that arrive again, in any order, change nothing."""
    again = data.draw(st.permutations(events))
    once = run(log(events), settings)
    twice = run(log([*events, *again]), settings)
    assert _tickets(twice) == _tickets(once)
    for now in nows:
        assert plain(twice.scores(now)) == plain(once.scores(now))


@given(strategies.doubled(), strategies.settings(), strategies.nows, st.data())
def test_batches(events: list[Event], settings: Settings, nows: list[int], data: st.DataObject) -> None:
    """Wherever chunks and flushes end, scores and dead letters are the same."""
    records = log(events)
    whole, parts = run(records, settings), Pipeline(settings)
    for part in parts_of(records, data):
        parts.feed(part)
        if data.draw(st.booleans()):
            parts.flush()
    parts.flush()
    assert parts.refused == whole.refused
    for now in nows:
        assert plain(parts.scores(now)) == plain(whole.scores(now))


@given(strategies.doubled(), strategies.settings(), strategies.nows, st.data())
def test_restart(events: list[Event], settings: Settings, nows: list[int], data: st.DataObject) -> None:
    """A partition that is loaded from its changelog, compacted or not, goes on as if it had never stopped."""
    steady, restarted = Pipeline(settings), Pipeline(settings)
    for part in parts_of(log(events), data):
        flushes, wall = data.draw(st.booleans()), data.draw(walls)
        for pipeline in (steady, restarted):
            pipeline.feed(part)
            if flushes:
                pipeline.flush(wall)
        restarted.restart(compacted=data.draw(st.booleans()))
    steady.flush()
    restarted.flush()
    assert _content(restarted) == _content(steady)
    for now in nows:
        assert plain(restarted.scores(now)) == plain(steady.scores(now))


@given(strategies.doubled(), strategies.settings(), strategies.nows, walls, st.data())
def test_restart_of_the_board(events: list[Event], settings: Settings, nows: list[int], wall: int, data: st.DataObject) -> None:
    """A board that reads the sums anew says the same as one that followed them."""
    pipeline = Pipeline(settings)
    pipeline.board.move(MIDNIGHT)
    for part in parts_of(log(events), data):
        pipeline.feed(part)
        pipeline.flush()
    pipeline.flush(wall)
    followed = [pipeline.scores(now) for now in nows][-1]
    pipeline.restart_board()
    assert plain(pipeline.scores(nows[-1])) == plain(followed)


@given(strategies.doubled(), strategies.settings(on_time=True), strategies.nows, st.integers(2, 3))
def test_partitions(events: list[Event], settings: Settings, nows: list[int], partitions: int) -> None:
    """The sums of several partitions add up to those of one, where no ticket grows too old: its age is told by the partition's own clock."""
    settings = settings.model_copy(update={"max_open_age": NEVER})
    one, several = run(log(events), settings), run(log(events, partitions), settings, partitions)
    for now in nows:
        assert plain(several.scores(now)) == plain(one.scores(now))


@given(
    strategies.doubled(),
    strategies.settings(on_time=True),
    strategies.nows,
    st.lists(walls, min_size=2, max_size=2),
    st.sampled_from(("ticket.merged", "ticket.closed")),
)
def test_adding_and_taking_back(events: list[Event], settings: Settings, nows: list[int], clocks: list[int], kind: str) -> None:
    """Once every ticket is void, nothing is left: no sum in any pane or the base, and no score."""
    settings = settings.model_copy(update={"max_open_age": NEVER, "life_gap": NEVER})
    end = max(event.time for event in events) + 1
    data = {"spam": True} if kind == "ticket.closed" else {"merged_into": "T-9"}
    voids = [Event(kind, end, data, ticket, id="void") for ticket in {event.ticket for event in events}]
    records = log([*events, *voids])
    pipeline = Pipeline(settings)
    pipeline.feed(records[: len(events)])
    pipeline.flush(clocks[0])
    pipeline.scores(nows[0])
    pipeline.feed(records[len(events) :])
    pipeline.flush(clocks[1])
    assert _sums_but_intake(pipeline) == []
    assert list(pipeline.partitions[0].waiting.items()) == []
    assert list(pipeline.partitions[0].lows.oldest.items()) == []
    assert _lows(pipeline) == []
    assert all(pipeline.scores(now) == {} for now in nows)


@given(strategies.doubled(), strategies.settings(), st.data())
def test_intake_counts(events: list[Event], settings: Settings, data: st.DataObject) -> None:
    """Records and dead letters by minute of the broker's timestamp, each once, wherever chunks, flushes and restarts come between."""
    pipeline, records = Pipeline(settings), log(events)
    feed_interrupted(pipeline, records, data)
    minutes = {Position(record.topic, record.partition, record.offset): record.timestamp // MINUTE for record in records}
    dead = Counter(minutes[position] for position in pipeline.refused)
    assert _intake(pipeline) == {minute: (number, dead[minute]) for minute, number in Counter(minutes.values()).items()}


@given(strategies.doubled(), strategies.settings(), walls, st.data())
def test_low_ratings_in_the_sums_topic(events: list[Event], settings: Settings, wall: int, data: st.DataObject) -> None:
    """Whoever reads the sums topic, now or anew, holds the low ratings that the partition does."""
    pipeline = Pipeline(settings)
    for part in parts_of(log(events), data):
        pipeline.feed(part)
        pipeline.flush(wall)
    held = {name_of(low): low for low in pipeline.partitions[0].lows.all()}
    for _ in range(2):
        assert {name: decode(packed) for name, packed in pipeline.board.take_low_ratings() if packed} == held
        pipeline.restart_board()


def _lows(pipeline: Pipeline) -> list[Low]:
    """Low ratings of the only partition."""
    return sorted(pipeline.partitions[0].lows.all(), key=name_of)


def _sums_but_intake(pipeline: Pipeline) -> list[tuple[str, int, str]]:
    """Panes and segments in which anything but records is counted."""
    own = {INTAKE_RECORDS, INTAKE_DEAD}
    return [place for place, cells in pipeline.partitions[0].sums.cells().items() if cells.keys() - own]


def _intake(pipeline: Pipeline) -> dict[int, tuple[int, int]]:
    """Records and dead letters of the only partition by minute."""
    cells = pipeline.partitions[0].sums.cells()
    counts = {place[1]: (found.get(INTAKE_RECORDS, 0), found.get(INTAKE_DEAD, 0)) for place, found in cells.items() if place[::2] == ("N", "{}")}
    return {minute: pair for minute, pair in counts.items() if any(pair)}


def _tickets(pipeline: Pipeline) -> dict[bytes, bytes | None]:
    """Every ticket as the changelog holds it."""
    return {key: value for key, value in pipeline.changelogs[0] if key.startswith(TICKET_KEY)}


def _content(pipeline: Pipeline) -> list[dict[object, object]]:
    """What each compacted changelog holds in the end, with sums by segment and cell; not the markers: they count flushes."""
    return [_readable({key: value for key, value in changelog if key != MARKER_KEY}) for changelog in pipeline.changelogs]


def _readable(records: dict[bytes, bytes | None]) -> dict[object, object]:
    """Which segments share a page depends on which came first, what they hold does not."""
    found: dict[object, object] = {}
    for key, value in records.items():
        if key[:1].decode() in panes.SLOT_BITS:
            found.update({(*panes.decode_key(key)[:2], name): cells for name, cells in panes.cells_by_segment(value).items()})
        else:
            found[key] = value
    return found
