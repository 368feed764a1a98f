"""The team table: the whole first, changes against an earlier moment, and a mark only beyond chance."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from schemas.scores import Score
from stream.board.teams import WHOLE, change, significant, team_lines, team_rows, team_table


def score(metric: str, window: str, team: str | None, value: float, **fields: Any) -> Score:
    """A score of a team, of the whole for None."""
    base = {"unit": "percent", "n": 40, "counts": {}, "low": value - 5, "high": value + 5, "state": "ok"}
    segment = {} if team is None else {"team": team}
    common = {"as_of": "2026-11-22T10:00:00.000Z", "revision": 1, "definition": "test"}
    return Score(metric=metric, window=window, segment=segment, value=value, **{**base, **common, **fields})


CURRENT = [
    score("csat", "1h", "shipping", 52.9, n=1_051),
    score("csat", "24h", "shipping", 80.2, n=12_345),
    score("first_response", "1h", "shipping", 400.0, unit="seconds", stats={"p50": 190.0}),
    score("first_response_within", "1h", "shipping", 88.5),
    score("waiting", "now", "shipping", 19, unit="tickets", low=None, high=None),
    score("overdue", "now", "shipping", 7, unit="tickets", low=None, high=None),
    score("backlog", "now", "shipping", 1_234, unit="tickets", low=None, high=None),
    score("csat", "1h", None, 88.0),
    score("csat", "1h", "billing", 91.0, n=8, state="insufficient_data"),
    score("csat", "1h", "billing", 11.0).model_copy(update={"segment": {"team": "billing", "channel": "chat"}}),
]
PREVIOUS = [score("csat", "1h", "shipping", 88.1), score("csat", "1h", "billing", 90.0)]


def text_of(width: int) -> str:
    """What a terminal of this width shows."""
    out = StringIO()
    Console(file=out, width=width, color_system=None).print(team_table(team_rows(CURRENT, PREVIOUS), width=width))
    return out.getvalue()


def test_rows() -> None:
    """The whole, then teams by name; segments of other dimensions stay out."""
    rows = team_rows(CURRENT, PREVIOUS)
    assert [row.team for row in rows] == [WHOLE, "billing", "shipping"]
    assert [row.csat.value for row in rows if row.csat] == [88.0, 91.0, 52.9]
    assert (rows[0].csat_long, rows[0].waiting) == (None, None)


def test_change_against_the_earlier_moment() -> None:
    """Points since then; none where there was nothing to compare with."""
    whole, billing, shipping = team_rows(CURRENT, PREVIOUS)
    assert change(whole) is None
    assert change(billing) == pytest.approx(1.0)
    assert change(shipping) == pytest.approx(-35.2)


def test_significant_outside_the_interval() -> None:
    """A change is marked only if the earlier value lies outside the present interval."""
    assert [significant(row) for row in team_rows(CURRENT, PREVIOUS)] == [False, False, True]


@pytest.mark.parametrize("width", [80, 120])
def test_everything_fits(width: int) -> None:
    """No cell is cut at 80 columns; overdue and within target are added on a wide terminal."""
    text = text_of(width)
    assert "…" not in text
    for part in ("52.9", "47.9-57.9", "1,051", "▼ -35.2", "80.2", "3.2 min", "19", "1,234"):
        assert part in text
    assert ("88.5" in text, "overdue" in text, "12,345" in text) == (width == 120,) * 3


def test_colour_only_beyond_chance() -> None:
    """The fall of shipping is red; the small rise of billing is dim."""
    cells = list(team_table(team_rows(CURRENT, PREVIOUS)).columns[4].cells)
    assert [str(getattr(cell, "style", "")) for cell in cells] == ["", "dim", "bold red"]


def test_lines() -> None:
    """One line a team, with what is missing as a dash."""
    lines = team_lines(team_rows(CURRENT, PREVIOUS))
    assert lines[0] == "all teams: csat 1h 88.0 % (83.0 to 93.0, n 40); 24h -; first reply p50 -; waiting -; backlog -"
    assert lines[2] == (
        "shipping: csat 1h 52.9 % (47.9 to 57.9, n 1,051, change ▼ -35.2 beyond chance); 24h 80.2 % (75.2 to 85.2, n 12,345); "
        "first reply p50 3.2 min; waiting 19; backlog 1,234"
    )


@pytest.mark.parametrize("width", [80, 120])
def test_times_of_one_column_share_a_unit(width: int) -> None:
    """That of the longest, in the table as in the lines."""
    medians = {"a": 114.7, "b": 132.0, "c": 40.0}
    rows = team_rows([score("first_response", "1h", team, 300.0, unit="seconds", stats={"p50": median}) for team, median in medians.items()])
    out = StringIO()
    Console(file=out, width=width, color_system=None).print(team_table(rows, width=width))
    for text in (out.getvalue(), "".join(team_lines(rows))):
        assert [part in text for part in ("1.9 min", "2.2 min", "0.7 min", " s ")] == [True, True, True, False]


def test_no_scores_no_rows() -> None:
    """Before the first score there are headings only."""
    assert team_rows([]) == []
    assert team_table([]).row_count == 0
