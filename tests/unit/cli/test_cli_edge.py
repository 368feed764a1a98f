"""The error edge: one line and an exit code for whatever goes wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest
from aiokafka.errors import KafkaConnectionError

from stream.cli.edge import error_edge, told
from stream.errors import BrokerUnavailable, ConfigError, Fault, StartRefused, UsageError

WRITTEN = "what a customer wrote"


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (BrokerUnavailable("no broker at here"), 1, "no broker at here"),
        (UsageError("do it so"), 2, "do it so"),
        (StartRefused("the topic is gone", "make it"), 2, "the topic is gone; make it"),
        (ConfigError("csat.yaml", (Fault("a.b", "wrong"), Fault("c", "missing"))), 2, "csat.yaml: 2 faults\n  a.b: wrong\n  c: missing"),
        (KafkaConnectionError(WRITTEN), 1, "Kafka refused or did not answer (KafkaConnectionError)"),
        (PermissionError(13, "Permission denied", "scores.jsonl"), 1, "scores.jsonl: Permission denied"),
    ],
)
def test_errors_are_told(error: Exception, code: int, text: str) -> None:
    """Each error has its exit code and a text to act on."""
    assert told(error) == (code, text)


def test_an_unforeseen_error_keeps_its_text_to_itself() -> None:
    """It may hold input, so only its kind is told."""
    code, text = told(ValueError(WRITTEN))
    assert code == 70
    assert "ValueError" in text
    assert WRITTEN not in text


def test_notes_follow_the_text() -> None:
    """What a part adds on the way up is told too."""
    error = BrokerUnavailable("gone")
    error.add_note("its log is kept")
    assert told(error)[1] == "gone\nits log is kept"


def test_the_edge_writes_to_stderr_and_exits(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback, and nothing on stdout."""
    monkeypatch.delenv("CSAT_DEBUG", raising=False)
    with pytest.raises(SystemExit) as ended, error_edge():
        raise UsageError("do it so")
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", "csat-stream: do it so\n")


def test_debugging_lets_errors_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """With CSAT_DEBUG=1 there is a traceback."""
    monkeypatch.setenv("CSAT_DEBUG", "1")
    with pytest.raises(UsageError), error_edge():
        raise UsageError("do it so")


def test_a_reader_that_has_had_enough_is_no_error(capfd: pytest.CaptureFixture[str]) -> None:
    """`| head`: nothing is said, and the exit code is what a shell knows of SIGPIPE."""
    code = (
        "from stream.cli.edge import error_edge\n"
        "import sys\n"
        "with error_edge():\n"
        "    for number in range(1_000_000):\n"
        "        sys.stdout.write(f'{number}\\n')\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"0\n"
        process.stdout.close()
        assert process.wait() == 141
    assert capfd.readouterr().err == ""
