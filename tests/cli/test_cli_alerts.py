"""`rules`, `silence` and `silences` against a real Kafka, errors included."""

from __future__ import annotations

import json
import re
import shlex
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli_runs import CSV, MAPPING, run, until_scores, worker, write_settings

from stream.alerts.links import silence_command

OWN_RULE = 'alerts: {rules: {mine: {kind: custom, metric: csat, window: all, below: 99.9, for: 0s, severity: ticket, source: "own"}}}\n'
ADDRESS = "ada@example.org"


@pytest.fixture
def folder(tmp_path: Path, bootstrap_servers: str) -> Path:
    """A folder with settings and topics of its own, and a rule that always fires."""
    write_settings(tmp_path, bootstrap_servers, f"cli-{uuid.uuid4().hex[:8]}")
    with (tmp_path / "csat.yaml").open("a", encoding="utf-8") as settings:
        settings.write(OWN_RULE)
    assert run(tmp_path, "topics", "create", "--partitions", "1").returncode == 0
    return tmp_path


def test_rules_before_and_after_a_worker(folder: Path) -> None:
    """Before: every rule, and that nobody has looked; afterwards by segment, with states, and why others can't be judged."""
    before = run(folder, "rules")
    assert before.returncode == 0, before.stderr
    assert "no worker has looked at the rules yet" in before.stderr
    assert {"csat_dip", "nps", "budget", "mine"} <= set(re.findall(r"\w+", before.stdout))
    assert run(folder, "import", CSV, "--mapping", MAPPING).returncode == 0
    with worker(folder):
        until_scores(folder, exist=True)
    lines = [json.loads(line) for line in run(folder, "rules", "--json").stdout.splitlines()]
    by_rule = {line["rule"] for line in lines}
    assert {"csat_dip", "intake_broken", "mine"} <= by_rule
    everything = next(line for line in lines if line["rule"] == "csat_drift" and line["segment"] == {})
    assert (everything["state"], bool(everything["note"])) == ("absent", True)
    assert all(set(line) >= {"rule", "severity", "segment", "state", "note", "since"} for line in lines)
    assert run(folder, "silence", "--rule", "mine", "--for", "1h", "--who", "Ada", "--why", "known").returncode == 0
    mine = run(folder, "rules", "--rule", "mine").stdout
    assert re.match(r"mine \(ticket\): \d+ segments, .*\d+ firing \(\d+ quiet\)", mine)
    assert re.search(r"\n  firing   everything  \d\d\.\d % \(n \d+, target 99\.9 %\)  since 20.* UTC\n", mine)
    firing = [json.loads(line) for line in run(folder, "rules", "--rule", "mine", "--json").stdout.splitlines() if '"firing"' in line]
    assert {line["silenced"]["who"] for line in firing} == {"Ada"}
    assert mine.count(" by Ada: known\n") == len(firing) > 1
    one = run(folder, "rules", "--rule", "csat_dip", "--segment", "all")
    assert one.returncode == 0, one.stderr
    assert "as of 20" in one.stderr
    assert "csat_low" not in one.stdout


def test_rules_that_are_not_there(folder: Path) -> None:
    """One line, exit code 2, and what there is."""
    unknown = run(folder, "rules", "--rule", "csat_dipp")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "csat-stream: --rule csat_dipp does not exist or is switched off; there are budget, ces, csat_dip" in unknown.stderr
    settings = folder / "csat.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("below: 99.9", "below: 99.9, above: 3"), encoding="utf-8")
    wrong = run(folder, "rules")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "alerts.rules.mine" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_a_silence_from_its_beginning_to_its_end(folder: Path) -> None:
    """It is listed as a table and as JSON until it is ended; ending it twice is an error."""
    nothing = run(folder, "silences")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "", "no silence stands\n")
    made = run(folder, "silence", "--rule", "csat_dip", "--segment", "team=A, B", "--for", "2h", "--who", "Ada", "--why", "planned work")
    assert made.returncode == 0, made.stderr
    name = made.stdout.split()[-1]
    assert "csat_dip in " in made.stdout
    (silence,) = (json.loads(line) for line in run(folder, "silences", "--json").stdout.splitlines())
    assert (silence["id"], silence["rule"], silence["segment"]) == (name, "csat_dip", {"team": "A, B"})
    assert (silence["who"], silence["why"]) == ("Ada", "planned work")
    left = datetime.fromisoformat(silence["until"]) - datetime.now(UTC)
    assert timedelta(hours=1, minutes=55) < left <= timedelta(hours=2)
    table = run(folder, "silences").stdout
    assert name in table
    assert f"{silence['until'][:10]} {silence['until'][11:16]} UTC" in table
    ended = run(folder, "silences", "--end", name)
    assert (ended.returncode, ended.stdout) == (0, f"ended: {name}\n")
    assert run(folder, "silences", "--json").stdout == ""
    again = run(folder, "silences", "--end", name)
    assert (again.returncode, again.stderr) == (2, f"csat-stream: --end {name}: no such silence stands\n")


