"""The copy of a partition's state on the local disk: what is in it when, and what happens to a folder that can't be used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.durations import DAY, HOUR
from stream.engine import local_store
from stream.engine.local_store import LocalStore, open_store
from stream.errors import ConfigError, CsatStreamError, StartRefused
from stream.settings import Settings
from stream.state.ticket_store import InMemory, TicketStore
from stream.tickets.ticket import Ticket

pytest.importorskip("rocksdict")

CHANGELOG, NOW = "id of the changelog", 50 * DAY


def packed(due: int = 0, waiting: int = 0) -> bytes:
    """A ticket without events."""
    return Ticket().pack(due, waiting)


def commit(store: LocalStore, *others: tuple[bytes, bytes | None], position: int = 1, now: int = NOW) -> None:
    """Bring what was put to the disk."""
    store.commit(others, position, now, {b"H1|0"}, {b"H2|0"})


@pytest.fixture
def stores() -> Iterator[list[LocalStore]]:
    """Stores to be closed in the end."""
    opened: list[LocalStore] = []
    yield opened
    for store in opened:
        store.close(None)


@pytest.fixture
def store(tmp_path: Path, stores: list[LocalStore]) -> LocalStore:
    """An empty one."""
    stores.append(open_store(tmp_path / "0", CHANGELOG, NOW))
    return stores[0]


def again(store: LocalStore, *, now: int = NOW, changelog: str = CHANGELOG, closed: int | None = None) -> LocalStore:
    """The same folder, opened anew."""
    store.close(closed)
    return open_store(store._folder, changelog, now)


@pytest.fixture(params=["memory", "disk"])
def tickets(request: pytest.FixtureRequest) -> TicketStore:
    """Either kind of store."""
    found: TicketStore = InMemory() if request.param == "memory" else request.getfixturevalue("store")
    return found


def test_tickets(tickets: TicketStore) -> None:
    """What was put is there, what was dropped is not, and the number is right."""
    tickets.put("a", b"1", is_new=True)
    tickets.put("a", b"2", is_new=False)
    tickets.put("b", b"3", is_new=True)
    tickets.drop("b")
    tickets.drop("never held")
    assert (tickets.get("a"), tickets.get("b"), len(tickets)) == (b"2", None, 1)


def test_what_is_due(tickets: TicketStore) -> None:
    """A ticket is given once, when its hour has begun at the latest, and again where it was put back."""
    tickets.put_due("early", 2 * HOUR, 0)
    tickets.put_due("late", 9 * HOUR, 0)
    assert tickets.take_due(HOUR) == []
    assert tickets.take_due(3 * HOUR) == [("early", 2)]
    assert tickets.take_due(3 * HOUR) == []
    tickets.put_due("early", 4 * HOUR, 0)
    assert sorted(tickets.take_due(10 * HOUR)) == [("early", 4), ("late", 9)]


def test_what_waits(tickets: TicketStore, store: LocalStore) -> None:
    """After loading, tickets that wait for an answer are known, and each is due when it says."""
    tickets.load("a", packed(due=2 * HOUR, waiting=7))
    tickets.load("b", packed(due=3 * HOUR))
    tickets.load("c", packed(due=2 * HOUR, waiting=9))
    tickets.load("c", None)
    tickets.load("d", None)
    commit(store)
    assert [name for name, _ in tickets.waiting()] == ["a"]
    assert [name for name, _ in tickets.take_due(10 * HOUR) if tickets.get(name)] == ["a", "b"]
    assert len(tickets) == 2


def test_the_disk_has_what_was_committed(store: LocalStore, stores: list[LocalStore]) -> None:
    """A new process finds the last commit whole and nothing beyond it."""
    store.put("a", packed(waiting=1), is_new=True)
    store.put_due("a", 5 * HOUR, 0)
    store.put_waiting("a", waits=True)
    commit(store, (b"B0|0", b"sum"), (b"H0|0", b"gone"), (b"M", b"marker"), position=17)
    commit(store, (b"H0|0", None), position=18)
    store.put("b", packed(), is_new=True)
    store.put_due("a", 6 * HOUR, 5 * HOUR)
    later = again(store)
    stores.append(later)
    assert (later.get("a"), later.get("b"), len(later)) == (packed(waiting=1), None, 1)
    assert dict(later.others()) == {b"B0|0": b"sum", b"M": b"marker"}
    assert (later.place.position, later.place.last_sums, later.place.loading) == (18, [b"H1|0"], [b"H2|0"])
    assert later.take_due(DAY) == [("a", 5)]
    assert [name for name, _ in later.waiting()] == ["a"]


@pytest.mark.parametrize(
    ("now", "changelog", "closed", "kept"),
    [
        (NOW + local_store.TOO_OLD, CHANGELOG, None, True),
        (NOW + local_store.TOO_OLD + 1, CHANGELOG, None, False),
        (NOW + local_store.TOO_OLD + 1, CHANGELOG, NOW + 1, True),
        (NOW, "another", None, False),
    ],
)
def test_a_copy_that_may_be_wrong_is_made_anew(
    store: LocalStore, stores: list[LocalStore], now: int, changelog: str, closed: int | None, kept: bool
) -> None:
    """One that may have missed tombstones, or is of another changelog."""
    store.put("a", packed(), is_new=True)
    commit(store, position=9)
    later = again(store, now=now, changelog=changelog, closed=closed)
    stores.append(later)
    assert (later.place.position, len(later)) == ((9, 1) if kept else (0, 0))


def test_another_format_is_made_anew(store: LocalStore, stores: list[LocalStore], monkeypatch: pytest.MonkeyPatch) -> None:
    """What another version wrote is not read."""
    commit(store, position=9)
    monkeypatch.setattr(local_store, "FORMAT", local_store.FORMAT + 1)
    later = again(store)
    stores.append(later)
    assert later.place.position == 0


def test_a_damaged_folder_is_made_anew(store: LocalStore, stores: list[LocalStore], caplog: pytest.LogCaptureFixture) -> None:
    """The changelog has everything; it is said."""
    store.put("a", packed(), is_new=True)
    commit(store, position=9)
    store.close(None)
    (store._folder / "CURRENT").write_text("damaged", encoding="utf-8")
    stores.append(open_store(store._folder, CHANGELOG, NOW))
    assert (len(stores[-1]), stores[-1].place.position) == (0, 0)
    assert "removed, the changelog is read from its beginning" in caplog.text


def test_a_folder_in_use(store: LocalStore) -> None:
    """Two workers can't share one."""
    with pytest.raises(StartRefused, match="is in use; give each worker"):
        open_store(store._folder, CHANGELOG, NOW)


def test_a_place_that_is_none(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").touch()
    with pytest.raises(StartRefused, match="can't be made"):
        open_store(tmp_path / "file" / "0", CHANGELOG, NOW)


def test_closed(store: LocalStore) -> None:
    """Nothing goes into a store that was let go of."""
    store.close(None)
    store.close(None)
    with pytest.raises(CsatStreamError, match="is closed"):
        commit(store)


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package there is a word about it."""
    monkeypatch.setitem(sys.modules, "rocksdict", None)
    with pytest.raises(ConfigError, match=r"csat-stream\[rocksdb\]"):
        local_store.check_installed()


def test_the_setting() -> None:
    """Off unless a folder is given."""
    assert Settings().local_store is None
    assert Settings.model_validate({"local_store": "state"}).local_store == Path("state")
