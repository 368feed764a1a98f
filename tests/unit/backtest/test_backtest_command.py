"""`backtest` on files, as a user calls it: rules of a file beside the current ones and the naive one."""

from __future__ import annotations

import asyncio
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemas.times import iso
from stream.alerts.shipped import shipped_rules
from stream.backtest.simulate import MONDAY
from stream.cli.backtest import Backtest, dip_of, run_backtest
from stream.cli.common import Common
from stream.cli.topics import create_topics
from stream.durations import DAY, HOUR
from stream.errors import ConfigError, UsageError
from stream.intake.events import read_events
from stream.intake.produce import produce
from stream.setting_parts import Topics

KEYS = {"rule", "segment", "alerts_per_month", "flaps", "median_delay_hours", "missed", "false"}
DIP = dip_of("team=billing", iso(MONDAY + 5 * DAY + 10 * HOUR), 24, 0.3, 1)


@pytest.fixture(scope="module")
def ratings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven days of two teams, 20 ratings an hour each, 0.9 satisfied, as our own events."""
    generator = np.random.default_rng(5)
    times = MONDAY + np.sort(generator.integers(0, 7 * DAY, 7 * 24 * 40))
    lines = []
    for number, time in enumerate(times.tolist()):
        score = 5 if generator.random() < 0.9 else 1
        data = {"ticket_id": f"T-{number}", "score": score, "team": ("billing", "tech")[number % 2], "channel": "chat"}
        lines.append(
            json.dumps({"type": "rating.submitted", "specversion": "1.0", "source": "t", "id": f"{number}", "time": iso(time), "data": data})
        )
    path = tmp_path_factory.mktemp("backtest") / "ratings.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def common(folder: Path, text: str = "segments: [[], [team]]") -> Common:
    """Settings of a file."""
    path = folder / "csat.yaml"
    path.write_text(text, encoding="utf-8")
    return Common(path)


def rows_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The JSON that was printed."""
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_new_current_and_naive_side_by_side(tmp_path: Path, ratings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All keys of the contract; the dip is found by csat_dip, and by new rules that are switched off it is missed."""
    new = tmp_path / "new.yaml"
    new.write_text("csat_dip:\n  enabled: false\ncsat_low:\n  long: {z: 1.645}\n", encoding="utf-8")
    assert run_backtest(common(tmp_path), Backtest([ratings], rules=new, dip=DIP, as_json=True)) == 0
    rows = rows_of(capsys)
    assert all(row.keys() >= KEYS for row in rows)
    at = {(row["rules"], row["rule"], row["segment"]): row for row in rows}
    assert ("new", "csat_dip", "team=billing") not in at
    dip = at["current", "csat_dip", "team=billing"]
    assert (dip["missed"], dip["false"]) == (0, 0)
    assert 0.5 < dip["median_delay_hours"] < 5
    assert at["current", "csat_dip", "team=tech"]["alerts_per_month"] == 0
    assert at["new", "csat_low", "team=billing"]["median_delay_hours"] <= at["current", "csat_low", "team=billing"]["median_delay_hours"]
    assert at["naive", "naive", "all"]["false"] > 20


def test_marked_incidents(tmp_path: Path, ratings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a quiet week: missed by all that are honest."""
    marked = tmp_path / "incidents.csv"
    marked.write_text(f"from,to,segment\n{iso(MONDAY + 4 * DAY)},{iso(MONDAY + 5 * DAY)},team=tech\n", encoding="utf-8")
    assert run_backtest(common(tmp_path), Backtest([ratings], incidents=marked, as_json=True)) == 0
    at = {(row["rules"], row["rule"], row["segment"]): row for row in rows_of(capsys)}
    assert at["current", "csat_dip", "team=tech"]["missed"] == 1
    assert at["current", "csat_dip", "team=billing"]["missed"] == 0


def test_lines_for_people(tmp_path: Path, ratings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One a rule; what can't be replayed is said."""
    assert run_backtest(common(tmp_path), Backtest([ratings])) == 0
    shown = capsys.readouterr()
    assert "current csat_dip, 3 segments: 0.0 alerts a month, 0.0 h firing, 0 flaps\n" in shown.out
    assert "current rating_lowest: not judged: single ratings are events, not a state\n" in shown.out
    assert "7.0 days, 3 segments" in shown.err


REASONS = {
    "csat_drift": "no usual value yet",
    "target_missed": "less than 15d of history",
    "nps": "there is no figure called nps yet",
    "ces": "there is no figure called ces yet",
    "rating_lowest": "single ratings",
    "signal_lost": "fewer than 2 weeks",
    "signal_low": "fewer than 2 weeks",
    "intake_broken": "files hold no dead letters",
    "budget": "switched off",
    "slow": "history keeps percentages only",
    "elsewhere": "no segment that it covers has counted anything",
}


def test_every_rule_is_there(tmp_path: Path, ratings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With figures, or without any and with the reason; what needs dead letters misses no incident of a file."""
    slow = {"kind": "custom", "severity": "ticket", "metric": "first_response", "window": "4h", "above": 9}
    own = {
        "budget": {"enabled": False},
        "slow": slow,
        "elsewhere": {"kind": "drift", "severity": "ticket", "metric": "csat", "segment": {"team": "x"}},
    }
    settings = common(tmp_path, json.dumps({"segments": [[], ["team"]], "alerts": {"rules": own}}))
    assert run_backtest(settings, Backtest([ratings], dip=DIP, as_json=True)) == 0
    rows = [row for row in rows_of(capsys) if row["rules"] == "current"]
    assert {row["rule"] for row in rows} == {*shipped_rules(), "slow", "elsewhere"}
    assert all(row.keys() >= KEYS for row in rows)
    absent = [row for row in rows if row["alerts_per_month"] is None]
    assert {row["rule"] for row in absent} == REASONS.keys()
    assert all(row["note"].startswith(REASONS[row["rule"]]) for row in absent)
    assert all(row[name] is None for row in absent for name in KEYS - {"rule", "segment"})
    assert {row["segment"] for row in absent if row["rule"] == "csat_drift"} == {"all", "team=billing", "team=tech"}
    assert all(isinstance(row["missed"], int) for row in rows if row not in absent)


def test_rules_that_hardly_ever_have_cases_are_named(tmp_path: Path, ratings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Silence of a rule that needs more cases than there are is no good news: its figures stand, and the note beside them."""
    new = tmp_path / "new.yaml"
    new.write_text("csat_dip:\n  long: {min_n: 5000}\n", encoding="utf-8")
    run_backtest(common(tmp_path), Backtest([ratings], rules=new, as_json=True))
    at = {(row["rules"], row["rule"], row["segment"]): row for row in rows_of(capsys)}
    dormant = at["new", "csat_dip", "team=billing"]
    assert (dormant["alerts_per_month"], dormant["note"]) == (0.0, "dormant: 5000 cases within 4h on fewer than 1 day in 7")
    assert at["current", "csat_dip", "team=billing"]["note"] is None


def test_incidents_that_history_does_not_hold_are_refused(tmp_path: Path, ratings: Path) -> None:
    """Every one of them, as a dip is; nothing is replayed."""
    marked = tmp_path / "incidents.csv"
    marked.write_text("from,to,segment\n2030-05-11,2030-05-12,all\n2024-10-10,2024-10-11,team=nobody\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        run_backtest(common(tmp_path), Backtest([ratings], incidents=marked))
    assert [fault.path for fault in caught.value.faults] == ["line 2", "line 3, segment"]


def test_charts(tmp_path: Path, ratings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A PNG of the segment with the dip, and of those around it in which something fired."""
    pytest.importorskip("matplotlib", reason="the extra [charts] is not installed")
    folder = tmp_path / "charts"
    run_backtest(common(tmp_path), Backtest([ratings], dip=DIP, charts=folder))
    assert "charts in" in capsys.readouterr().err
    names = sorted(path.name for path in folder.iterdir())
    assert names[0] == "01-team-billing.png"
    assert all((folder / name).read_bytes().startswith(b"\x89PNG") for name in names)


def test_without_the_extra_charts_name_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install, no traceback, before a file is read."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UsageError, match=r"csat-stream\[charts\]"):
        run_backtest(common(tmp_path), Backtest([tmp_path / "absent"], charts=tmp_path / "charts"))


def test_topics_say_the_same_as_files(tmp_path: Path, ratings: Path, capsys: pytest.CaptureFixture[str], bootstrap_servers: str) -> None:
    """The records of a real broker, on two partitions, give the alerts of the file that they were made from; only topics hold dead letters."""
    names = {name: f"backtest-{name}" for name in Topics.model_fields}
    text = json.dumps({"segments": [[], ["team"]], "topics": names, "app": "backtest", "kafka": {"bootstrap_servers": bootstrap_servers}})
    chosen = common(tmp_path, text)
    settings = chosen.settings()
    asyncio.run(create_topics(settings, 2))
    asyncio.run(produce(settings, read_events([ratings], None, settings).events, lambda _: None))
    run_backtest(chosen, Backtest(from_topics=True, dip=DIP, as_json=True))
    from_topics = json.loads(capsys.readouterr().out.splitlines()[-1])
    run_backtest(chosen, Backtest([ratings], dip=DIP, as_json=True))
    of_letters = [row for row in from_topics if row["rule"] == "intake_broken"]
    assert [(row["segment"], row["alerts_per_month"], row["note"]) for row in of_letters] == [("all", 0.0, None)]
    others = [row for row in rows_of(capsys) if row["rule"] != "intake_broken"]
    assert [row for row in from_topics if row not in of_letters] == others
    assert any(row["alerts_per_month"] for row in from_topics if row["rules"] == "current")


def test_files_or_topics(tmp_path: Path, ratings: Path) -> None:
    """One of the two."""
    for asked in (Backtest(), Backtest([ratings], from_topics=True)):
        with pytest.raises(UsageError, match="--from-topics"):
            run_backtest(common(tmp_path), asked)


def test_faults_of_a_rules_file_name_it(tmp_path: Path, ratings: Path) -> None:
    """All at once, with their paths."""
    new = tmp_path / "new.yaml"
    new.write_text("csat_dip:\n  long: {z: -1}\nmine:\n  kind: nonsense\nx9: null\ncsat_low:\n  lists: [[product]]\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        run_backtest(common(tmp_path), Backtest([ratings], rules=new))
    assert caught.value.source == str(new)
    assert {fault.path.split(".")[2] for fault in caught.value.faults} == {"csat_dip", "mine", "x9", "csat_low"}


def test_a_whole_settings_file_brings_its_targets(tmp_path: Path, ratings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a target of 99 % csat_low fires; the current one is quiet."""
    new = tmp_path / "new.yaml"
    new.write_text("app: other\nalerts:\n  targets: {csat: 99}\n", encoding="utf-8")
    run_backtest(common(tmp_path), Backtest([ratings], rules=new, as_json=True))
    at = {(row["rules"], row["rule"], row["segment"]): row for row in rows_of(capsys)}
    assert at["new", "csat_low", "all"]["hours_firing"] > 0
    assert at["current", "csat_low", "all"]["hours_firing"] == 0


@pytest.mark.parametrize(
    ("segment", "begin", "hours", "share"),
    [
        ("team=a", None, 2, 0.5),
        ("team=a", "2026-01-01", 0, 0.5),
        ("team=a", "2026-01-01", 2, 60),
        ("a", "2026-01-01", 2, 0.5),
        ("team=a", "2026-01-01", math.nan, 0.5),
        ("team=a", "2026-01-01", math.inf, 0.5),
        ("team=a", "2026-01-01", 1e300, 0.5),
        ("team=a", "2026-01-01", 2, math.nan),
        (None, None, None, 0.5),
    ],
)
def test_half_a_dip_is_refused(segment: str | None, begin: str | None, hours: float | None, share: float | None) -> None:
    """All four options, with values that can be."""
    with pytest.raises(UsageError, match="dip"):
        dip_of(segment, begin, hours, share, 1)


def test_a_dip_begins_with_history(tmp_path: Path, ratings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing could be found in the ten days of it that were not replayed."""
    dip = dip_of("team=billing", iso(MONDAY - 10 * DAY), 11 * 24, 0.3, 1)
    run_backtest(common(tmp_path), Backtest([ratings], dip=dip, as_json=True))
    at = {(row["rules"], row["rule"], row["segment"]): row for row in rows_of(capsys)}
    assert at["current", "csat_dip", "team=billing"]["median_delay_hours"] < 5


def test_a_dip_where_nothing_is_is_refused(tmp_path: Path, ratings: Path) -> None:
    """Another team, or hours without ratings."""
    assert dip_of(None, None, None, None, 1) is None
    with pytest.raises(UsageError, match="team=other"):
        run_backtest(common(tmp_path), Backtest([ratings], dip=dip_of("team=other", iso(MONDAY), 24, 0.3, 1)))
