"""A copy of a partition's state on the local disk (RocksDB): for states larger than memory, and restarts that read only what is new.

The changelog stays the truth. Whatever goes into the state is held back in memory until its flush is acknowledged; then one atomic batch brings
it to the disk together with the place in the changelog that it reaches to. Nothing else is written, so that a copy always is the state after some
flush or piece of the changelog, and reading goes on from that place. The write-ahead log is off: what RocksDB had not yet written when a process
was killed is in the changelog. A copy that can't be used is removed, and the changelog read from its beginning.

Keys of the changelog are kept as they are. Beside them stand, begun by the bytes 0, 1 and 2: where the copy stands; a time of 8 bytes and the name of
a ticket that is due then; the name of a ticket that waits for an answer. Tickets stay on the disk; everything else is loaded.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from stream.durations import DAY, HOUR
from stream.errors import ConfigError, CsatStreamError, Fault, StartRefused
from stream.state.partition import TICKET_KEY, Record
from stream.tickets import ticket

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
"""Of one partition, with the indexes and filters of its files."""
_BITS_A_KEY = 10
_OPEN_FILES = 256
TOO_OLD = DAY - HOUR
"""A copy that was not written for this long (ms) may have missed tombstones that compaction has removed since."""


class Place(msgspec.Struct, frozen=True, array_like=True):
    """What a copy reaches to.

    `position`: first offset of the changelog that it does not hold; `changelog`: the topic's id; `written`: when (ms, wall clock). `last_sums`:
    keys of the sums in the last flush; `loading`: of those loaded since.
    """

    format: int
    changelog: str
    position: int
    written: int
    tickets: int
    last_sums: list[bytes]
    loading: list[bytes]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Place).decode


def check_installed() -> None:
    """ConfigError where the extra is missing."""
    try:
        import rocksdict  # noqa: F401 (whether it is there)
    except ImportError:
        raise ConfigError("settings", (Fault("local_store", "needs the package rocksdict: pip install 'csat-stream[rocksdb]'"),)) from None


def open_store(folder: Path, changelog: str, now: int) -> LocalStore:
    """The copy in a folder, made where there is none; one that can't be used is removed first. StartRefused where the folder is no place for it."""
    try:
        store = LocalStore(folder, changelog, _opened(folder))
    except _Unusable as error:
        log.warning("%s: %s; removed, the changelog is read from its beginning", folder, error)
        return LocalStore(_emptied(folder), changelog, _opened(folder))
    why = store.unusable(now)
    if why is None:
        return store
    log.warning("%s: %s; removed, the changelog is read from its beginning", folder, why)
    store.close(None)
    return LocalStore(_emptied(folder), changelog, _opened(folder))


