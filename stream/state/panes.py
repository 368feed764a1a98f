"""Panes: slices of event time in which contributions are summed, and the keys and bytes they are kept under. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from stream.durations import DAY, HOUR, MINUTE

Ints = npt.NDArray[np.int64]

MINUTES_KEPT = 8 * 60
"""Minute panes reach back this far before the wall clock; windows of up to 4h are made of them."""
HOURS_KEPT = 40 * 24
"""Hour panes reach back this far; older ones are folded into the base of the window `all`."""
HOURS_A_DAY = DAY // HOUR
SLOT_BITS = {"H": 4, "N": 4, "B": 0}
"""A page holds the segments whose numbers differ in these last bits: 16 of a pane, one of the base, whose cells are many."""

Cells = dict[int, int]


class PaneKey(NamedTuple):
    """What a record of the sums is of: kind `H` a page of an hour pane, `N` of a minute pane, `B` of the base (older than every hour pane).

    `name`: the number of the page. Kept in the same way, with number 0 and the name of a segment: `W` oldest waiting, `F` oldest follow-up;
    with that of a ticket: `L` low ratings.
    """

    kind: str
    number: int
    name: str


class Page(msgspec.Struct, array_like=True, gc=False):
    """The sums of some segments in one pane, as they are kept: little-endian arrays, so that thousands are read as one.

    `names` of the segments and their `slots` in the page (1 byte each, ascending), how many `cells` each has (4 bytes), then for all of them in
    order the numbers of the cells (4 bytes, ascending within a segment) and their `values` (8 bytes, none 0).
    """

    names: list[str]
    slots: bytes
    counts: bytes
    cells: bytes
    values: bytes


EMPTY = Page([], b"", b"", b"", b"")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Page).decode


def minute_from(time: int) -> int:
    """Index of the first minute pane that begins at or after a time in ms."""
    return -(-time // MINUTE)


def hour_from(time: int) -> int:
    """Index of the first hour pane that begins at or after a time in ms."""
    return -(-time // HOUR)


def encode_key(kind: str, index: int, name: str) -> bytes:
    """Key of a record of the sums in internal topics."""
    return f"{kind}{index}|{name}".encode()


def decode_key(key: bytes) -> PaneKey:
    """The parts of a key made by `encode_key`."""
    head, _, name = key.decode().partition("|")
    return PaneKey(head[0], int(head[1:]), name)


def pack(page: Page) -> bytes:
    """A page as it is kept."""
    return _encode(page)


def unpack(packed: bytes | None) -> Page:
    """A page of some bytes; None is an empty one."""
    return EMPTY if packed is None else _decode(packed)


def counts_of(pages: Iterable[Page]) -> Ints:
    """How many cells each segment of some pages has."""
    return _joined((page.counts for page in pages), "<u4")


def cells_of(pages: Iterable[Page]) -> Ints:
    """The numbers of all cells of some pages."""
    return _joined((page.cells for page in pages), "<u4")


def values_of(pages: Iterable[Page]) -> Ints:
    """The values of all cells of some pages."""
    return _joined((page.values for page in pages), "<i8")


def slots_of(pages: Iterable[Page]) -> Ints:
    """The slots of all segments of some pages."""
    return _joined((page.slots for page in pages), "u1")


def _joined(parts: Iterable[bytes], kind: str) -> Ints:
    return np.frombuffer(b"".join(parts), dtype=kind).astype(np.int64)


def cells_by_segment(packed: bytes | None) -> dict[str, Cells]:
    """The cells of a page by the name of their segment, for whoever looks at one."""
    page = unpack(packed)
    cells, values = cells_of([page]).tolist(), values_of([page]).tolist()
    found, begin = {}, 0
    for name, count in zip(page.names, counts_of([page]).tolist(), strict=True):
        found[name] = dict(zip(cells[begin : begin + count], values[begin : begin + count], strict=True))
        begin += count
    return found
