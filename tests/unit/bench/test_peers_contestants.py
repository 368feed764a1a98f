"""Which contestants there are, and what happens where one can't be had."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.peers import cache, contestants, java_jobs
from bench.peers.contestant import Command, Contestant, NotToBeHad
from bench.peers.rounds import prepare


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is made in the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_ours_runs_by_default_once_its_job_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its job it is left out, and skipped with a reason where it is named."""
    job = tmp_path / "job.py"
    monkeypatch.setattr(contestants, "_OUR_JOB", job)
    assert contestants.OURS not in contestants.default_names()
    with pytest.raises(NotToBeHad, match="is not there"):
        contestants.known()[contestants.OURS].prepare()
    job.touch()
    assert contestants.default_names() == list(contestants.known())
    assert contestants.known()[contestants.OURS].prepare().arguments == (sys.executable, "-m", "bench.peers.csat_stream_job")


def test_faust_gets_fewer_events() -> None:
    """At most 100,000, and never more than asked for; the others get all."""
    known = contestants.known()
    assert [known["faust"].events(asked) for asked in (1_000, 1_000_000)] == [1_000, 100_000]
    assert all(known[name].events(1_000_000) == 1_000_000 for name in known if name != "faust")


def test_who_can_not_be_had_is_skipped_with_a_reason() -> None:
    """The others run."""

    def nothing() -> Command:
        raise NotToBeHad("no JDK")

    there = Command(("true",), "some 1.0")
    said: list[str] = []
    found = prepare([Contestant("gone", nothing), Contestant("there", lambda: there)], said.append)
    assert found == ({"there": there}, {"gone": "no JDK"})
    assert said == ["gone: skipped, no JDK", "there: some 1.0"]


def javac(folder: Path, says: str, *, with_java: bool = True) -> None:
    """A folder with a compiler that tells this version."""
    (folder / "bin").mkdir(parents=True)
    for name in ("javac", "java") if with_java else ("javac",):
        command = folder / "bin" / name
        command.write_text(f"#!/bin/sh\necho '{says}'\n", encoding="utf-8")
        command.chmod(0o755)


@pytest.mark.parametrize(
    ("says", "with_java", "reason"),
    [("javac 11.0.2", True, "17 or newer"), ("what?", True, "17 or newer"), ("javac 21.0.1", False, "17 or newer"), (None, False, "no JDK on")],
    ids=["too old", "no version", "no java beside it", "none"],
)
def test_a_machine_without_a_jdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str | None, reason: str, *, with_java: bool) -> None:
    """Java contestants are then not to be had, in so many words."""
    if says is not None:
        javac(tmp_path / "jdk", says, with_java=with_java)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    with pytest.raises(NotToBeHad, match=reason):
        java_jobs.kafka_streams()


def test_the_jdk_of_java_home_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiler and runtime come from the same folder."""
    javac(tmp_path / "jdk", "javac 21.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    home = (tmp_path / "jdk" / "bin").resolve()
    assert java_jobs.find_jdk() == (str(home / "java"), str(tmp_path / "jdk" / "bin" / "javac"), "21.0.1")


def test_what_is_cached_is_made_once() -> None:
    """Again only when its ingredients change, or when it was left half made."""
    made: list[Path] = []

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise NotToBeHad("no network")

    with pytest.raises(NotToBeHad, match="no network"):
        cache.made("thing", ["1"], fail)
    folders = [cache.made("thing", [version], made.append) for version in ("1", "1", "2")]
    assert folders[0] == folders[1] != folders[2]
    assert made == [folders[0], folders[2]]
    assert not (folders[0] / "half").exists()


def test_a_cache_that_can_not_be_written(tmp_path: Path) -> None:
    """A reason to skip, not a crash."""
    (tmp_path / "cache").touch()
    with pytest.raises(NotToBeHad, match="can't be used"):
        cache.made("thing", ["1"], lambda _: None)


def test_a_failed_preparation_keeps_what_was_said(tmp_path: Path) -> None:
    """One line for the table, the rest in a file that it names."""
    with pytest.raises(NotToBeHad, match=r"its packages are missing; details: .*thing\.log"):
        cache.call(tmp_path / "thing", [sys.executable, "-c", "print('no such package'); raise SystemExit(1)"], "its packages are missing")
    assert (tmp_path / "thing.log").read_text(encoding="utf-8") == "no such package\n"
