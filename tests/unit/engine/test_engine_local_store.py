"""The copy of a partition's state on the local disk: what is in it when, and what happens to a folder that can't be used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stream.durations import DAY, HOUR
from stream.engine import local_store
from stream.engine.local_store import LocalStore, held, open_store
from stream.engine.names import Names
from stream.errors import ConfigError, CsatStreamError, StartRefused
from stream.settings import Settings
from stream.state.calendar import DueOf
from stream.state.ticket_store import InMemory, TicketStore
from stream.tickets import ticket
from stream.tickets.ticket import Head, Ticket

pytest.importorskip("rocksdict")

CHANGELOG, NOW = "id of the changelog", 50 * DAY


def packed(due: int = 0, waiting: int = 0) -> bytes:
    """A ticket without events."""
    return Ticket().pack(due, waiting)


def put(store: TicketStore, name: str, packed: bytes, before: Head | None) -> None:
    """Hold a ticket."""
    store.put(name, packed, ticket.head(packed), before)


def due_by(store: TicketStore) -> DueOf:
    """When tickets are due by what a store holds."""

    def due_of(name: str) -> int | None:
        found = store.get(name)
        return None if found is None else ticket.head(found).due

    return due_of


def commit(store: LocalStore, *others: tuple[bytes, bytes | None], position: int = 1, written: int = NOW) -> None:
    """Bring what was put to the disk."""
    store.flushed()
    store.commit(others, position, written, {b"H1|0"})


@pytest.fixture
def stores() -> Iterator[list[LocalStore]]:
    """Stores to be closed in the end."""
    opened: list[LocalStore] = []
    yield opened
    for store in opened:
        store.close()


@pytest.fixture
def store(tmp_path: Path, stores: list[LocalStore]) -> LocalStore:
    """An empty one."""
    stores.append(open_store(tmp_path / "0", CHANGELOG, NOW))
    return stores[0]


def again(store: LocalStore, *, now: int = NOW, changelog: str = CHANGELOG) -> LocalStore:
    """The same folder, opened anew."""
    store.close()
    return open_store(store.folder, changelog, now)


@pytest.fixture(params=["memory", "disk"])
def tickets(request: pytest.FixtureRequest) -> TicketStore:
    """Either kind of store."""
    found: TicketStore = InMemory() if request.param == "memory" else request.getfixturevalue("store")
    return found


def test_tickets(tickets: TicketStore) -> None:
    """What was put is there, what was dropped is not, and the number is right."""
    put(tickets, "a", packed(1), None)
    put(tickets, "a", packed(2), Head(1, 0))
    put(tickets, "b", packed(3), None)
    tickets.drop("b", Head(3, 0))
    tickets.drop("came and went", None)
    assert (tickets.get("a"), tickets.get("b"), len(tickets)) == (packed(2), None, 1)
    tickets.flushed()
    assert (tickets.get("a"), len(tickets)) == (packed(2), 1)


def test_what_changed_is_due(tickets: TicketStore) -> None:
    """Before it is flushed: once its time is over, by what is known of it then."""
    due = {"early": 2 * HOUR, "late": 9 * HOUR}

    def put_due(name: str, time: int) -> None:
        due[name] = time
        tickets.put_due(name, time)

    put_due("early", 2 * HOUR + 5)
    put_due("late", 9 * HOUR)
    assert tickets.take_due(HOUR, due.get, 9) == []
    assert tickets.take_due(2 * HOUR + 5, due.get, 9) == []
    assert tickets.take_due(2 * HOUR + 6, due.get, 9) == ["early"]
    assert tickets.take_due(3 * HOUR, due.get, 9) == []
    for time in (2 * HOUR, 8 * HOUR, 2 * HOUR + 1, 2 * HOUR):
        put_due("early", time)
    assert tickets.take_due(10 * HOUR, due.get, 9) == ["early", "late"]
    put_due("early", 11 * HOUR)
    del due["early"]
    assert tickets.take_due(DAY, due.get, 9) == []


def test_what_waits(tickets: TicketStore, store: LocalStore) -> None:
    """After loading, tickets that wait for an answer are known, and each is due when it says."""
    tickets.load("a", packed(due=2 * HOUR, waiting=7))
    tickets.load("b", packed(due=3 * HOUR))
    tickets.load("b", packed(due=4 * HOUR))
    tickets.load("c", packed(due=2 * HOUR, waiting=9))
    tickets.load("c", None)
    tickets.load("d", None)
    commit(store)
    assert [name for name, _ in tickets.loaded()] == ["a"]
    assert tickets.take_due(10 * HOUR, due_by(tickets), 9) == ["a", "b"]
    assert len(tickets) == 2


def test_what_the_disk_has_is_due_until_it_is_changed(store: LocalStore) -> None:
    """A ticket is due by what was flushed of it last; one that is due earlier than others were is not passed over."""
    put(store, "a", packed(2 * HOUR), None)
    put(store, "b", packed(9 * HOUR), None)
    commit(store)
    assert store.take_due(5 * HOUR, due_by(store), 9) == ["a"]
    put(store, "a", packed(12 * HOUR), Head(2 * HOUR, 0))
    put(store, "c", packed(HOUR), None)
    commit(store)
    assert store.take_due(10 * HOUR, due_by(store), 9) == ["c", "b"]


def test_so_many_at_once(store: LocalStore) -> None:
    """Those that stand on the disk and those that have changed since; who was not taken is taken next time."""
    for name, due in (("a", 2), ("b", 2), ("c", 3), ("d", 20)):
        put(store, name, packed(due * HOUR), None)
    commit(store)
    held = {"a": 2 * HOUR, "b": 2 * HOUR, "c": 3 * HOUR, "d": 4 * HOUR}
    store.put_due("d", 4 * HOUR)
    for expected in (["a"], ["b"], ["c"], ["d"], []):
        assert store.take_due(5 * HOUR, held.get, 1) == expected
        for name in expected:
            store.drop(name, Head(held[name] if name != "d" else 20 * HOUR, 0))
            del held[name]


def test_a_ticket_that_stands_twice_takes_one_place(store: LocalStore) -> None:
    """On the disk and among what has changed since: another one that is due is not put off for it."""
    put(store, "a", packed(2 * HOUR), None)
    commit(store)
    store.put_due("a", 2 * HOUR)
    store.put_due("b", 3 * HOUR)
    assert store.take_due(5 * HOUR, {"a": 2 * HOUR, "b": 3 * HOUR}.get, 2) == ["a", "b"]


def test_the_disk_has_what_was_committed(store: LocalStore, stores: list[LocalStore]) -> None:
    """A new process finds the last commit whole and nothing beyond it, whatever was put while that was on its way."""
    put(store, "a", packed(5 * HOUR, 1), None)
    commit(store, (b"B0|0", b"sum"), (b"H0|0", b"gone"), (b"M", b"marker"), position=17)
    store.flushed()
    put(store, "b", packed(), None)
    put(store, "a", packed(6 * HOUR), Head(5 * HOUR, 1))
    store.commit([(b"H0|0", None)], 18, NOW, {b"H1|0"})
    assert (store.get("a"), store.get("b")) == (packed(6 * HOUR), packed())
    later = again(store)
    stores.append(later)
    assert (later.get("a"), later.get("b")) == (packed(5 * HOUR, 1), None)
    assert dict(later.others()) == {b"B0|0": b"sum", b"M": b"marker"}
    assert (later.place.position, later.place.last_sums) == (18, [b"H1|0"])
    assert later.take_due(DAY, due_by(later), 9) == ["a"]
    assert [name for name, _ in later.loaded()] == ["a"]


@pytest.mark.parametrize(
    ("now", "changelog", "kept"),
    [
        (NOW + local_store.TOO_OLD, CHANGELOG, True),
        (NOW + local_store.TOO_OLD + 1, CHANGELOG, False),
        (NOW - local_store.TOO_OLD - 1, CHANGELOG, False),
        (NOW, "another", False),
    ],
)
def test_a_copy_that_may_be_wrong_is_made_anew(store: LocalStore, stores: list[LocalStore], now: int, changelog: str, kept: bool) -> None:
    """One that may have missed tombstones, or is of another changelog, or of a clock that was wrong."""
    put(store, "a", packed(), None)
    commit(store, position=9)
    later = again(store, now=now, changelog=changelog)
    stores.append(later)
    assert (later.place.position, len(later)) == ((9, 1) if kept else (0, 0))


@pytest.mark.parametrize("place", [msgspec.msgpack.encode([1, {"another": "shape"}]), b"\xc1", b""])
def test_another_shape_is_made_anew(store: LocalStore, stores: list[LocalStore], place: bytes) -> None:
    """What nobody can read is no reason to stop."""
    commit(store, position=9)
    store._open[b"\0"] = place
    later = again(store)
    stores.append(later)
    assert later.place.position == 0


def test_another_format_is_made_anew(store: LocalStore, stores: list[LocalStore], monkeypatch: pytest.MonkeyPatch) -> None:
    """What another version wrote is not read."""
    commit(store, position=9)
    monkeypatch.setattr(local_store, "FORMAT", local_store.FORMAT + 1)
    later = again(store)
    stores.append(later)
    assert later.place.position == 0


def test_a_damaged_folder_is_made_anew(store: LocalStore, stores: list[LocalStore], caplog: pytest.LogCaptureFixture) -> None:
    """The changelog has everything; it is said."""
    put(store, "a", packed(), None)
    commit(store, position=9)
    store.close()
    (store.folder / "CURRENT").write_text("damaged", encoding="utf-8")
    stores.append(open_store(store.folder, CHANGELOG, NOW))
    assert (len(stores[-1]), stores[-1].place.position) == (0, 0)
    assert "making it anew from the changelog" in caplog.text


def test_damaged_data_is_never_passed_over(store: LocalStore, stores: list[LocalStore]) -> None:
    """A block of zeros ends an iterator as if there were no more: the worker must not go on with half the sums."""
    commit(store, *((b"H%05d|0" % number, bytes(str(number) * 40, "ascii")) for number in range(5_000)))
    store.close()
    (data,) = store.folder.glob("*.sst")
    content = bytearray(data.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 50] = bytes(50)
    data.write_bytes(content)
    stores.append(open_store(store.folder, CHANGELOG, NOW))
    with pytest.raises(CsatStreamError, match="the local store fails"):
        list(stores[-1].others())


def test_missing_records_are_noticed(store: LocalStore, stores: list[LocalStore]) -> None:
    """Fewer than were written."""
    commit(store, (b"H1|0", b"1"), (b"H2|0", b"2"), (b"H3|0", b"3"), (b"H3|0", None))
    del store._open[b"H2|0"]
    stores.append(again(store))
    with pytest.raises(CsatStreamError, match="1 records are missing"):
        list(stores[-1].others())


def test_a_folder_in_use(store: LocalStore) -> None:
    """Two processes can't share one."""
    with pytest.raises(StartRefused, match="is in use; give each worker"):
        open_store(store.folder, CHANGELOG, NOW)


