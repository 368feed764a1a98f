"""The drive through history: leaving out what is quiet, and working in pieces, changes nothing."""

from __future__ import annotations

from itertools import pairwise

import pytest

from stream.alerts.book import Book
from stream.alerts.conditions import judge
from stream.alerts.rules import Rule
from stream.alerts.shipped import shipped_rules
from stream.alerts.targets import Targets
from stream.alerts.verdict import Key
from stream.backtest import run
from stream.backtest.episodes import Episode, Recorder
from stream.backtest.history import History
from stream.backtest.naive import METRIC, MIN_N, WINDOW
from stream.backtest.run import replay, replay_naive, stretches
from stream.backtest.sight import Replay, ReplaySight
from stream.backtest.simulate import Step, Traffic, simulate
from stream.durations import DAY, HOUR, MINUTE
from stream.segments import segment_key
from stream.settings import Settings

TARGETS = Targets.of(Settings())
A_DAY = DAY // MINUTE
LISTS = ((), ("team",))


def dipped(share: float = 0.4) -> History:
    """Two teams over 12 days; one has a bad day."""
    bad = Step(9 * A_DAY, 10 * A_DAY, satisfied=share)
    return simulate([Traffic({"team": "a"}, 15, 0.9, steps=(bad,)), Traffic({"team": "b"}, 15, 0.92)], 12, 11, LISTS)


def rules(*names: str) -> dict[str, Rule]:
    """Shipped rules by name."""
    return {name: rule for name, rule in shipped_rules().items() if name in names}


def every_minute(history: Replay, chosen: dict[str, Rule], first: int, last: int) -> list[Episode]:
    """The same drive without any short cut: a book that is shown every segment at every minute."""
    book, recorder = Book(chosen), Recorder()
    sight = ReplaySight(history, first, last)
    judged = {name: judge(rule, name, sight, TARGETS, {}) for name, rule in chosen.items()}
    for at, tick in enumerate(sight.ticks.tolist()):
        verdicts = {Key(name, segment_key(segment)): judged[name].at(row, at) for name in chosen for row, segment in enumerate(sight.segments)}
        for change in book.tick(tick, verdicts, live=True):
            if change.event == "fired":
                recorder.fired(change.key, change.since, change.memory.fired_at)
            if change.notify:
                recorder.said(change.key)
            if change.memory.inhibited_by:
                recorder.spoken_for(change.key)
            if change.event == "resolved":
                recorder.ended(change.key, change.memory.ended_at)
    return recorder.episodes()


def test_leaving_out_quiet_stretches_changes_nothing() -> None:
    """Pending, firing, inhibited and resolved episodes are those of a book that looks at everything."""
    history = Replay(dipped())
    chosen = rules("csat_dip", "csat_low", "budget")
    first, last = history.history.first + 8 * A_DAY, history.history.last
    found = replay(history, chosen, TARGETS, first, last)
    assert found.episodes == every_minute(history, chosen, first, last)
    told = {(episode.key.rule, episode.said, episode.spoken_for) for episode in found.episodes}
    assert told >= {("csat_dip", True, False), ("csat_dip", False, True)}


def test_working_in_pieces_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hour by hour, or all at once."""
    history = Replay(dipped())
    chosen = rules("csat_dip", "csat_low", "csat_drift", "signal_lost")
    first, last = history.history.first, history.history.last
    whole = replay(history, chosen, TARGETS, first, last)
    naive = replay_naive(history, TARGETS, first, last)
    monkeypatch.setattr(run, "_CELLS", 3 * 60 * 7)
    assert replay(history, chosen, TARGETS, first, last) == whole
    assert replay_naive(history, TARGETS, first, last) == naive
    assert naive.episodes


def test_pieces_end_with_hours_and_leave_nothing_out() -> None:
    """Every minute once."""
    found = list(stretches(61, 100_000, 500))
    assert found[0][0] == 61
    assert found[-1][1] == 100_000
    assert all(one[1] + 1 == other[0] and one[1] % 60 == 59 for one, other in pairwise(found))


def test_a_missed_target_lowers_what_pages() -> None:
    """A steady 0.70 against 80 %: after the ticket of target_missed nobody is paged, in whichever piece that comes."""
    history = Replay(simulate([Traffic({}, 20, 0.70)], 20, 5, ((),)))
    first, last = history.history.first, history.history.last
    alone = replay(history, rules("csat_dip"), TARGETS, first, last).episodes
    at_once = rules("target_missed")["target_missed"].model_copy(update={"min_history": None})
    both = replay(history, {**rules("csat_dip"), "target_missed": at_once}, TARGETS, first, last).episodes
    (missed,) = [episode for episode in both if episode.key.rule == "target_missed"]
    later = [episode for episode in both if episode.key.rule == "csat_dip" and episode.fired_at > missed.fired_at]
    assert missed.said
    assert [episode for episode in alone if episode.fired_at > missed.fired_at]
    assert later == []


def test_the_naive_rule_fires_whenever_it_holds() -> None:
    """Minute by minute: begins where the hour falls below target with ten ratings, ends where it does no more."""
    history = Replay(dipped())
    first, last = history.history.first, history.history.last
    found = replay_naive(history, TARGETS, first, last).episodes
    sight = ReplaySight(history, first, last)
    ratio = sight.ratio(METRIC, WINDOW)
    assert ratio is not None
    for row, segment in enumerate(sight.segments):
        below = [n >= MIN_N and 100 * part < 80 * n for part, n in zip(ratio.part[row].tolist(), ratio.whole[row].tolist(), strict=True)]
        begins = [minute for minute in range(len(below)) if below[minute] and not (minute and below[minute - 1])]
        own = [episode for episode in found if episode.key.segment == segment_key(segment)]
        assert [episode.fired_at // MINUTE - first for episode in own] == begins
        held = sum(((episode.ended_at or (last + 1) * MINUTE) - episode.fired_at) // MINUTE for episode in own)
        assert held == sum(below)


def test_rules_that_are_off_or_events_are_left_out() -> None:
    """They say nothing, and are not said to apply."""
    history = Replay(dipped())
    off = rules("csat_dip")["csat_dip"].model_copy(update={"enabled": False})
    found = replay(history, {"csat_dip": off, **rules("rating_lowest")}, TARGETS, history.history.first, history.history.last)
    assert found.episodes == []
    assert found.applied == frozenset()


def test_traits_of_rules() -> None:
    """How long they remember, and whether they judge a percentage."""
    traits = {name: run.trait_of(rule) for name, rule in shipped_rules().items()}
    assert traits["csat_dip"] == (4 * HOUR, "csat")
    assert traits["csat_drift"] == (30 * DAY, "csat")
    assert traits["signal_lost"] == (4 * HOUR, None)
    assert traits["oldest_waiting"] == (0, None)
