"""Tables and lines of scores say everything, in reading order, within the width they were given."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from schemas.scores import Score
from stream.board.details import details
from stream.board.table import WIDE, in_order, plain_lines, scores_table


def score(metric: str = "csat", window: str = "1h", **fields: Any) -> Score:
    """A score of 81.4 % with these fields."""
    base = {"segment": {}, "value": 81.4, "unit": "percent", "n": 118, "counts": {}, "low": 73.4, "high": 87.4, "state": "ok"}
    return Score(metric=metric, window=window, **{**base, "as_of": "2026-11-22T10:00:00.000Z", "revision": 1, "definition": "test", **fields})


def printed(table: Table, width: int) -> list[str]:
    """The lines that a terminal of this width shows, without trailing blanks."""
    out = StringIO()
    Console(file=out, width=width, color_system=None).print(table)
    return [line.rstrip() for line in out.getvalue().splitlines()]


SCORES = [
    score("first_response", "24h", value=67.52, unit="seconds", low=61.0, high=74.0, stats={"p50": 50.0, "p90": 300.0}),
    score("csat", "all", segment={"team": "billing"}, n=4),
    score("csat", "all", n=12_345),
    score("csat", "15m", state="insufficient_data"),
    score("csat", "30d"),
    score("fcr_never_reopened_provisional", "7d", segment={"channel": "chat", "team": "billing"}),
]


def test_reading_order() -> None:
    """Metrics as defined, the whole before its parts, short windows before long ones, `all` last."""
    assert [(found.metric, found.window, found.segment) for found in in_order(SCORES)] == [
        ("csat", "15m", {}),
        ("csat", "30d", {}),
        ("csat", "all", {}),
        ("csat", "all", {"team": "billing"}),
        ("first_response", "24h", {}),
        ("fcr_never_reopened_provisional", "7d", {"channel": "chat", "team": "billing"}),
    ]


def test_an_unknown_metric_comes_last() -> None:
    """A metric that this version doesn't know is shown after the others, not refused."""
    assert [found.metric for found in in_order([score("aaa_new"), score("bot_only")])] == ["bot_only", "aaa_new"]


@pytest.mark.parametrize("width", [80, WIDE, 160])
def test_values_are_never_cut(width: int) -> None:
    """At 80 columns and wider each value, interval and n stands in full, and no line is longer than the terminal."""
    lines = printed(scores_table(SCORES, width=width), width)
    text = "\n".join(lines)
    assert max(len(line) for line in lines) <= width
    assert "…" not in text
    for part in ("81.4 %", "73.4 to 87.4", "12,345", "67.5 s", "61.0 to 74.0 s", "few", "team=billing"):
        assert part in text


def test_details_where_there_is_room() -> None:
    """Quantiles appear on a wide terminal only."""
    assert "p50 50.0 s, p90 5.0 min" in "\n".join(printed(scores_table(SCORES, width=WIDE), WIDE))
    assert "p50" not in "\n".join(printed(scores_table(SCORES, width=80), 80))


def test_names_stand_once() -> None:
    """A metric heads its scores, a segment its windows."""
    text = "\n".join(printed(scores_table(SCORES, width=120), 120))
    assert text.count("all tickets") == 2
    assert [line.strip() for line in text.splitlines()].count("csat") == 1


def test_markup_in_names_is_text() -> None:
    """A team called like terminal markup is shown as it is."""
    assert "team=[red]x[/red]" in "\n".join(printed(scores_table([score(segment={"team": "[red]x[/red]"})]), 120))


def test_plain_lines() -> None:
    """One line a score with value, interval and n, and a word where the cases are few."""
    assert plain_lines(SCORES)[:4] == [
        "csat all tickets 15m: 81.4 % (73.4 to 87.4, n 118, too few to go by)",
        "csat all tickets 30d: 81.4 % (73.4 to 87.4, n 118)",
        "csat all tickets all: 81.4 % (73.4 to 87.4, n 12,345)",
        "csat team=billing all: 81.4 % (73.4 to 87.4, n 4)",
    ]
    assert plain_lines([score("waiting", "now", value=4, unit="tickets", n=40, low=None, high=None)]) == ["waiting all tickets now: 4 (n 40)"]


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (score(counts={f"star_{star}": star for star in range(1, 6)}, stats={"mean": 3.6667}), "stars 1/2/3/4/5, mean 3.67"),
        (score("first_response", unit="seconds", stats={"p50": None, "p90": None}), ""),
        (score("backlog", "now", unit="tickets", counts={"under_1d": 1_000, "1d_3d": 0, "over_30d": 2}), "<1d 1,000, >30d 2"),
        (score("first_response_within", counts={"hit": 9, "miss": 1}), "hit 9, miss 1"),
        (score("oldest_waiting", "now", unit="unix_seconds", value=1_795_341_600), "since 2026-11-22 10:00"),
    ],
)
def test_details(shown: Score, text: str) -> None:
    """Stars and mean, quantiles that exist, ages that are not empty, parts of a share, a point in time."""
    assert details(shown) == text
