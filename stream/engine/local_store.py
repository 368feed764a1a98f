"""A copy of a partition's state on the local disk (RocksDB): for states larger than memory, and restarts that read only what is new.

The changelog stays the truth. What goes into a flush is held back in memory until the flush is acknowledged; then one atomic batch brings it to the
disk together with the place in the changelog that it reaches to. Nothing else is written, so that a copy always is the state after some flush or
piece of the changelog, and reading goes on from that place. The write-ahead log is off: what RocksDB had not yet written when a process was killed
is in the changelog. A copy that can't be used is removed, and the changelog read from its beginning.

Keys of the changelog are kept as they are. Beside them stand, begun by the bytes 0, 1 and 2: where the copy stands; a time of 8 bytes and the name of
a ticket that is due then, one for each ticket; the name of a ticket that waits for an answer. Tickets stay on the disk; everything else is loaded.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from stream.durations import DAY, HOUR
from stream.engine.names import Names
from stream.errors import ConfigError, CsatStreamError, Fault, StartRefused
from stream.state.calendar import Calendar, DueOf
from stream.state.partition import TICKET_KEY, Record
from stream.tickets import ticket
from stream.tickets.ticket import Head

if TYPE_CHECKING:
    from rocksdict import Rdict

log = logging.getLogger(__name__)

FORMAT = 1
_PLACE, _DUE, _WAITS, _OTHERS = b"\0", b"\1", b"\2", b"\3"
_AFTER_TICKETS = bytes([TICKET_KEY[0] + 1])
_LAST = b"\xff"
_TIME_BYTES = 8
_WRITE_BUFFER = 16 * 1024 * 1024
_BLOCK_CACHE = 64 * 1024 * 1024
"""Of one partition. Indexes and filters are beside it, about four bytes a ticket: in it they drive each other out, at 300 us a ticket read."""
_BITS_A_KEY = 10
_OPEN_FILES = 256
TOO_OLD = DAY - HOUR
"""A copy that reaches to a time so far away (ms) may have missed tombstones that compaction has removed since."""


class Place(msgspec.Struct, frozen=True, array_like=True):
    """What a copy reaches to.

    `position`: first offset of the changelog that it does not hold; `changelog`: the topic's id; `written`: when the record before that offset was
    written (ms). `others`: number of records that are no tickets. `last_sums`: keys of the sums in the last flush, None where they are not known.
    """

    format: int
    changelog: str
    position: int
    written: int
    tickets: int
    others: int
    last_sums: list[bytes] | None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Place).decode


def check_installed() -> None:
    """ConfigError where the extra is missing."""
    try:
        import rocksdict  # noqa: F401 (whether it is there)
    except ImportError:
        raise ConfigError("settings", (Fault("local_store", "needs the package rocksdict: pip install 'csat-stream[rocksdb]'"),)) from None


@contextlib.contextmanager
def held(root: Path, names: Names) -> Iterator[None]:
    """The folder of all copies of one worker, for it alone, without those of former generations. StartRefused where another worker has it."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = os.open(root / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    except OSError as error:
        raise _no_place(root, error) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _in_use(root) from None
        for former in range(1, names.generation):
            shutil.rmtree(root / Names(names.app, former).group, ignore_errors=True)
        yield
    finally:
        os.close(lock)


def open_store(folder: Path, changelog: str, now: int) -> LocalStore:
    """The copy in a folder, made where there is none; one that can't be used is removed first. StartRefused where the folder is no place for it."""
    try:
        store = LocalStore(folder, changelog, _opened(folder))
        why = store.unusable(now)
        if why is None:
            return store
        store.close()
    except _Damaged as error:
        why = str(error)
    log.warning("%s: %s; making it anew from the changelog", folder, why)
    remove(folder)
    return LocalStore(folder, changelog, _opened(folder))


def remove(folder: Path) -> None:
    """Take a copy away; StartRefused where that is forbidden."""
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise _no_place(folder, error) from None