class LocalStore:
    """Tickets of one partition (a `TicketStore`), and all that a restart needs. CsatStreamError where the disk fails."""

    def __init__(self, folder: Path, changelog: str, database: Rdict) -> None:
        self._folder = folder
        self._changelog = changelog
        self._database: Rdict | None = database
        self._pending: dict[bytes, bytes | None] = {}
        found = self._read(_PLACE)
        self.place = _empty(changelog) if found is None else _decode(found)
        self._tickets = self.place.tickets

    def unusable(self, now: int) -> str | None:
        """Why this copy can't be used at a time (ms); None where it can."""
        if self.place.format != FORMAT:
            return "written by another version"
        if self.place.changelog != self._changelog:
            return "a copy of another changelog"
        if self.place.position and now - self.place.written > TOO_OLD:
            return "not written for most of a day"
        return None

    # -- as a store of tickets

    def __len__(self) -> int:
        return self._tickets

    def get(self, name: str, /) -> bytes | None:
        """A packed ticket, as of the last `put`."""
        key = TICKET_KEY + name.encode()
        return self._pending[key] if key in self._pending else self._read(key)

    def put(self, name: str, packed: bytes, *, is_new: bool) -> None:
        """Hold a ticket as it goes into a flush."""
        self._pending[TICKET_KEY + name.encode()] = packed
        self._tickets += is_new

    def drop(self, name: str) -> None:
        """Forget a ticket; it may have come and gone between two flushes."""
        self._tickets -= self.get(name) is not None
        self._pending[TICKET_KEY + name.encode()] = None
        self._pending[_WAITS + name.encode()] = None

    def put_due(self, name: str, due: int, before: int) -> None:
        """A ticket is due at a time, and no longer at the one before."""
        if before:
            self._pending[_due_key(before, name)] = None
        self._pending[_due_key(due, name)] = b""

    def take_due(self, now: int) -> list[tuple[str, int]]:
        """Tickets that are due."""
        end = _due_key(now, "")
        pending = [key for key, value in self._pending.items() if key[:1] == _DUE and value is not None and key < end]
        held = [key for key, _ in self._between(_DUE, end) if key not in self._pending]
        self._pending.update(dict.fromkeys([*pending, *held]))
        return [_name_and_hour(key) for key in (*held, *pending)]

    def put_waiting(self, name: str, *, waits: bool) -> None:
        """Note which tickets a restart has to look at."""
        self._pending[_WAITS + name.encode()] = b"" if waits else None

    def load(self, name: str, packed: bytes | None) -> None:
        """Put back a ticket from the changelog."""
        known = self.get(name)
        if packed is not None:
            begin = ticket.head(packed)
            self.put(name, packed, is_new=known is None)
            self.put_due(name, begin.due, 0 if known is None else ticket.head(known).due)
            self.put_waiting(name, waits=bool(begin.waiting))
        elif known is not None:
            self.drop(name)

    def waiting(self) -> Iterator[tuple[str, bytes]]:
        """After the last `load` and the `commit` behind it: the tickets that wait for an answer."""
        for key, _ in self._between(_WAITS, _OTHERS):
            name = key[1:].decode()
            packed = self.get(name)
            if packed is not None:
                yield name, packed

    # -- as a copy

    def others(self) -> Iterator[Record]:
        """Everything of the changelog but tickets."""
        yield from self._between(_OTHERS, TICKET_KEY)
        yield from self._between(_AFTER_TICKETS, _LAST)

    def commit(self, others: Iterable[Record], position: int, now: int, last_sums: Collection[bytes], loading: Collection[bytes]) -> None:
        """Bring what was put, and records that are no tickets, to the disk: the state up to a place in the changelog."""
        from rocksdict import WriteBatch

        batch = WriteBatch(raw_mode=True)
        for key, value in (*self._pending.items(), *others):
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        place = Place(FORMAT, self._changelog, position, now, self._tickets, list(last_sums), list(loading))
        batch.put(_PLACE, _encode(place))
        self._write(batch)
        self.place = place
        self._pending.clear()

    def close(self, now: int | None) -> None:
        """Let go of the folder, with everything that was committed; with a time (ms) that it was still right then."""
        database, self._database = self._database, None
        if database is None:
            return
        try:
            if now is not None and self.place.position:
                database.put(_PLACE, _encode(msgspec.structs.replace(self.place, written=now)), _write_options())
            database.flush()
        except Exception as error:  # noqa: BLE001 (it raises nothing narrower)
            log.warning("%s: not everything was written (%s); the changelog has it", self._folder, error)
        finally:
            database.close()

    # -- the database

    @property
    def _open(self) -> Rdict:
        if self._database is None:
            raise CsatStreamError(f"{self._folder}: the local store is closed")
        return self._database

    def _read(self, key: bytes) -> bytes | None:
        try:
            found: bytes | None = self._open.get(key)
        except Exception as error:  # noqa: BLE001 (it raises nothing narrower)
            raise self._failed(error) from None
        return found

    def _between(self, begin: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        from rocksdict import ReadOptions

        options = ReadOptions()
        options.set_iterate_upper_bound(end)
        try:
            items: Iterable[tuple[Any, Any]] = self._open.items(from_key=begin, read_opt=options)
            yield from items
        except Exception as error:  # noqa: BLE001 (it raises nothing narrower)
            raise self._failed(error) from None

    def _write(self, batch: Any) -> None:
        try:
            self._open.write(batch, _write_options())
        except Exception as error:  # noqa: BLE001 (it raises nothing narrower)
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> CsatStreamError:
        if isinstance(error, CsatStreamError):
            return error
        return CsatStreamError(
            f"{self._folder}: the local store fails ({error}); nothing is lost, the changelog has it: make room, or remove the folder"
        )


class _Unusable(Exception):
    """RocksDB can't open a folder that it made."""


def _opened(folder: Path) -> Rdict:
    from rocksdict import Rdict

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartRefused(f"local_store: {folder} can't be made ({error.strerror})", "name a folder that may be written") from None
    try:
        return Rdict(str(folder), _options())
    except Exception as error:  # noqa: BLE001 (it raises nothing narrower)
        text = str(error)
        if "lock" in text.lower():
            raise StartRefused(f"local_store: {folder} is in use", "give each worker on a machine a folder of its own") from None
        if not (folder / "CURRENT").exists():
            raise StartRefused(f"local_store: {folder} can't be used ({text})", "name a folder that may be written") from None
        raise _Unusable(text) from None


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder)
    return folder


def _options() -> Any:
    from rocksdict import BlockBasedOptions, Cache, DBCompressionType, Options

    table = BlockBasedOptions()
    table.set_block_cache(Cache(_BLOCK_CACHE))
    table.set_bloom_filter(_BITS_A_KEY, block_based=False)
    table.set_cache_index_and_filter_blocks(True)
    table.set_pin_l0_filter_and_index_blocks_in_cache(True)
    options = Options(raw_mode=True)
    options.create_if_missing(True)  # noqa: FBT003 (the same)
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


def _empty(changelog: str) -> Place:
    return Place(FORMAT, changelog, 0, 0, 0, [], [])


def _due_key(due: int, name: str) -> bytes:
    return _DUE + due.to_bytes(_TIME_BYTES) + name.encode()


def _name_and_hour(key: bytes) -> tuple[str, int]:
    begin = len(_DUE) + _TIME_BYTES
    return key[begin:].decode(), int.from_bytes(key[len(_DUE) : begin]) // HOUR