def test_a_root_is_for_one_worker(tmp_path: Path) -> None:
    """The second is refused at its start, not at some rebalance; what former generations left is removed, what others left is not."""
    for name in ("app-g1", "app-g2", "app-g3", "other-g1"):
        (tmp_path / name / "0").mkdir(parents=True)
    with held(tmp_path, Names("app", 3)):
        with pytest.raises(StartRefused, match="is in use; give each worker"), held(tmp_path, Names("app", 3)):
            pass
        assert {folder.name for folder in tmp_path.iterdir() if folder.is_dir()} == {"app-g3", "other-g1"}
    with held(tmp_path, Names("app", 3)):
        pass


def test_a_place_that_is_none(tmp_path: Path) -> None:
    """A file stands where the folder should be, or the folder is no database and may not be removed."""
    (tmp_path / "file").touch()
    with pytest.raises(StartRefused, match="can't be used"):
        open_store(tmp_path / "file" / "0", CHANGELOG, NOW)
    with pytest.raises(StartRefused, match="can't be used"), held(tmp_path / "file", Names("app", 1)):
        pass
    with pytest.raises(StartRefused, match="can't be used"):
        local_store.remove(tmp_path / "nothing")


def test_closed(store: LocalStore) -> None:
    """Nothing goes into a store that was let go of."""
    store.close()
    store.close()
    with pytest.raises(CsatStreamError, match="is closed"):
        commit(store)


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package there is a word about it."""
    monkeypatch.setitem(sys.modules, "rocksdict", None)
    with pytest.raises(ConfigError, match=r"csat-stream\[rocksdb\]"):
        local_store.check_installed()


def test_the_setting() -> None:
    """Off unless a folder is given; an empty variable gives none."""
    assert Settings().local_store is None
    assert Settings.model_validate({"local_store": ""}).local_store is None
    assert Settings.model_validate({"local_store": "~/state"}).local_store == Path.home() / "state"
    assert Settings.model_validate({"local_store": "state"}).local_store == Path("state")


def test_indexes_and_filters_are_beside_the_cache(stores: list[LocalStore], tmp_path: Path) -> None:
    """In the cache those of ten million tickets drive each other out, and each ticket is read from several blocks of the disk."""
    store = open_store(tmp_path / "copy", CHANGELOG, NOW)
    for number in range(20_000):
        put(store, f"ticket-{number}", packed(due=HOUR), None)
    commit(store)
    store.close()
    again = open_store(tmp_path / "copy", CHANGELOG, NOW)
    stores.append(again)
    assert again.get("ticket-7") is not None
    database = again._open
    assert (database.property_int_value("rocksdb.estimate-table-readers-mem") or 0) > 3_000
    assert (database.property_int_value("rocksdb.block-cache-usage") or 0) < 10_000
