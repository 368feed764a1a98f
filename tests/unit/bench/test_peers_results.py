"""What the peer bench works out of its runs: figures, medians, files and the table."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from bench.peers.results import Series, entry, table, write
from bench.peers.run import Failure, Figures, Observed, figures, first_record
from bench.peers.topics import Output
from bench.peers.truth import Answer
from bench.processes import Sample

HOUR = 3_600_000
RIGHT: Answer = {("team1", HOUR): (2, 1, 0, 0)}
GOOD = b'{"team":"team1","window":3600000,"n":2,"satisfied":1}'
# Sampled every half second from 100 s on the process's clock, which is Unix time less 1,000 s; half a core busy, the broker a tenth.
SAMPLES = [Sample(100 + step / 2, step / 4, step / 20, (50 + step) * 2**20) for step in range(41)]
OBSERVED = Observed(began=100.0, clock=1_000.0, busy=16.0, samples=SAMPLES, exit_code=None)


def measured(speed: float, cpu: float, *, wrong: int = 0) -> Figures:
    """A run with these figures."""
    return Figures(1_000, speed, cpu, 70.0, 2.0, 1.0, 0.5, 0.1, 40, 40, wrong, wrong)


@pytest.mark.parametrize(
    ("lines", "moment"),
    [
        (["starting", "FIRST 1795338000.25", "FIRST 1795338001.5"], 1_795_338_000.25),
        (["FIRST 1.79533800025E9"], 1_795_338_000.25),
        (["FIRST", "FIRST soon", "it was FIRST 1795338000.25", "FIRST 1795338000.25 or so"], None),
        ([], None),
    ],
    ids=["Python's form", "Java's form", "other lines", "no line"],
)
def test_the_first_record_is_read_from_the_log(lines: list[str], moment: float | None) -> None:
    """The earliest of the lines that are of the agreed form."""
    assert first_record(lines) == moment


def test_figures_lie_between_first_record_and_last_result() -> None:
    """Seen at 1,105 s, last result at 1,115 s: ten seconds, half a core; start-up is apart, the peak is that up to the last result."""
    found = figures(OBSERVED, Output([GOOD], 1_115.0), 1_105.0, RIGHT, 1_000)
    assert isinstance(found, Figures)
    assert (found.events_per_second, found.seconds, found.startup_seconds) == (100, 10.0, 5.0)
    assert (found.cpu_seconds_per_million, found.broker_cpu_seconds, found.peak_rss_mb) == (5_000.0, 1.0, 80.0)
    assert found.others_cores == 0.2  # 16 s of the machine, 10 of ours and 2 of the broker, in 20 s
    assert (found.rows, found.windows, found.wrong, found.lost) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("observed", "output", "first", "reason"),
    [
        (OBSERVED._replace(exit_code=3), Output([GOOD], 1_115.0), 1_105.0, "exit code 3"),
        (OBSERVED, Output([GOOD], 1_115.0), None, "read no record"),
        (OBSERVED, Output([], 0.0), 1_105.0, "wrote no result"),
        (OBSERVED, Output([GOOD], 1_105.0), 1_105.0, "older than its first record"),
        (OBSERVED, Output([b"[]"], 1_115.0), 1_105.0, "agreed form"),
    ],
    ids=["crashed", "read nothing", "wrote nothing", "written before read", "other form"],
)
def test_a_run_without_figures_says_why(observed: Observed, output: Output, first: float | None, reason: str) -> None:
    """No figure is made up for a run that failed."""
    found = figures(observed, output, first, RIGHT, 1_000)
    assert isinstance(found, Failure)
    assert reason in found.reason


def test_an_entry_holds_medians() -> None:
    """The middle run of three, by each measure."""
    found = entry(Series("w1", "some", 1_000, [measured(10, 3), measured(30, 1), measured(20, 2)]))
    assert (found["events_per_second"], found["cpu_seconds_per_million"], found["peak_rss_mb"], found["correct"]) == (20, 2, 70.0, True)


@pytest.mark.parametrize("bad", [measured(10, 3, wrong=1), Failure("it read no record")], ids=["wrong", "failed"])
def test_one_bad_run_is_enough(bad: Figures | Failure) -> None:
    """A contestant that is right only sometimes is not correct."""
    assert entry(Series("w1", "some", 1_000, [measured(10, 3), bad]))["correct"] is False


def test_without_figures_there_are_none() -> None:
    """Skipped is neither right nor wrong, failed is wrong; both have nothing where figures stand, and the reason."""
    skipped, failed = entry(Series("w1", "some", 1_000, skipped="no JDK")), entry(Series("w1", "some", 1_000, [Failure("it read no record")]))
    assert [skipped[name] for name in ("events_per_second", "cpu_seconds_per_million", "peak_rss_mb", "correct", "skipped")] == [None] * 4 + [
        "no JDK"
    ]
    assert (failed["events_per_second"], failed["correct"], failed["failed"]) == (None, False, ["it read no record"])


def test_files(tmp_path: Path) -> None:
    """A list of entries, and beside it every run with what it was measured on."""
    series = [Series("w1", "some", 1_000, [measured(10, 3), measured(30, 1)]), Series("w2", "some", 1_000, skipped="no JDK")]
    write(tmp_path / "new" / "peers.json", series, {"machine": {"cores": 2}})
    entries, runs = (json.loads((tmp_path / "new" / name).read_text(encoding="utf-8")) for name in ("peers.json", "peers_runs.json"))
    assert entries == [entry(one) for one in series]
    assert (runs["machine"], [(run["contestant"], run["cpu_seconds_per_million"]) for run in runs["runs"]]) == (
        {"cores": 2},
        [("some", 3), ("some", 1)],
    )


def test_the_table_of_a_recorded_run() -> None:
    """Every contestant has its row, with the reason where it has no figures and a loud word where it is wrong."""
    recorded = [
        Series("w1", "flink-sql", 1_000_000, [measured(134_318, 12.84), measured(172_533, 10.5)]),
        Series("w1", "kafka-streams", 1_000_000, skipped="no JDK on this machine (javac)"),
        Series("w1", "faust", 100_000, [measured(1_092, 911.5, wrong=3)]),
        Series("w2", "bytewax", 1_000_000, [Failure("it wrote no result")]),
    ]
    console = Console(file=io.StringIO(), width=140, record=True)
    console.print(table([entry(one) for one in recorded]))
    text = console.export_text()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if line.startswith("│")]
    assert rows == [
        ["w1", "flink-sql", "1,000,000", "153,426", "11.7", "70", "correct"],
        ["w1", "kafka-streams", "1,000,000", "-", "-", "-", "skipped: no JDK on this machine (javac)"],
        ["w1", "faust", "100,000", "1,092", "911.5", "70", "WRONG"],
        ["w2", "bytewax", "1,000,000", "-", "-", "-", "failed: it wrote no result"],
    ]
    assert "Fewer events, for it is slow: faust (100,000)" in text
