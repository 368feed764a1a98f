"""What users and data write is shown as it is: no command takes it for Rich's markup or emoji."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from schemas.scores import Score
from schemas.silences import Silence
from schemas.times import iso
from stream.alerts.silences import Silence as Standing
from stream.audit.diff import Comparison, Difference, Place
from stream.backtest.report import Row
from stream.backtest.tables import Report, report_table
from stream.board.table import scores_table
from stream.cli.common import err, out, remark, write_lines
from stream.cli.edge import error_edge
from stream.cli.recompute import Findings
from stream.cli.rule_lines import Line, texts
from stream.cli.screen import Frame, picture, rows_of
from stream.cli.silence import silences_table
from stream.cli.steps import steps
from stream.errors import UsageError
from tests.unit.alerts.alert_examples import TEN, alert

WORDS = "[/b] [red]x[/red] :bomb:"
"""A closing tag without an opening one is an error for Rich, the rest would disappear."""


@pytest.fixture(autouse=True)
def consoles_of_this_test() -> None:
    """They hold the streams they were made with."""
    out.cache_clear()
    err.cache_clear()


def score(metric: str = "csat", unit: str = "percent") -> Score:
    """A score whose texts are foreign."""
    return Score.model_validate(
        {
            "metric": metric, "segment": {"team": WORDS}, "window": "1h", "value": 80.0, "unit": unit, "n": 50, "counts": {WORDS: 3},
            "low": 70.0, "high": 90.0, "state": "ok", "as_of": iso(TEN), "revision": 1, "definition": WORDS,
        }
    )  # fmt: skip


def silences() -> RenderableType:
    """`silences`."""
    fields = {"id": "a", "rule": WORDS, "segment": {"team": WORDS}, "until": iso(TEN), "who": WORDS, "why": WORDS, "created": iso(TEN)}
    return silences_table([Silence.model_validate(fields)])


def scores() -> RenderableType:
    """`scores`, `try` and `recompute`; the details of a share name its counts."""
    return scores_table([score("fcr_one_touch")], width=200)


def backtest() -> RenderableType:
    """`backtest`."""
    segments = [{"team": WORDS}, {"team": "b"}]
    return report_table(Report([Row("new", WORDS, None)], [Row("new", WORDS, segment, 1, 1.0, 1.0) for segment in segments]))


def demo() -> RenderableType:
    """`demo`: the table of teams, the panel of alerts, the story."""
    fired = alert(segment={"team": WORDS}).model_copy(update={"summary": WORDS})
    frame = Frame(TEN, WORDS, WORDS, rows_of([score()], []), None, 1, {WORDS: 1}, WORDS, alerts=[fired], metrics=WORDS)
    return picture(frame, 200, 60)


@pytest.mark.parametrize("shown", [silences, scores, backtest, demo])
def test_tables(shown: Callable[[], RenderableType]) -> None:
    """Words stand in them as they were written."""
    console = out()
    console.width = 200
    with console.capture() as captured:
        console.print(shown())
    assert WORDS in captured.get()


def test_the_table_of_silences_needs_no_certain_console() -> None:
    """Every cell of it is somebody's words, so none is left to a console's options."""
    written = StringIO()
    Console(file=written, width=200).print(silences())
    assert written.getvalue().count(WORDS) == 4


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """`rules`, `recompute --diff`, the lines of other commands, and remarks."""
    silence = Standing("a", "", {}, TEN, WORDS, WORDS)
    shown = list(texts(Line("csat_dip", "page", {"team": WORDS}, "firing", silence=silence)))
    differences = [Difference(Place("csat", {"team": WORDS}, "1h", TEN), "value", "1", "2", 1, 1)]
    write_lines([*shown, *Findings(Comparison(differences, judged=1), {WORDS: 1}, 1, 0, TEN).lines()])
    remark(WORDS)
    written = capsys.readouterr()
    assert written.out.count(WORDS) == 5
    assert written.err == f"{WORDS}\n"


def test_errors(capsys: pytest.CaptureFixture[str]) -> None:
    """The one line of an error."""
    with pytest.raises(SystemExit), error_edge():
        raise UsageError(WORDS)
    assert capsys.readouterr().err == f"csat-stream: {WORDS}\n"


def test_mistakes_on_the_command_line(tmp_path: Path) -> None:
    """What was typed wrongly is repeated as it was typed."""
    command = [sys.executable, "-m", "stream.cli", WORDS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert WORDS in done.stderr
    assert "Traceback" not in done.stderr


def test_steps_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The spinner of a long command; it may name a path."""
    written = StringIO()
    terminal = Console(file=written, force_terminal=True, width=200)
    monkeypatch.setattr("stream.cli.steps.err", lambda: terminal)
    with steps() as told:
        told.say(WORDS)
        told.update(WORDS)
    assert WORDS in written.getvalue()
