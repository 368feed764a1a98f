"""Alerts under the table: those that speak for themselves, the most urgent first, with why; and one line each for plain output."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console, Group

from schemas.alerts import Alert
from schemas.times import iso
from stream.alerts.why import Counts
from stream.board.alerts import alert_line, alerts_panel, shown
from stream.durations import HOUR, MINUTE, SECOND
from tests.unit.alerts.alert_examples import TEN, alert, firing, resolved

NOW = TEN + 3 * HOUR + 30 * MINUTE


def fired(team: str = "billing", minutes: int = 0) -> Alert:
    """An alert of a team that began so many minutes after ten."""
    return alert(segment={"team": team}).model_copy(update={"since": iso(TEN + minutes * MINUTE)})


def all_clear() -> Alert:
    """It was over at 13:20."""
    return alert(memory=resolved(), event="resolved", known={"episode": Counts(40, 60)})


def text_of(alerts: list[Alert], *, width: int = 80, height: int = 30, now: int = NOW) -> str:
    """What a terminal of this size shows."""
    out = StringIO()
    Console(file=out, width=width).print(Group(*alerts_panel(alerts, now, width=width, height=height)))
    return out.getvalue()


def test_an_alert_says_what_holds_since_when_and_why() -> None:
    """Rule, segment, state, since; the summary and the children below."""
    lines = text_of([fired()], width=150).splitlines()
    assert lines[1] == "firing csat_dip, team billing, since 10:00 (page); said 10:05:"
    assert lines[2].startswith("  CSAT of team billing fell to 61.2 % (4h, n=49, upper bound 78.9 %, target 80 %): 19 unhappy of 49")
    assert lines[3].startswith("  Why: -28.8 points against the window before: by channel chat -")
    assert lines[3].count(", email -") == 1


def test_the_lines_fit_the_width() -> None:
    """Nothing is cut off at 80 columns."""
    text = text_of([fired()])
    assert max(map(len, text.splitlines())) <= 80
    assert "target 80" in text
    assert "email -" in text


def test_what_others_speak_for_is_counted() -> None:
    """It is said once."""
    child = alert(segment={"team": "billing", "channel": "chat"}, memory=firing(inhibited_by='{"team":"billing"}'))
    text = text_of([fired(), child])
    assert text.startswith("Alerts not at rest; 1 more that these speak for\n")
    assert "channel chat, since" not in text


def test_the_most_urgent_and_newest_come_first() -> None:
    """All-clears of the last hour, then what fires, pages first; what is pending last, and what is at rest not at all."""
    pending = fired("b").model_copy(update={"state": "pending"})
    ticket = fired("c", 40).model_copy(update={"severity": "ticket"})
    resting = fired("d").model_copy(update={"state": "ok", "since": None})
    found = shown([pending, ticket, fired("e", 10), fired("f", 20), resting, all_clear()], NOW)
    assert [each.segment["team"] for each in found] == ["billing", "f", "e", "c", "b"]


def test_an_all_clear_is_shown_for_an_hour() -> None:
    """Then it is history."""
    over = TEN + 3 * HOUR + 20 * MINUTE
    assert shown([all_clear()], over + HOUR - SECOND) != []
    assert shown([all_clear()], over + HOUR) == []
    assert "resolved csat_dip, team billing, at 13:20 (page)" in text_of([all_clear()])


def test_an_end_that_nobody_was_told_of_is_no_news() -> None:
    """The alert itself was never said either."""
    assert shown([all_clear().model_copy(update={"notify": False})], NOW) == []


def test_a_small_screen_names_what_does_not_fit() -> None:
    """In one line; the first alert is always there."""
    text = text_of([fired("a"), fired("b"), fired("c", 5)], height=1)
    assert "team c, since 10:05" in text
    assert "2 more: csat_dip of team a; csat_dip of team b" in text
    assert len(text.splitlines()) <= 9


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_last_line_names_as_many_as_fit(width: int) -> None:
    """The others are counted; nothing is cut off in the middle of a name."""
    last = text_of([fired(), *(fired(f"team {number}") for number in range(9))], width=width, height=1).splitlines()[-2]
    names = last.removeprefix("9 more: ").split("; ")
    others = int(names.pop().split(" ")[0])
    assert len(names) + others == 9
    assert [name.startswith("csat_dip of team ") and name.endswith('"') for name in names] == [True] * len(names)
    assert width - 27 < len(last) <= width


def test_what_was_said_has_its_time() -> None:
    """Hours later too, for the figures in the words are those of then; an all-clear and what is only pending say none."""
    assert "; said 10:05:" in text_of([fired()], now=NOW + 5 * HOUR)
    assert "said" not in text_of([fired().model_copy(update={"state": "pending"})])
    assert "said" not in text_of([all_clear()])


def test_no_alerts() -> None:
    """That is worth a line."""
    assert text_of([]) == "No alerts.\n\n"


def test_plain_lines_say_all_of_it() -> None:
    """When it fires with why, when it is over with what it cost."""
    assert alert_line(fired()).startswith("ALERT firing: csat_dip of team billing (page, since 10:00): CSAT of team billing fell to 61.2 %")
    assert "; -28.8 points against the window before: by channel chat -" in alert_line(fired())
    assert "after 3 h 20 min" in alert_line(all_clear())
    assert "by channel" not in alert_line(all_clear())
