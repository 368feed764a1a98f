"""Files to events: order, first rows, identity, and an account of every row."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.read import Reader
from stream.errors import ConfigError, UsageError
from stream.intake.events import Intake, read_events
from stream.intake.load import load_mapping
from stream.intake.mapping import Mapping
from stream.settings import Settings

SETTINGS = Settings()
LOG = """
ticket_id: {column: Id}
time: {column: At, format: unix}
skip: {Step: ping}
events:
  - {name: opened, type: ticket.opened, when: {Step: [work, done]}, first: true}
  - {name: closed, type: ticket.closed, when: {Step: done}}
"""


def mapping_of(folder: Path, text: str) -> Mapping:
    """The mapping that a text holds."""
    file = folder / "mapping.yaml"
    file.write_text(text, encoding="utf-8")
    return load_mapping(file)


def intake(folder: Path, mapping: str, *tables: str, now: int | None = None) -> Intake:
    """What some tables (t0.csv, t1.csv, ...) make by a mapping."""
    files = []
    for number, table in enumerate(tables):
        files.append(folder / f"t{number}.csv")
        files[-1].write_text(table, encoding="utf-8")
    return read_events(files, mapping_of(folder, mapping), SETTINGS, now=now)


def told(found: Intake) -> list[tuple[int, str, str]]:
    """Time, ticket and id of each event."""
    return [(event.time_ms, event.key.decode(), json.loads(event.value)["id"]) for event in found.events]


def test_first_is_by_time_over_all_files(tmp_path: Path) -> None:
    """The earliest row of a ticket opens it, wherever it stands; of equal ones the first; the rest of such rows is skipped."""
    found = intake(tmp_path, LOG, "Id,Step,At\na,work,5\na,done,9\nb,work,7\nb,work,7\n", "Id,Step,At\na,work,3\nx,ping,1\n")
    assert told(found) == [(3000, "a", "2-opened"), (7000, "b", "4-opened"), (9000, "a", "3-closed")]
    assert (found.rows, found.skipped, found.faults) == (6, 3, [])


def test_topics_and_keys(tmp_path: Path) -> None:
    """Each event goes to the topic of its kind, with its ticket as key."""
    found = intake(tmp_path, LOG, "Id,Step,At\né,done,5\n")
    assert [(event.topic_name, event.key) for event in found.events] == [
        (SETTINGS.topics.opened, "é".encode()),
        (SETTINGS.topics.closed, "é".encode()),
    ]


def test_a_row_with_a_fault_makes_no_event(tmp_path: Path) -> None:
    """Each fault is told once although two rules meet it, and the ticket is opened by the next row."""
    found = intake(tmp_path, LOG, "Id,Step,At\na,done,soon\na,other,4\na,done,5\n")
    assert told(found) == [(5000, "a", "4-opened"), (5000, "a", "4-closed")]
    assert [(fault.line, fault.message) for fault in found.faults] == [
        (2, "column 'At': not a time in the format unix"),
        (3, "no event of the mapping fits this row, and `skip` does not name it"),
    ]


def test_what_the_stream_would_refuse_is_a_fault(tmp_path: Path) -> None:
    """Missing tickets, too long ones and the future are found before they are dead letters."""
    found = intake(tmp_path, LOG, f"Id,Step,At\n,done,5\n{'x' * 201},done,5\na,done,400\nb,done,299\n", now=0)
    assert {event.key for event in found.events} == {b"b"}
    assert [fault.line for fault in found.faults] == [2, 3, 4]
    assert found.faults[2].message == "opened: time: lies in the future; closed: time: lies in the future"


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    """All of them at once, with the path in the mapping and the nearest name."""
    with pytest.raises(ConfigError) as caught:
        intake(tmp_path, LOG, "ID,Stepp,At,At\n1,done,5,5\n")
    assert [str(fault) for fault in caught.value.faults] == [
        "ticket_id.column: there is no column 'Id'; did you mean 'ID'?",
        "time.column: the column 'At' stands twice in the header",
        "skip: there is no column 'Step'; did you mean 'Stepp'?",
        "events.0.when: there is no column 'Step'; did you mean 'Stepp'?",
        "events.1.when: there is no column 'Step'; did you mean 'Stepp'?",
    ]


WITH_ID = """
ticket_id: {column: Id}
source: {value: shop}
time: {column: At, format: unix}
events: [{name: opened, type: ticket.opened, id: {column: Event}, fields: {team: {column: Team}}}]
"""


def test_same_id_is_one_event_or_a_conflict(tmp_path: Path) -> None:
    """The same content again is kept (the stream ignores it), another one is refused, another ticket's id is its own."""
    found = intake(tmp_path, WITH_ID, "Id,At,Event,Team\na,1,e,x\na,1,e,x\na,1,e,y\nb,1,e,y\n")
    assert told(found) == [(1000, "a", "e"), (1000, "a", "e"), (1000, "b", "e")]
    assert [str(fault) for fault in found.faults] == [
        f"{tmp_path / 't0.csv'}, line 4: the source and id of this event are those of another one (t0.csv, line 2)"
    ]