def test_a_silence_of_everything_until_a_time(folder: Path) -> None:
    """No rule and no segment are any; the time is as it was written."""
    end = (datetime.now(UTC) + timedelta(days=365)).replace(hour=10, minute=0, second=0, microsecond=0)
    until = (end + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S+02:00")
    made = run(folder, "silence", "--until", until, "--who", "Ada", "--why", "holidays")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith(f"silenced until {end:%Y-%m-%dT10:00:00.000Z}: every rule in every segment\n")
    table = run(folder, "silences").stdout
    assert len(re.findall(r"\bany\b", table)) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--rule", "none"), "--rule none does not exist; there are "),
        (("--segment", "colour=red"), "--segment has the unknown dimension colour; there are "),
        (
            ("--segment", "product=app"),
            "--segment product=app: every rule has alerts only in everything, each team, each channel, each team x channel",
        ),
        (("--segment", "team"), "--segment is written as dimension=value"),
        (("--for", "4 moons"), "--for: "),
        (("--until", "2099-01-01"), "exactly one of --for"),
        (("--who", ADDRESS), "--who: must not hold an e-mail address"),
        (("--why", f"ask {ADDRESS}"), "--why: must not hold an e-mail address"),
        (("--why", ""), "--why takes a reason in words: fill in what the alert's command leaves open"),
        (("--for", "0s"), "--for: a silence of no length silences nothing"),
        (("--for", "367d"), "--for: at most 366d ahead; "),
        (("--for", "999999999d"), "--for: at most 366d ahead; "),
    ],
)
def test_a_silence_that_cannot_be(folder: Path, arguments: tuple[str, str], told: str) -> None:
    """One line on stderr that names the option, exit code 2, nothing written, and no address repeated."""
    given = {"--for": "1h", "--who": "Ada", "--why": "a reason", arguments[0]: arguments[1]}
    refused = run(folder, "silence", *(text for option in given.items() for text in option))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"csat-stream: {told}")
    assert refused.stderr.count("\n") == 1
    assert ADDRESS not in refused.stderr
    assert run(folder, "silences", "--json").stdout == ""


def test_times_of_a_silence(tmp_path: Path) -> None:
    """Neither, or one that is over, or none at all; told before any broker is asked."""
    write_settings(tmp_path, "127.0.0.1:9", "cli-times")
    for arguments, told in (
        ((), "exactly one of --for (such as 4h) and --until (RFC 3339) is needed"),
        (("--until", "2020-01-01"), "--until lies in the past"),
        (("--until", "tomorrow"), "--until is no time"),
        (("--until", "2300-01-01"), "--until: at most 366d ahead; "),
    ):
        refused = run(tmp_path, "silence", *arguments, "--who", "Ada", "--why", "a reason")
        assert refused.returncode == 2
        assert refused.stderr.startswith(f"csat-stream: {told}")


def test_a_rule_is_silenced_where_it_has_alerts(folder: Path) -> None:
    """Single ratings are told of everything only."""
    rating = ("silence", "--rule", "rating_lowest", "--for", "1h", "--who", "Ada", "--why", "a reason")
    refused = run(folder, *rating, "--segment", "team=billing")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "csat-stream: --segment team=billing: rating_lowest has alerts only in everything\n"
    assert run(folder, *rating, "--segment", "all").returncode == 0


def test_the_command_of_an_alert_as_it_stands(folder: Path) -> None:
    """Who and why are to be filled in; both gaps are named at once."""
    pasted = shlex.split(silence_command("csat_dip", {"team": "A, B", "channel": "chat"}).removeprefix("csat-stream "))
    refused = run(folder, *pasted)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "csat-stream: --who takes your name and --why takes a reason in words: fill in what the alert's command leaves open\n"
    filled = run(folder, *["Ada" if word == "YOU" else "a reason" if word == "..." else word for word in pasted])
    assert filled.returncode == 0, filled.stderr
    assert 'csat_dip in team="A, B", channel=chat\n' in filled.stdout


def test_a_segment_of_two_values_with_a_comma(folder: Path) -> None:
    """What is echoed is what is stored."""
    made = run(folder, "silence", "--segment", "channel=chat,team=billing", "--for", "4h", "--who", "Ada", "--why", "see [/b] ticket [red]x")
    assert "every rule in team=billing, channel=chat\n" in made.stdout
    (silence,) = (json.loads(line) for line in run(folder, "silences", "--json").stdout.splitlines())
    assert silence["segment"] == {"channel": "chat", "team": "billing"}
    listed = run(folder, "silences")
    assert listed.returncode == 0, listed.stderr
    assert "[/b]" in listed.stdout


