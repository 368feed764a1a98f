"""Nothing that a customer wrote, and nobody's address, leaves but in the value of a dead letter: planted everywhere, looked for everywhere."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

from alert_feed import AT_ONCE, hook, said, until_said
from alert_script import RATINGS, only
from engine_case import Case, Input, event
from engine_worker import WorkerProcess, until

from schemas.times import iso
from stream.clock import real_ms
from stream.devkit.ports import free_ports
from stream.devkit.receiver import WebhookReceiver
from stream.durations import DAY, SECOND
from stream.kafka_client import LogRecord

OPENED, REPLIED, CLOSED = range(3)
COMMENT = "zappelphilipp ist der grösste Mist"
CUSTOMER = "quastenflosser-4711"
MAIL = "wombat.planted@secret.example"
AGENT = "Agent Xylophon <xylophon@desk.example>"
EVENT_ID = "event-okapi-7788@ids.example"
EXTRA = "tapir-extra-field"
PLANTED = (COMMENT, "zappelphilipp", CUSTOMER, "quastenflosser", MAIL, "wombat", "xylophon", AGENT, EVENT_ID, "okapi", EXTRA)
_LONG = 14
RULES = only(
    dip={"kind": "custom", "metric": "csat", "window": "15m", "below": 80, "min_n": 10, "severity": "page", "source": "own", **AT_ONCE},
    rating_lowest={},
    intake_broken={"min_n": 10, **AT_ONCE},
)


def good_records(now: int) -> list[Input]:
    """Valid events that carry all of it where a helpdesk would, and where nobody should."""
    found = []
    for number in range(14):
        ticket, time = f"T-{number}", now - 30 * SECOND + number
        everywhere = {"customer_id": CUSTOMER, "subject": COMMENT, "requester_email": MAIL, "body": COMMENT, "tags": [MAIL, EXTRA]}
        headers = [("x-customer", CUSTOMER.encode()), (MAIL, COMMENT.encode()), ("traceparent", MAIL.encode())]
        opened = _event("ticket.opened", ticket, time, team="billing", channel="mail", **everywhere)
        replied = _event("ticket.replied", ticket, time + 1, author="agent", public=True, agent=AGENT, **everywhere)
        note = _event("ticket.replied", ticket, time + 2, author="customer", public=True, agent=MAIL, **everywhere)
        closed = _event("ticket.closed", ticket, time + 3, agent=AGENT, **everywhere)
        rated = _event(
            "rating.submitted", ticket, time + 4, survey_id=f"S-{number}", score=1, comment=COMMENT, agent=AGENT, team="billing", **everywhere
        )
        found += [Input(topic, ticket.encode(), value, headers) for topic, value in enumerate((opened, replied, closed, rated))]
        found.append(Input(REPLIED, ticket.encode(), note, headers))
    return found


def _event(kind: str, ticket: str, time: int, **data: object) -> bytes:
    """An event whose id, subject and unknown attributes are planted too."""
    whole = json.loads(event(kind, ticket, time, f"{EVENT_ID}-{kind}-{ticket}-{data.get('author')}", **data))
    return json.dumps({**whole, "subject": MAIL, "partitionkey": CUSTOMER, "extra": {MAIL: COMMENT}}, ensure_ascii=False).encode()


def bad_records(now: int) -> list[Input]:
    """One or more of each class of dead letter, with all of it in keys, values, headers, names of fields and types."""
    headers = [(MAIL, COMMENT.encode()), ("note", CUSTOMER.encode())]
    mail, time = MAIL.encode(), now - 20 * SECOND
    binary = [("ce_type", mail), ("ce_subject", mail), ("ce_id", COMMENT.encode()), (f"ce_{MAIL}", CUSTOMER.encode())]
    rated = {"score": 1, "comment": COMMENT, "agent": AGENT, "customer_id": CUSTOMER}
    one = _event("rating.submitted", "C-1", time, **rated)
    other = _event("rating.submitted", "C-1", time, **{**rated, "score": 2})
    values = [
        (mail, COMMENT.encode()),
        (mail, f'"{COMMENT} {MAIL}"'.encode()),
        (mail, f'{{"{MAIL}": "{COMMENT}", broken'.encode()),
        (mail, b"\xff\xfe" + COMMENT.encode()),
        (mail, None),
        (mail, _event(MAIL, MAIL, time, **rated)),
        (mail, _event("rating.submitted", MAIL, time, score=MAIL, comment=COMMENT, agent=[AGENT], team={MAIL: COMMENT}, survey_id=7)),
        (mail, _event("ticket.opened", MAIL, time, customer_id=[CUSTOMER], tags=[{MAIL: COMMENT}], initiated_by=MAIL)),
        (mail, _event("rating.submitted", MAIL, time, score=9, scale_min=1, scale_max=5, comment=COMMENT)),
        (mail, _event("rating.submitted", CUSTOMER, time, **rated)),
        (None, _event("rating.submitted", CUSTOMER, time, **rated)),
        (mail, _event("rating.submitted", MAIL, now + DAY, **rated)),
        (mail, _event("rating.submitted", MAIL, now - 30 * DAY, **rated)),
        (b"C-1", one),
        (b"C-1", other),
    ]
    return [*(Input(RATINGS, key, value, headers) for key, value in values), Input(RATINGS, mail, b'{"score": "x"}', binary)]


CLASSES = {"not_json", "unknown_type", "schema", "score", "wrong_key", "future", "late", "conflict"}


def found_in(text: bytes | str | None) -> list[str]:
    """What of the planted stands in a text, also as JSON, as Base64 or in another case."""
    if text is None:
        return []
    whole = (text if isinstance(text, str) else text.decode("utf-8", "replace")).lower()
    return [each for each in PLANTED if any(form in whole for form in _forms(each))]


def _forms(planted: str) -> Iterator[str]:
    yield planted.lower()
    yield json.dumps(planted)[1:-1].lower()
    # Without the ends, which depend on what stands around it; so what is short can't be told from chance.
    for shift in range(3 if len(planted) >= _LONG else 0):
        yield b64encode(b"x" * shift + planted.encode()).decode()[4:-4].lower()


def found_in_record(record: LogRecord) -> list[str]:
    """The same of a record's key, value and headers."""
    headers = [found for name, value in record.headers for text in (name, value) for found in found_in(text)]
    return [*found_in(record.key), *found_in(record.value), *headers]


