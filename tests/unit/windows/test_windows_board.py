"""The board: what is published when, tombstones, revisions, and windows that are not whole."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from schemas.scores import parse_key, score_key
from stream.durations import DAY, HOUR, MINUTE, SECOND
from stream.settings import Settings
from stream.state import marker
from stream.windows import table
from stream.windows.board import STATUS_KEY
from stream.windows.needs import Needs
from tests.helpdesk import NOON, log, merged, of_ticket, rated
from tests.pipeline import Pipeline, latest, plain

SETTINGS = Settings(segments=((),), windows=("1h", "24h", "all"))


def rated_once() -> Pipeline:
    """A board at noon that has seen one rating of noon."""
    pipeline = Pipeline(SETTINGS)
    pipeline.feed(log([rated(NOON, 5)]))
    pipeline.flush()
    pipeline.board.move(NOON)
    return pipeline


def windows_due(pipeline: Pipeline, wall: int, *, gone: bool = False) -> list[str]:
    """Windows of `csat` published (or withdrawn) at a wall-clock time."""
    keys = [parse_key(record.key) for record in pipeline.board.due(wall) if (record.value is None) is gone]
    return [key.window for key in keys if key.metric == "csat"]


def test_a_flush_counts_as_a_whole() -> None:
    """An earlier rating of the same survey moves a case to another hour: however its sums come in, it is never there twice, nor gone."""
    earlier = rated(NOON - 3 * HOUR, 5)
    pipeline = rated_once()
    before = plain(pipeline.scores(NOON))
    pipeline.feed(log([rated(NOON, 5), earlier])[1:])
    flush = pipeline.partitions[0].flush(0, 0)
    sums = [*flush.sums, (STATUS_KEY, marker.encode(flush.marker))]
    assert len(sums) > 2
    board, last = pipeline.board, pipeline.board.status[0]
    for record in sums[:-1]:
        board.apply(0, [record])
        assert not board.settle()
        assert plain(pipeline.scores(NOON)) == before
        assert board.unfinished() == {0: last}
    board.apply(0, sums[-1:])
    assert board.settle()
    assert board.unfinished() == {}
    after = pipeline.scores(NOON)
    assert plain(after) != before
    assert after[score_key("csat", {}, "24h")].n == 1


def test_a_quiet_key_is_published_at_once() -> None:
    """And only once."""
    pipeline = rated_once()
    assert windows_due(pipeline, 0) == ["1h", "24h", "all"]
    assert windows_due(pipeline, DAY) == []


def test_a_busy_key_is_published_at_its_pace() -> None:
    """1h after 1 s, 24h after 24 s, `all` after 60 s: always ending with the last value.

    wall s  0        1        24       60
    rated   |first   |second
    out     1h 24h all  1h       24h      all
    """
    pipeline = rated_once()
    windows_due(pipeline, 0)
    pipeline.feed(log([rated(NOON, 5), rated(NOON + 1, 1, "s")])[1:])
    pipeline.flush()
    assert windows_due(pipeline, SECOND - 1) == []
    assert windows_due(pipeline, SECOND) == ["1h"]
    assert windows_due(pipeline, 24 * SECOND) == ["24h"]
    assert windows_due(pipeline, MINUTE - 1) == []
    assert windows_due(pipeline, MINUTE) == ["all"]


def test_the_pace_is_kept_though_nobody_looks_when_a_turn_comes() -> None:
    """Looked at every 305 ms, a score that changes all the time comes once a second and not every 1,220 ms; never sooner than after half a second."""
    records = log([rated(NOON + number, 5, f"s{number}") for number in range(200)])
    pipeline = Pipeline(SETTINGS)
    published = []
    for number, record in enumerate(records):
        pipeline.feed([record])
        pipeline.flush()
        pipeline.board.move(NOON)
        published += [number * 305] * windows_due(pipeline, number * 305).count("1h")
    gaps = [after - before for before, after in pairwise(published)]
    assert len(published) == 200 * 305 // SECOND
    assert min(gaps) >= SECOND // 2
    assert max(gaps) <= SECOND + 305


def test_turns_are_spread_over_the_interval() -> None:
    """Scores of many teams that change all the time do not all come in one pass."""
    pipeline = Pipeline(Settings(segments=(("team",),), windows=SETTINGS.windows))
    offsets: dict[tuple[str, int], int] = {}
    published = []
    for number in range(20):
        events = [rated(NOON + number, 5, f"s{number}-{team}", team=f"team{team}") for team in range(40)]
        pipeline.feed([event.record(offsets, 1) for event in events])
        pipeline.flush()
        pipeline.board.move(NOON)
        published.append(windows_due(pipeline, number * 250).count("1h"))
    assert published[0] == 40
    assert sum(published[4:]) == 4 * 40
    assert max(published[4:]) <= 15


def of_six_teams(monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """A board at noon with a rating of each, of which a pass makes the records of one longer window at most."""
    monkeypatch.setattr(table, "MOST_A_PASS", 5)
    pipeline = Pipeline(Settings(segments=(("team",),), windows=("1h", "24h", "7d", "all")))
    pipeline.feed(log([rated(NOON, 5, f"t{number}", team=f"t{number}") for number in range(6)]))
    pipeline.flush()
    pipeline.board.move(NOON)
    return pipeline


def test_longer_windows_wait_where_a_pass_has_made_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shortest come whole in the first pass, the others in turns; in the end each of them has come once."""
    pipeline = of_six_teams(monkeypatch)
    passes = [Counter(windows_due(pipeline, 0)) for _ in range(5)]
    assert passes == [{"1h": 6, "24h": 6}, {"7d": 6}, {"all": 6}, {}, {}]


