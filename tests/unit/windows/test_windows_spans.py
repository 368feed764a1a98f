"""Which panes a window is made of, to the pane. Each ruler shows panes; `=` are counted, `n` holds now."""

from __future__ import annotations

import pytest

from stream.durations import DAY, HOUR, MINUTE
from stream.kpis.definition import Span
from stream.settings import Settings
from stream.state.panes import HOURS_KEPT, MINUTES_KEPT
from stream.windows.spans import panes_held_from, windows_of
from tests.helpdesk import MIDNIGHT, NOON, Event, of_ticket, opened, rated, replied
from tests.pipeline import figure, scores

AGENTS = Settings(segments=(("agent",),), agents="on", min_group=2)


def counted(window: str, rated_at: int, now: int) -> bool:
    """Whether a rating is in a window."""
    return figure("csat", rated(rated_at, 5), now=now, window=window) is not None


@pytest.mark.parametrize(("window", "length"), [("15m", 15 * MINUTE), ("1h", HOUR), ("4h", 4 * HOUR)])
def test_windows_up_to_4h_are_minute_panes(window: str, length: int) -> None:
    """The minute of now is in, the minute a window ago is out.

    minutes  |11:45|11:46| ... |11:59|12:00|12:01|
    15m             =====  ===  ===== ==n==          now = 12:00:30
    """
    now = NOON + 30_000
    assert counted(window, NOON, now)
    assert counted(window, NOON + 59_999, now)
    assert not counted(window, NOON + MINUTE, now)
    assert counted(window, NOON - length + MINUTE, now)
    assert not counted(window, NOON - length + MINUTE - 1, now)


@pytest.mark.parametrize(("window", "length"), [("24h", DAY), ("7d", 7 * DAY), ("30d", 30 * DAY)])
def test_longer_windows_are_hour_panes(window: str, length: int) -> None:
    """The hour of now is in as a whole, the hour a window ago is out.

    hours  |12 |13 | ... |11 |12 |13 |
    24h         ===  ===  === =n=        now = 12:30 the next day
    """
    now = NOON + HOUR // 2
    assert counted(window, NOON + HOUR - 1, now)
    assert not counted(window, NOON + HOUR, now)
    assert counted(window, NOON - length + HOUR, now)
    assert not counted(window, NOON - length + HOUR - 1, now)


def test_all_is_every_hour_pane_up_to_now() -> None:
    """However old; panes ahead count once now reaches them.

    hours  |1970| ... |11 |12 |13 |
    all     ====  ===  === =n=
    """
    assert counted("all", 0, NOON)
    assert counted("all", NOON + HOUR - 1, NOON)
    assert not counted("all", NOON + HOUR, NOON)
    assert counted("all", NOON + HOUR, NOON + HOUR)


@pytest.mark.parametrize(("window", "length"), [("2m", 2 * MINUTE), ("240m", 4 * HOUR), ("5h", 5 * HOUR), ("48h", 2 * DAY)])
def test_other_windows_are_cut_alike(window: str, length: int) -> None:
    """Minutes up to 4h, hours beyond: the pane of now is in, the one a window ago is out."""
    pane = MINUTE if length <= 4 * HOUR else HOUR
    assert counted(window, NOON, NOON)
    assert counted(window, NOON - length + pane, NOON)
    assert not counted(window, NOON - length + pane - 1, NOON)


@pytest.mark.parametrize(("window", "panes"), [("24h", 24), ("7d", 168), ("30d", 720), ("all", None)])
def test_matured_windows_end_seven_days_before_now(window: str, panes: int | None) -> None:
    """The hour 7 days before now's is the last.

    hours  | -8d ... -7d | ... | now |
    24h         =========         n
    """
    (found,) = [each for each in windows_of(Span.MATURED, Settings(), by_day=False) if each.name == window]
    assert (found.panes, found.shift, found.last(NOON)) == (panes, 168, NOON // HOUR - 168)


def test_which_windows_each_kind_has() -> None:
    """Matured and agent-level figures begin at 24h, provisional ones are 24h and 7d."""

    def names(span: Span, *, by_day: bool) -> list[str]:
        return [window.name for window in windows_of(span, Settings(), by_day=by_day)]

    assert names(Span.SLIDING, by_day=False) == ["15m", "1h", "4h", "24h", "7d", "30d", "all"]
    assert names(Span.MATURED, by_day=False) == ["24h", "7d", "30d", "all"]
    assert names(Span.PROVISIONAL, by_day=False) == ["24h", "7d"]
    assert names(Span.SLIDING, by_day=True) == ["24h", "7d", "30d", "all"]
    assert names(Span.PROVISIONAL, by_day=True) == ["24h", "7d"]


def agent_rated(rated_at: int, now: int, window: str, settings: Settings = AGENTS) -> bool:
    """Whether two ratings of an agent are in a window of the agent level."""
    two: list[Event] = [event for ticket in ("T-1", "T-2") for event in of_ticket(ticket, rated(rated_at, 5, agent="ann"))]
    return figure("csat", *two, now=now, window=window, segment={"agent": "ann"}, settings=settings) is not None


@pytest.mark.parametrize("window", ["24h", "all"])
def test_agent_windows_end_at_midnight(window: str) -> None:
    """They never slide within a day.

    hours  |00 ... 23|00 ... 12 ... 23|
    24h     =========           n          now = noon: yesterday alone
    """
    assert agent_rated(MIDNIGHT - 1, NOON, window)
    assert not agent_rated(MIDNIGHT, NOON, window)
    assert not agent_rated(MIDNIGHT, MIDNIGHT + DAY - 1, window)
    assert agent_rated(MIDNIGHT, MIDNIGHT + DAY, window)
    assert agent_rated(MIDNIGHT - DAY, NOON, window)
    assert agent_rated(MIDNIGHT - DAY - 1, NOON, window) is (window == "all")


def test_agent_windows_end_at_a_fixed_now() -> None:
    """Where now stands still, days need not be whole."""
    fixed = AGENTS.model_copy(update={"clock": AGENTS.clock.model_copy(update={"fixed": NOON})})
    assert agent_rated(NOON, NOON, "24h", fixed)
    assert not agent_rated(NOON + HOUR, NOON, "24h", fixed)


@pytest.mark.parametrize("window", ["15m", "1h", "4h"])
def test_agent_level_has_no_short_windows(window: str) -> None:
    """24h and longer only."""
    assert not agent_rated(NOON, NOON, window)


def test_now_and_as_of_are_one() -> None:
    """A score is stamped with the now it was read at, to the millisecond."""
    found = scores([opened(), replied(NOON + 1)], NOON + 1)
    assert {score.as_of for score in found.values()} == {"2024-10-04T12:00:00.001Z"}


def test_panes_held_move_by_whole_hours() -> None:
    """8 h of minutes and 40 d of hours before the hour of the wall clock."""
    hour = NOON // HOUR
    assert panes_held_from(NOON) == panes_held_from(NOON + HOUR - 1) == (hour * 60 - MINUTES_KEPT, hour - HOURS_KEPT)
    assert (MINUTES_KEPT, HOURS_KEPT) == (480, 960)