def scrape(port: int) -> str:
    """The text of /metrics."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


async def test_nothing_planted_is_found(new: Callable[..., Case], start: Callable[..., WorkerProcess], tmp_path: Path) -> None:
    """Alerts, follow-ups, scores, outbox, sums, metrics, logs, requests, what commands say, and dead letters but for what they keep."""
    now, (port,) = real_ms(), free_ports(1)
    key_file = tmp_path / "agents.key"
    key_file.write_text("a key of sixteen bytes", encoding="utf-8")
    async with WebhookReceiver() as receiver:
        case = new(
            segments=[[], ["team"], ["agent"]],
            agents="pseudonymous",
            agent_key_file=str(key_file),
            alerts=RULES,
            metrics={"port": port, "agents": True},
            notify=[hook(receiver, tmp_path, severities=["page", "ticket", "info"])],
        )
        await case.create_topics()
        worker = start(case, "worker")
        await worker.until_ready()
        await case.produce([*good_records(now), *bad_records(now)])
        await until_said(case, lambda alerts: {"dip", "intake_broken", "rating_lowest"} <= {each.rule for each in alerts if each.notify})
        assert await until(lambda: {"dip", "intake_broken", "rating_lowest"} <= {rule for rule, _ in said(receiver.requests)}, 20)
        await asyncio.sleep(1)
        metrics = await asyncio.to_thread(scrape, port)
        assert await worker.stop() == 0
    for request in receiver.requests:
        assert not found_in(request.body)
        assert not [found for name, value in request.headers.items() for found in found_in(f"{name}: {value}")]
    assert 'cx_dead_letters_total{class="' in metrics
    assert found_in(metrics) == []
    assert found_in(worker.log) == []
    await check_topics(case)
    await check_letters(case)
    await check_commands(case)


async def check_topics(case: Case) -> None:
    """Everything that the program writes for others, and its outbox and sums."""
    topics = case.settings.topics
    for topic in (topics.alerts, topics.scores, topics.followups, topics.silences, case.names.outbox, case.names.sums):
        records = await case.read(topic)
        assert records or topic in {topics.silences, topics.followups}, topic
        assert [found for record in records for found in found_in_record(record)] == [], topic


async def check_letters(case: Case) -> None:
    """Every class is there; headers, key and all fields are clean but for the record they are about, which is whole."""
    records = await case.read(case.settings.topics.dead_letters)
    letters = [json.loads(record.value or b"") for record in records]
    assert {letter["class"] for letter in letters} == CLASSES
    for record, letter in zip(records, letters, strict=True):
        assert found_in(record.key) == []
        assert [found for name, value in record.headers for text in (name, value) for found in found_in(text)] == []
        described = {name: content for name, content in letter.items() if name not in {"key", "value", "headers"}}
        assert found_in(json.dumps(described, ensure_ascii=False)) == []
    kept = [b64decode(letter["value"]).decode("utf-8", "replace") for letter in letters if letter["value"]]
    assert any(COMMENT in text for text in kept), "the dead letter keeps the original"


async def check_commands(case: Case) -> None:
    """What the commands say of it on either stream, and of a table that can't be read."""
    table = case.folder / "bad.csv"
    table.write_text(f"ticket,score,time,comment\n{MAIL},{COMMENT},{CUSTOMER},{COMMENT}\n{CUSTOMER},99,{iso(real_ms())},{MAIL}\n", encoding="utf-8")
    mapping = case.folder / "map.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    config = ("--config", str(case.config))
    commands = [
        ("rules", *config),
        ("scores", *config),
        ("recompute", "--diff", *config),
        ("import", str(table), "--mapping", str(mapping), *config),
        ("silence", "--for", "1h", "--who", MAIL, "--why", f"{COMMENT} {MAIL}", *config),
    ]
    ran = await asyncio.gather(*(asyncio.to_thread(_command, *command) for command in commands))
    for command, (code, told) in zip(commands, ran, strict=True):
        assert found_in(told) == [], (command[0], told)
        assert code in {0, 1, 2}, (command[0], told)
        assert told
    assert [code for code, _ in ran[3:]] == [1, 2]


MAPPING = """
ticket_id: {column: ticket}
source: {value: table}
time: {column: time, format: "%d-%m-%Y %H:%M:%S", zone: Europe/Amsterdam}
events:
  - name: rated
    type: rating.submitted
    fields: {score: {column: score}, comment: {column: comment}}
"""


def _command(*arguments: str) -> tuple[int, str]:
    ran = subprocess.run([sys.executable, "-m", "stream.cli", *arguments], capture_output=True, text=True, check=False, timeout=40)
    return ran.returncode, ran.stdout + ran.stderr


def test_the_search_finds_what_is_planted() -> None:
    """In any form that a leak would have."""
    assert found_in(f"at {MAIL.upper()}!")
    assert found_in(json.dumps({"why": COMMENT}))
    for front in ("", "x", "xy", "xyz"):
        assert found_in(b64encode(f"{front}{CUSTOMER} and more".encode()))
    assert found_in("nothing of it") == []