def test_files_that_would_share_ids(tmp_path: Path) -> None:
    """Line numbers are unique in one file only."""
    with pytest.raises(UsageError, match="one `source`"):
        intake(tmp_path, LOG + "source: {value: x}\n", "Id,Step,At\n", "Id,Step,At\n")
    with pytest.raises(UsageError, match="same name"):
        read_events([tmp_path / "t0.csv", tmp_path / "t0.csv"], mapping_of(tmp_path, LOG), SETTINGS)
    assert len(intake(tmp_path, WITH_ID, "Id,At,Event,Team\na,1,e,x\n", "Id,At,Event,Team\na,2,f,x\n").events) == 2


def test_objects_with_a_mapping(tmp_path: Path) -> None:
    """JSON lines are rows too, with dotted columns."""
    file = tmp_path / "tickets.jsonl"
    file.write_text('{"ticket": {"id": 7}, "at": 1.5}\nnope\n{"ticket": {"id": 8}, "at": 1}\n', encoding="utf-8")
    mapping = mapping_of(tmp_path, "ticket_id: {column: ticket.id}\ntime: {column: at, format: unix}\nevents: [{name: o, type: ticket.opened}]")
    found = read_events([file], mapping, SETTINGS)
    assert told(found) == [(1000, "8", "3-o"), (1500, "7", "1-o")]
    assert [str(fault) for fault in found.faults] == [f"{file}, line 2: not JSON"]
    assert found.rows == 3


OWN = [
    b'{"specversion":"1.0","type":"ticket.closed","source":"s","id":"1","time":"2026-11-20T08:00:02Z","data":{"ticket_id":"a"}}',
    b'{"type":"ticket.opened","time":"2026-11-20T08:00:01Z","data":{"ticket_id":"a","team":"x","more":1}}',
    b'{"type":"rating.submitted","time":"2026-11-20T08:00:03Z","ticket_id":"a","score":5}',
]


def test_own_events_are_kept_byte_by_byte(tmp_path: Path) -> None:
    """Structured, plain and flat ones, in the order of time, each on its topic."""
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(OWN) + b"\n")
    found = read_events([file], None, SETTINGS)
    topics = SETTINGS.topics
    assert [(event.line, event.value, event.topic_name) for event in found.events] == [
        (2, OWN[1], topics.opened), (1, OWN[0], topics.closed), (3, OWN[2], topics.ratings),
    ]  # fmt: skip
    assert (found.rows, found.skipped, found.faults) == (3, 0, [])


def test_own_events_that_are_refused(tmp_path: Path) -> None:
    """Each kind with its line; nothing of the line is repeated."""
    file = tmp_path / "events.jsonl"
    lines = [
        b"secret",
        b'{"type":"ticket.secret","time":"2026-11-20T08:00:01Z","ticket_id":"a"}',
        b'{"type":"ticket.opened","time":"secret","ticket_id":"a"}',
        b'{"type":"ticket.opened","time":"2026-11-20T08:00:01Z","ticket_id":7}',
        b'{"type":"rating.submitted","time":"2026-11-20T08:00:01Z","ticket_id":"a","score":6}',
        b'{"type":"ticket.opened","time":"2026-11-20T08:00:01Z","ticket_id":"a","pad":"' + b"x" * 1_000_000 + b'"}',
    ]
    file.write_bytes(b"\n".join(lines))
    found = read_events([file], None, SETTINGS)
    assert not found.events
    assert [fault.line for fault in found.faults] == [1, 2, 3, 4, 5, 6]
    assert "secret" not in " ".join(fault.message for fault in found.faults)


rows_of_logs = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["work", "done", "ping", "other"]), st.integers(0, 9)), max_size=30)


@given(rows=rows_of_logs, seed=st.integers(0, 9))
def test_any_order_of_rows(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, int]], seed: int) -> None:
    """Every row is accounted for, events are in order and readable, and shuffled rows make the same events but for their ids."""
    folder = tmp_path_factory.mktemp("rows")
    shuffled = random.Random(seed).sample(rows, len(rows))
    found, other = (intake(folder, LOG, "Id,Step,At\n" + "".join(f"{a},{b},{c}\n" for a, b, c in order)) for order in (rows, shuffled))
    times = [event.time_ms for event in found.events]
    assert times == sorted(times)
    assert len({event.line for event in found.events}) + found.skipped + len(found.faults) == found.rows == len(rows)
    assert sorted((event.time_ms, event.topic_name, event.key) for event in found.events) == sorted(
        (event.time_ms, event.topic_name, event.key) for event in other.events
    )
    reader = Reader(SETTINGS.scale_rules)
    assert all(reader.read(event.key, event.value, ())[1].time == event.time_ms for event in found.events)


def test_a_table_without_a_mapping(tmp_path: Path) -> None:
    """What is missing is said at once, not line by line."""
    file = tmp_path / "calls.CSV"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"calls\.CSV: a table needs --mapping"):
        read_events([file], None, Settings())