def test_no_window_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much the shortest windows have to say in every pass, a longer one comes too."""
    pipeline = of_six_teams(monkeypatch)
    passes = []
    for number in range(120):
        pipeline.board._plain.touch_all()  # as if every figure changed all the time
        passes += windows_due(pipeline, number * 1_500)
    found = Counter(passes)
    assert found["1h"] == 120 * 6
    assert found["24h"] >= 6 * 6
    assert min(found["7d"], found["all"]) >= 3 * 6


def test_sliding_out_is_published_as_a_tombstone() -> None:
    """N = 0: no record, and a tombstone where there was one."""
    pipeline = rated_once()
    windows_due(pipeline, 0)
    pipeline.board.move(NOON + HOUR)
    assert windows_due(pipeline, HOUR) == []
    pipeline.board.move(NOON + HOUR + MINUTE)
    assert windows_due(rated_once(), 0) == ["1h", "24h", "all"]
    pipeline.board.move(NOON + DAY)
    assert windows_due(pipeline, DAY, gone=True) == ["24h"]


def test_revision_goes_on_after_a_tombstone() -> None:
    """It counts the records of a key."""
    pipeline = rated_once()
    first = {record.key: record for record in pipeline.board.due(0)}
    pipeline.feed(log([rated(NOON, 5), merged(NOON + 1)])[1:])
    pipeline.flush()
    second = {record.key: record for record in pipeline.board.due(DAY)}
    key = score_key("csat", {}, "all")
    assert (first[key].revision, second[key].revision, second[key].value) == (1, 2, None)


def test_revision_goes_on_after_a_restart() -> None:
    """What the topic holds is remembered."""
    pipeline, key = rated_once(), score_key("csat", {}, "all")
    pipeline.restart_board()
    pipeline.board.remember(key, 7, exists=True)
    assert pipeline.scores(NOON)[key].revision == 8


def test_a_score_that_nothing_can_update_is_withdrawn() -> None:
    """An unknown window, metric or segment gets a tombstone at the first full publication."""
    pipeline = rated_once()
    stray = [score_key("csat", {}, "3h"), score_key("csats", {}, "all"), score_key("csat", {"team": "x"}, "all")]
    for key in stray:
        pipeline.board.remember(key, 1, exists=True)
    gone = [record.key for record in pipeline.board.current() if record.value is None]
    assert sorted(gone) == sorted(stray)


def test_an_agents_score_that_slid_away_is_withdrawn() -> None:
    """A score that was there before a restart and is not any more."""
    pipeline, key = rated_once(), score_key("csat", {}, "1h")
    pipeline.restart_board()
    pipeline.board.remember(key, 3, exists=True)
    pipeline.board.move(NOON + 2 * HOUR)
    assert (key, None, 4) in [tuple(record) for record in pipeline.board.current()]


def test_hours_that_rules_read_are_let_go() -> None:
    """Panes of more than 40 days ago are not kept for rules over weeks, either."""
    pipeline = Pipeline(SETTINGS, needs=Needs(hourly=frozenset({"csat"})))
    pipeline.feed(log([rated(NOON, 5), *of_ticket("T-2", rated(NOON + 30 * DAY, 5, "later"))]))
    pipeline.flush()
    hourly = pipeline.board._plain.hourly
    pipeline.board.move(NOON + 30 * DAY)
    assert len(hourly._panes) == 2
    pipeline.board.move(NOON + 41 * DAY)
    assert list(hourly._panes) == [(NOON + 30 * DAY) // HOUR]


def test_now_never_goes_back() -> None:
    """An earlier now leaves the board where it is."""
    pipeline = rated_once()
    pipeline.board.move(NOON - DAY)
    assert pipeline.board.now == NOON


def test_nothing_is_published_without_a_now() -> None:
    """Before anything is known."""
    assert Pipeline(SETTINGS).board.due(0) == []


def test_a_window_is_published_only_while_all_its_panes_are_held() -> None:
    """During a long backlog the short windows appear when it has been read.

    wall = now + 8 h: minute panes from now on, so 1h is missing; + 41 d: hour panes too, so only `all` is left ... and that only once now is there
    """
    pipeline = Pipeline(SETTINGS)
    pipeline.feed(log([rated(NOON, 5)]))
    pipeline.flush(NOON + 8 * HOUR)
    assert {score.window for score in pipeline.scores(NOON).values()} == {"24h", "all"}
    pipeline.flush(NOON + 41 * DAY)
    assert pipeline.scores(NOON) == {}
    assert {score.window for score in pipeline.scores(NOON + DAY).values()} == {"all"}


def test_all_outlives_the_panes() -> None:
    """Old hour panes are folded into one sum that only `all` reads."""
    pipeline = rated_once()
    pipeline.flush(NOON + 100 * DAY)
    found = pipeline.scores(NOON + 100 * DAY)
    assert found[score_key("csat", {}, "all")].n == 1


def test_a_late_event_corrects_what_was_read_before_the_window_slid_on() -> None:
    """The record of noon counted the panes from 11:01, so it must not stand when one of them changes, though now's window begins later.

    hours  |11:01|11:02| ... |12:00| ... |12:30|
    noon    =================== n
    now                |L|   ==================  n    the late event L is outside, yet the record is renewed
    """
    pipeline = rated_once()
    assert "1h" in windows_due(pipeline, 0)
    pipeline.board.move(NOON + 30 * MINUTE)
    assert windows_due(pipeline, HOUR) == []
    pipeline.feed(log([rated(NOON, 5), rated(NOON - 50 * MINUTE, 1, "s")])[1:])
    pipeline.flush()
    assert "1h" in windows_due(pipeline, 2 * HOUR)


def test_a_late_event_corrects_the_past() -> None:
    """It is published again, in every window that holds its time."""
    pipeline = rated_once()
    published = pipeline.board.due(0)
    pipeline.feed(log([rated(NOON, 5), rated(NOON - 30 * MINUTE, 1, "s")])[1:])
    pipeline.flush()
    published += pipeline.board.due(HOUR)
    assert {window: latest(published)[score_key("csat", {}, window)].n for window in ("1h", "24h", "all")} == {"1h": 2, "24h": 2, "all": 2}