class LocalStore:
    """Tickets of one partition (a `TicketStore`), and all that a restart needs. CsatStreamError where the disk fails.

    What a flush changes goes to `_next`, when it is complete to `_sent`, and with `commit` to the disk.
    """

    def __init__(self, folder: Path, changelog: str, database: Rdict) -> None:
        self.folder = folder
        self._changelog = changelog
        self._database: Rdict | None = database
        self._next: dict[bytes, bytes | None] = {}
        self._sent: dict[bytes, bytes | None] = {}
        self._calendar = Calendar()
        self._due_from = 0
        self.place = self._found()
        self._tickets = self.place.tickets
        self._others: set[bytes] = set()

    def _found(self) -> Place:
        try:
            found = self._read(_PLACE)
            return _empty(self._changelog) if found is None else _decode(found)
        except (msgspec.ValidationError, msgspec.DecodeError):
            self.close()
            raise _Damaged("written by another version") from None

    def unusable(self, now: int) -> str | None:
        """Why this copy can't be used at a time (ms); None where it can."""
        if self.place.format != FORMAT:
            return "written by another version"
        if self.place.changelog != self._changelog:
            return "a copy of another changelog"
        if self.place.position and abs(now - self.place.written) > TOO_OLD:
            return "not brought up to date for most of a day"
        return None

    # -- as a store of tickets

    def __len__(self) -> int:
        return self._tickets

    def get(self, name: str, /) -> bytes | None:
        """A packed ticket."""
        key = TICKET_KEY + name.encode()
        for layer in (self._next, self._sent):
            if key in layer:
                return layer[key]
        return self._read(key)

    def put(self, name: str, packed: bytes, head: Head, before: Head | None) -> None:
        """Hold a ticket as it goes into a flush."""
        encoded = name.encode()
        self._next[TICKET_KEY + encoded] = packed
        if before is None:
            self._tickets += 1
        elif before.due != head.due:
            self._next[_due_key(before.due, encoded)] = None
        if before is None or before.due != head.due:
            self._next[_due_key(head.due, encoded)] = b""
            self._due_from = min(self._due_from, head.due)
        waited = before is not None and bool(before.waiting)
        if waited != bool(head.waiting):
            self._next[_WAITS + encoded] = b"" if head.waiting else None

    def drop(self, name: str, before: Head | None) -> None:
        """Forget a ticket."""
        if before is None:
            return
        encoded = name.encode()
        self._tickets -= 1
        self._next[TICKET_KEY + encoded] = None
        self._next[_due_key(before.due, encoded)] = None
        if before.waiting:
            self._next[_WAITS + encoded] = None

    def flushed(self) -> None:
        """What was put goes into one flush: it is complete."""
        self._sent, self._next = self._next, {}
        self._calendar = Calendar()

    def put_due(self, name: str, due: int) -> None:
        """A change that is not flushed yet makes a ticket due at another time."""
        self._calendar.put(name, due)

    def take_due(self, now: int, due_of: DueOf, most: int) -> list[str]:
        """Tickets that are due, by what the disk says and by what has changed since: nothing is on its way to the disk between two flushes."""
        found: dict[str, None] = {}
        begin, end = _due_key(self._due_from, b""), _due_key(now, b"")
        # They are changed or dropped in this flush: whoever looks again need not walk over what they leave behind.
        upto = max(self._due_from, now)
        for key, _ in self._between(begin, end) if begin < end else ():
            name, due = _name_and_due(key)
            if len(found) == most:
                upto = due
                break
            if due_of(name) == due:
                found[name] = None
        self._due_from = upto
        # A ticket that stands on the disk and among the changes takes one place.
        while (left := most - len(found)) and (taken := self._calendar.take(now, due_of, left)):
            found |= dict.fromkeys(taken)
        return list(found)

    def load(self, name: str, packed: bytes | None) -> None:
        """Put back a ticket from the changelog."""
        known = self.get(name)
        before = None if known is None else ticket.head(known)
        if packed is None:
            self.drop(name, before)
        else:
            self.put(name, packed, ticket.head(packed), before)

    def loaded(self) -> Iterator[tuple[str, bytes]]:
        """After the last `commit`: the tickets that wait for an answer."""
        for key, _ in self._between(_WAITS, _OTHERS):
            name = key[1:].decode()
            packed = self.get(name)
            if packed is None:
                raise self._failed("a ticket is missing")
            yield name, packed

    # -- as a copy

    def others(self) -> Iterator[Record]:
        """Everything of the changelog but tickets, when a worker begins."""
        for key, value in (*self._between(_OTHERS, TICKET_KEY), *self._between(_AFTER_TICKETS, _LAST)):
            self._others.add(key)
            yield key, value
        if len(self._others) != self.place.others:
            raise self._failed(f"{self.place.others - len(self._others)} records are missing")

    def commit(self, others: Iterable[Record], position: int, written: int, last_sums: Collection[bytes] | None) -> None:
        """Bring what was put up to `flushed`, and records that are no tickets, to the disk: the state up to a place in the changelog."""
        from rocksdict import WriteBatch

        batch = WriteBatch(raw_mode=True)
        for key, value in self._sent.items():
            _into(batch, key, value)
        for key, value in others:
            _into(batch, key, value)
            (self._others.discard if value is None else self._others.add)(key)
        known = None if last_sums is None else list(last_sums)
        self.place = Place(FORMAT, self._changelog, position, written, self._tickets, len(self._others), known)
        batch.put(_PLACE, _encode(self.place))
        self._write(batch)
        self._sent = {}

    def close(self) -> None:
        """Let go of the folder, with everything that was committed."""
        database, self._database = self._database, None
        if database is None:
            return
        for end in (database.flush, database.close):
            try:
                end()
            except Exception as error:  # noqa: BLE001 (it raises nothing narrower)
                log.warning("%s: not everything was written (%s); the changelog has it", self.folder, error)

    # -- the database

    @property
    def _open(self) -> Rdict:
        if self._database is None:
            raise CsatStreamError(f"{self.folder}: the local store is closed")
        return self._database

    def _read(self, key: bytes) -> bytes | None:
        database = self._open
        try:
            found: bytes | None = database.get(key)
        except Exception as error:  # noqa: BLE001 (it raises nothing narrower)
            raise self._failed(error) from None
        return found

    def _between(self, begin: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        from rocksdict import ReadOptions

        options = ReadOptions()
        options.set_iterate_upper_bound(end)
        found = self._open.iter(options)
        try:
            found.seek(begin)
            while found.valid():
                yield found.key(), found.value()
                found.next()
            found.status()  # an iterator over damaged data ends as if there were no more
        except Exception as error:  # noqa: BLE001 (it raises nothing narrower)
            raise self._failed(error) from None

    def _write(self, batch: Any) -> None:
        database = self._open
        try:
            database.write(batch, _write_options())
        except Exception as error:  # noqa: BLE001 (it raises nothing narrower)
            raise self._failed(error) from None

    def _failed(self, error: Exception | str) -> CsatStreamError:
        return CsatStreamError(
            f"{self.folder}: the local store fails ({error}); nothing is lost, the changelog has it: make room, or remove this folder"
        )


class _Damaged(Exception):
    """A copy that can't be read."""


def _opened(folder: Path) -> Rdict:
    from rocksdict import Rdict

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _no_place(folder, error) from None
    try:
        return Rdict(str(folder), _options())
    except Exception as error:  # noqa: BLE001 (it raises nothing narrower)
        text = str(error)
        if text.startswith("Corruption"):
            raise _Damaged(text) from None
        if "/LOCK: " in text:
            raise _in_use(folder) from None
        raise StartRefused(f"local_store: {folder} can't be opened ({text})", "name a folder that may be written, or remove this one") from None


def _in_use(folder: Path) -> StartRefused:
    return StartRefused(f"local_store: {folder} is in use", "give each worker on a machine a folder of its own")


def _no_place(folder: Path, error: OSError) -> StartRefused:
    return StartRefused(f"local_store: {folder} can't be used ({error.strerror})", "name a folder that may be written")


def _options() -> Any:
    from rocksdict import BlockBasedOptions, Cache, DBCompressionType, Options

    table = BlockBasedOptions()
    table.set_block_cache(Cache(_BLOCK_CACHE))
    table.set_bloom_filter(_BITS_A_KEY, block_based=False)
    options = Options(raw_mode=True)
    options.create_if_missing(True)  # noqa: FBT003 (its only form)
    options.set_block_based_table_factory(table)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_write_buffer_size(_WRITE_BUFFER)
    options.set_max_open_files(_OPEN_FILES)
    options.set_keep_log_file_num(2)
    return options


def _write_options() -> Any:
    from rocksdict import WriteOptions

    options = WriteOptions()
    options.disable_wal = True  # type: ignore[method-assign,assignment]  # a property; its stub says otherwise
    return options


def _into(batch: Any, key: bytes, value: bytes | None) -> None:
    if value is None:
        batch.delete(key)
    else:
        batch.put(key, value)


def _empty(changelog: str) -> Place:
    return Place(FORMAT, changelog, 0, 0, 0, 0, None)


def _due_key(due: int, name: bytes) -> bytes:
    return _DUE + due.to_bytes(_TIME_BYTES) + name


def _name_and_due(key: bytes) -> tuple[str, int]:
    begin = len(_DUE) + _TIME_BYTES
    return key[begin:].decode(), int.from_bytes(key[len(_DUE) : begin])
