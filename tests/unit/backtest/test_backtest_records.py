"""History from records: at any tick its sums are what the stream publishes, and who waits is who waited then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.scores import score_key
from stream.alerts.verdict import Ints
from stream.backtest.history import Cases
from stream.backtest.records import of_records
from stream.backtest.sight import Replay, ReplaySight
from stream.durations import DAY, HOUR, MINUTE, SECOND
from stream.kpis.registry import all_metrics
from stream.segments import segment_key
from stream.setting_parts import ALL, window_length
from stream.settings import Settings
from tests.helpdesk import MIDNIGHT, NOON, Event, closed, log, of_ticket, opened, rated, reopened, replied
from tests.pipeline import run
from tests.properties import strategies

PROPORTIONS = frozenset(metric.name for _, metric in all_metrics() if metric.ratio)


def is_short(window: str) -> bool:
    """Whether minute panes make it up."""
    return window != ALL and window_length(window) <= 4 * HOUR


def figures_of(sight: ReplaySight, windows: Sequence[str]) -> Iterator[tuple[bytes, int, float]]:
    """Key, n and percentage of everything that the sight of one tick holds."""
    for metric in PROPORTIONS:
        for window in windows:
            found = sight.ratio(metric, window)
            for row, segment in enumerate(sight.segments if found else ()):
                assert found is not None
                part, whole = int(found.part[row, 0]), int(found.whole[row, 0])
                if whole > 0:
                    yield score_key(metric, dict(segment), window), whole, round(100 * part / whole, 4)


@given(strategies.doubled(), strategies.settings(), strategies.nows, st.integers(1, 2))
def test_history_holds_what_the_stream_publishes(events: list[Event], settings: Settings, nows: list[int], partitions: int) -> None:
    """Every percentage of every segment and window, without agents: conflicts, corrections, lives and late events included.

    Long windows are compared at the end of an hour: before it the stream's hour pane, which has read on, already holds the rest of the hour.
    """
    records = log(events, partitions)
    history = of_records(records, settings, PROPORTIONS)
    pipeline = run(records, settings, partitions)
    ticks = sorted({now // unit * unit + unit - 1 for now in nows for unit in (MINUTE, HOUR)})
    for tick in ticks:
        windows = [window for window in settings.windows if is_short(window) or (tick + 1) % HOUR == 0]
        published = {
            key: (score.n, score.value)
            for key, score in pipeline.scores(tick).items()
            if score.metric in PROPORTIONS and score.window in windows and "agent" not in score.segment
        }
        found: dict[bytes, tuple[int, float]] = {}
        if history is not None:
            sight = ReplaySight(Replay(history), tick // MINUTE, tick // MINUTE)
            found = {key: (n, value) for key, n, value in figures_of(sight, windows)}
        assert found == published


_LASTING = Settings(lateness=strategies.ON_TIME, future=strategies.ON_TIME)


@given(strategies.event_lists(), strategies.nows)
def test_who_waits_is_who_waited_then(events: list[Event], nows: list[int]) -> None:
    """The oldest waiting ticket at a tick is that of a stream which has read no further."""
    known = [replace(event, id=f"{number}") for number, event in enumerate(events) if event.type != "ticket.merged" and not event.data.get("spam")]
    history = of_records(log(known), _LASTING, ("csat",))
    for now in nows:
        tick = now // MINUTE * MINUTE + MINUTE - 1
        until_now = sorted((event for event in known if event.time <= tick), key=lambda event: event.time)
        scores = run(log(until_now), _LASTING).scores(tick).values() if until_now else ()
        expected = {segment_key(score.segment): score.value for score in scores if score.metric == "oldest_waiting"}
        found: dict[str, float] = {}
        if history is not None:
            sight = ReplaySight(Replay(history), tick // MINUTE, tick // MINUTE)
            oldest = zip(sight.segments, sight.oldest()[:, 0].tolist(), strict=True)
            found = {segment_key(segment): value / SECOND for segment, value in oldest if not np.isnan(value)}
        assert found == expected


def test_a_ticket_waits_until_it_is_answered_or_closed() -> None:
    """And again from its reopening on."""
    events = [opened(NOON), closed(NOON + 10), reopened(NOON + 20), replied(NOON + 30), *of_ticket("T-2", opened(NOON + 5))]
    history = of_records(log(events), Settings(), ("csat",))
    assert history is not None
    spans = sorted((wait.opened - NOON, wait.begin - NOON, min(wait.end - NOON, DAY)) for wait in history.waits)
    assert spans == [(0, 0, 10), (0, 20, 30), (5, 5, DAY)]


def test_nothing_that_counts_is_no_history() -> None:
    """None, so that the command can say so."""
    assert of_records([], Settings(), ("csat",)) is None
    assert of_records(log([replied(NOON)]), Settings(), ("csat",)) is None


def test_dead_letters_are_counted_by_the_brokers_clock() -> None:
    """All records, and those that can't be read, by the minute of their timestamp."""
    early = Event("rating.submitted", NOON + 10 * MINUTE, {"score": 5}, ahead=7 * MINUTE, id="ahead")
    history = of_records(log([rated(NOON, 5), rated(NOON, 99), early]), Settings(), ("csat",))
    assert history is not None
    first = NOON // MINUTE
    assert list(zip(*(column.tolist() for column in history.intake[1:]), strict=True)) == [(first, 1, 2), (first + 3, 1, 1)]


def test_a_correction_stands_where_the_first_rating_was() -> None:
    """One case, at the time of the first, with the latest value; the metric of first ratings keeps the first."""
    history = of_records(log([rated(NOON, 5, "s"), rated(NOON + DAY, 1, "s")]), Settings(), ("csat", "csat_first"))
    assert history is not None
    found = {name: tuple(int(column.sum()) for column in cases.short[2:]) for name, cases in history.cases.items()}
    assert found == {"csat": (0, 1), "csat_first": (1, 1)}
    assert history.cases["csat"].short.minutes.tolist() == [NOON // MINUTE]
    assert (history.first, history.last) == (NOON // MINUTE, NOON // MINUTE)


def test_a_missed_target_counts_from_the_next_pane() -> None:
    """A deadline in the middle of an hour: the next minute pane in short windows, the next hour pane in long ones."""
    history = of_records(log([opened(MIDNIGHT + 90 * SECOND, channel="chat")]), Settings(), ("first_response_within",))
    assert history is not None
    cases: Cases = history.cases["first_response_within"]
    minutes: Ints = np.array([cases.short.minutes[0], cases.long.minutes[0]]) - MIDNIGHT // MINUTE
    assert minutes.tolist() == [62, 120]


def test_agents_are_left_out() -> None:
    """Their segments never slide; the rest is as it is."""
    settings: dict[str, Any] = {"segments": ((), ("agent",), ("team", "agent"), ("team",)), "agents": "on"}
    history = of_records(log([rated(NOON, 5, agent="ann", team="blue")]), Settings(**settings), ("csat",))
    assert history is not None
    assert [dict(segment) for segment in Replay(history).members.segments] == [{}, {"team": "blue"}]
