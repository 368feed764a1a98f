"""Figures of all segments at once: they say what the scores say, whether published or not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.scores import parse_key
from stream.durations import DAY, HOUR, MINUTE
from stream.kpis.registry import all_metrics
from stream.segments import segment_key
from stream.settings import Settings
from stream.windows.figures import Parts
from stream.windows.needs import Needs
from tests.helpdesk import MIDNIGHT, NOON, Event, closed, log, of_ticket, opened, rated, replied
from tests.pipeline import Pipeline
from tests.properties.strategies import event_lists

WINDOWS = ("15m", "1h", "4h", "24h", "7d", "30d")
PUBLISHED = Settings(segments=((), ("team",)), windows=WINDOWS)
PERCENTAGES = [metric.name for _, metric in all_metrics() if metric.ratio]
NEEDS = Needs({name: frozenset(WINDOWS) for name in PERCENTAGES}, frozenset(PERCENTAGES))


def pipeline_of(events: list[Event], chosen: Settings, *, partitions: int = 2) -> Pipeline:
    """A board that has seen these events."""
    pipeline = Pipeline(chosen, partitions, NEEDS)
    pipeline.feed(log(events, partitions))
    pipeline.flush()
    return pipeline


def test_every_percentage_has_its_ratio() -> None:
    """Rules read many segments at once by it."""
    assert [metric.name for _, metric in all_metrics() if (metric.unit == "percent") != (metric.ratio is not None)] == []


@settings(max_examples=15)
@given(events=event_lists(12), later=st.integers(0, 3 * DAY))
def test_proportions_are_those_of_the_scores(events: list[Event], later: int) -> None:
    """Part and whole of every published percentage."""
    pipeline = pipeline_of(events, PUBLISHED)
    now = MIDNIGHT + DAY + later
    scores = pipeline.scores(now)
    figures = pipeline.board.figures()
    for key, score in scores.items():
        metric, segment, window = parse_key(key)
        if metric in PERCENTAGES:
            row = figures.row(segment_key(segment))
            parts = figures.proportion(metric, window)
            assert row is not None
            assert parts is not None
            assert parts.whole[row] == score.n
            assert round(100 * int(parts.part[row]) / score.n, 4) == score.value


@settings(max_examples=15)
@given(events=event_lists(12), later=st.integers(0, 3 * DAY))
def test_windows_of_rules_need_not_be_published(events: list[Event], later: int) -> None:
    """With and without publishing them, the same."""
    now = MIDNIGHT + DAY + later
    published = pipeline_of(events, PUBLISHED)
    hidden = pipeline_of(events, PUBLISHED.model_copy(update={"windows": ("all",)}))
    assert {parse_key(key).window for key in hidden.scores(now)} <= {"all", "now"}
    published.scores(now)
    one, other = published.board.figures(), hidden.board.figures()
    for name in PERCENTAGES:
        for window in WINDOWS:
            assert _lists(one.proportion(name, window)) == _lists(other.proportion(name, window))


@settings(max_examples=15)
@given(events=event_lists(12), later=st.integers(0, 3 * DAY))
def test_hour_panes_add_up_to_windows(events: list[Event], later: int) -> None:
    """A window of hours is the sum of its hour panes."""
    pipeline = pipeline_of(events, PUBLISHED)
    pipeline.scores(MIDNIGHT + DAY + later)
    figures = pipeline.board.figures()
    hours, window = figures.hourly("csat", 24), figures.proportion("csat", "24h")
    assert hours is not None
    assert window is not None
    assert hours.whole.sum(axis=1).tolist() == window.whole.tolist()
    assert hours.part.sum(axis=1).tolist() == window.part.tolist()


@pytest.mark.parametrize(("window", "length"), [("15m", 15 * MINUTE), ("4h", 4 * HOUR), ("24h", DAY), ("7d", 7 * DAY)])
def test_the_window_before_ends_where_the_window_begins(window: str, length: int) -> None:
    """One rating in each of the two; the older is bad."""
    events = [rated(NOON - length, 1), rated(NOON, 5, "s")]
    pipeline = pipeline_of(events, PUBLISHED, partitions=1)
    pipeline.board.move(NOON)
    figures = pipeline.board.figures()
    assert _lists(figures.proportion("csat", window)) == [[1, 1], [1, 1]]
    assert _lists(figures.before("csat", window)) == [[0, 0], [1, 1]]


def test_no_window_before_where_its_panes_are_gone() -> None:
    """Hour panes reach back 40 days, so there is nothing to compare 30 days with."""
    pipeline = pipeline_of([rated(NOON, 5)], PUBLISHED, partitions=1)
    pipeline.board.move(NOON)
    assert pipeline.board.figures().before("csat", "30d") is None


def test_between_two_times() -> None:
    """To the minute where minutes are kept of a figure, else by the hours that the times lie in."""
    resolved = [opened(NOON - 2 * HOUR), replied(NOON - 50 * MINUTE), closed(NOON - 50 * MINUTE)]
    pipeline = pipeline_of([*resolved, rated(NOON - 50 * MINUTE, 5), rated(NOON - 20 * MINUTE, 1, "s")], PUBLISHED, partitions=1)
    pipeline.board.move(NOON)
    figures = pipeline.board.figures()
    begin, end = NOON - 30 * MINUTE, NOON - MINUTE
    assert _lists(figures.between("csat", "24h", begin, end)) == [[0, 0], [1, 1]]
    assert _lists(figures.between("fcr_one_touch_provisional", "24h", begin, end)) == [[1, 1], [1, 1]]
    assert figures.between("backlog", "now", begin, end) is None


def test_the_oldest_of_every_segment() -> None:
    """NaN where nobody waits."""
    waiting = of_ticket("T-2", opened(NOON, team="blue"))
    answered = [opened(NOON - HOUR, team="red"), replied(NOON - MINUTE)]
    pipeline = pipeline_of([*answered, *waiting], PUBLISHED, partitions=1)
    pipeline.board.move(NOON)
    figures = pipeline.board.figures()
    oldest = dict(zip((str(dict(segment)) for segment in figures.segments), figures.oldest().tolist(), strict=True))
    assert oldest["{}"] == oldest["{'team': 'blue'}"] == NOON
    assert oldest["{'team': 'red'}"] != oldest["{'team': 'red'}"]


def _lists(parts: Parts | None) -> list[list[int]] | None:
    return None if parts is None else [parts.part.tolist(), parts.whole.tolist()]