@pytest.mark.parametrize("arguments", [("silences",), ("silence", "--for", "1h", "--who", "Ada", "--why", "a reason")])
def test_before_there_are_topics(tmp_path: Path, bootstrap_servers: str, arguments: tuple[str, ...]) -> None:
    """The command that makes them is named."""
    app = f"cli-{uuid.uuid4().hex[:8]}"
    write_settings(tmp_path, bootstrap_servers, app)
    refused = run(tmp_path, *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == f"csat-stream: the topic {app}.silences is missing; create it with: csat-stream topics create\n"


def test_rules_of_segments_that_are_none(folder: Path) -> None:
    """An unknown dimension is an error; a value that nobody has seen, and a segment that is not kept, are said."""
    unknown = run(folder, "rules", "--segment", "foo=bar")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr.startswith("csat-stream: --segment has the unknown dimension foo; there are team, ")
    for segment, told in (
        ("team=nope", "nothing has been counted in team=nope yet\n"),
        ("product=app", "product=app is no segment of the settings; there are everything, team, channel, team x channel\n"),
    ):
        nothing = run(folder, "rules", "--segment", segment)
        assert (nothing.returncode, nothing.stdout) == (0, "")
        assert nothing.stderr.endswith(told)


@pytest.mark.parametrize("arguments", [("rules",), ("silences",), ("silence", "--for", "1h", "--who", "Ada", "--why", "a reason")])
def test_no_broker(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """One line that names the address, and no traceback."""
    write_settings(tmp_path, "127.0.0.1:9", "cli-nobody")
    refused = run(tmp_path, *arguments)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "127.0.0.1:9" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_records_that_are_no_silence(folder: Path, bootstrap_servers: str) -> None:
    """Each is told in a line without what stands in it, and the silences that are some are listed."""
    _put(bootstrap_servers, f"{_app(folder)}.silences", [(b"one", ADDRESS.encode()), (b"two", _without_month())])
    assert run(folder, "silence", "--for", "1h", "--who", "Ada", "--why", "a reason").returncode == 0
    listed = run(folder, "silences", "--json")
    assert listed.returncode == 0, listed.stderr
    assert len(listed.stdout.splitlines()) == 1
    assert listed.stderr.count("is no silence, and counts for nothing\n") == 2
    assert ADDRESS not in listed.stderr


def test_a_silence_under_another_key(folder: Path, bootstrap_servers: str) -> None:
    """It counts for nothing, so that nothing is ended that would go on; under its own key it is listed and can be ended."""
    record = _without_month().replace(b"2099-13", b"2099-12")
    _put(bootstrap_servers, f"{_app(folder)}.silences", [(b"other", record)])
    for arguments, code, told in ((("--json",), 0, ""), (("--end", "two"), 2, "csat-stream: --end two: no such silence stands\n")):
        left = run(folder, "silences", *arguments)
        assert (left.returncode, left.stdout) == (code, "")
        assert left.stderr == f"a record of {_app(folder)}.silences has a key that is not its id, and counts for nothing\n{told}"
    _put(bootstrap_servers, f"{_app(folder)}.silences", [(b"two", record)])
    assert run(folder, "silences", "--end", "two").stdout == "ended: two\n"
    assert run(folder, "silences", "--json").stdout == ""


def test_a_memory_that_cannot_be_read(folder: Path, bootstrap_servers: str) -> None:
    """`rules` says so in a line."""
    _put(bootstrap_servers, f"{_app(folder)}.alerts", [(b'{"clock":"book"}', ADDRESS.encode())])
    refused = run(folder, "rules")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "not the memory of alerts" in refused.stderr
    assert ADDRESS not in refused.stderr


def _app(folder: Path) -> str:
    return (folder / "csat.yaml").read_text(encoding="utf-8").split()[1]


def _without_month() -> bytes:
    """As the schema's pattern allows, and no time."""
    fields: dict[str, object] = {
        "id": "two",
        "rule": None,
        "segment": {},
        "until": "2099-13-01T00:00:00.000Z",
        "who": "x",
        "why": "y",
        "created": "2099-01-01T00:00:00.000Z",
    }
    return json.dumps(fields).encode()


def _put(servers: str, topic: str, records: list[tuple[bytes, bytes]]) -> None:
    """Write records as a stranger would."""
    import asyncio

    from aiokafka import AIOKafkaProducer

    async def send() -> None:
        async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
            for key, value in records:
                await producer.send_and_wait(topic, value, key=key)

    asyncio.run(send())
