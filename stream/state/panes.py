"""Panes: slices of event time in which contributions are summed, and the keys and bytes they are kept under. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
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
SLOT_BITS = {"B": 0, "H": 4, "O": 4, "N": 4, "D": 4}
"""By kind of pane: a page holds the segments whose numbers differ in these last bits. 16 of a pane, one of the base, whose cells are many."""

Cells = dict[int, int]


class PaneKey(NamedTuple):
    """What a record of the sums is of.

    Kind `H`: a page of an hour pane, `N` of a minute pane, `O` and `D` of an hour and a minute pane of levels (what stands open, what is due), `B` of
    the base (older than every hour pane); `name` is the number of the page. Kept in the same way, with number 0 and the name of a segment: `W` oldest
    waiting, `F` oldest follow-up; with that of a ticket: `L` low ratings.
    """

    kind: str
    number: int
    name: str


class Page(msgspec.Struct, array_like=True, gc=False):
    """The sums of some segments in one pane, as they are kept: little-endian arrays, so that thousands are read as one.

    The names of the segments, packed on their own since they are seldom read, and their `slots` in the page (1 byte each, ascending), how many
    cells each has (`counts`, 4 bytes), then for all of them in order the numbers of the cells, each as the `step` from the one before in its
    segment, and their values, none 0. Steps and values have 2 bytes; what needs more is marked there and stands with 8 bytes in the array beside.
    """

    packed_names: msgspec.Raw
    slots: bytes
    counts: bytes
    steps: bytes
    wide_steps: bytes
    values: bytes
    wide_values: bytes

    @property
    def names(self) -> list[str]:
        """Names of the segments."""
        return _decode_names(self.packed_names)


class Content(NamedTuple):
    """What some pages hold, one after the other: `segments` of each page; slot and number of cells of each segment; cell and value of each cell."""

    segments: Ints
    slots: Ints
    counts: Ints
    cells: Ints
    values: Ints


def narrow(numbers: Ints, edges: Ints) -> Iterator[tuple[bytes, bytes]]:
    """Whole numbers from each edge to the next: all in 2 bytes each, where those that need more are marked, and these beside in 8."""
    wide = np.flatnonzero((numbers <= _MARK) | (numbers > _LARGEST))
    small = numbers.astype("<i2")
    small[wide] = _MARK
    all_small, all_wide = small.tobytes(), numbers[wide].astype("<i8").tobytes()
    places, wide_places = (2 * edges).tolist(), (8 * np.searchsorted(wide, edges)).tolist()
    for (begin, end), (first, last) in zip(pairwise(places), pairwise(wide_places), strict=True):
        yield all_small[begin:end], all_wide[first:last]


_MARK, _LARGEST = -(2**15), 2**15 - 1
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Page).decode
_decode_names = msgspec.msgpack.Decoder(list[str]).decode
EMPTY = Page(msgspec.Raw(_encode([])), b"", b"", b"", b"", b"", b"")


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


def pack_names(names: list[str]) -> msgspec.Raw:
    """Names as a page holds them."""
    return msgspec.Raw(_encode(names))


def pack(page: Page) -> bytes:
    """A page as it is kept."""
    return _encode(page)


def unpack(packed: bytes | None) -> Page:
    """A page of some bytes; None is an empty one."""
    return EMPTY if packed is None else _decode(packed)


def content(packed: Iterable[bytes]) -> Content:
    """What packed pages hold."""
    pages = [_decode(each) for each in packed]
    segments = np.fromiter((len(page.slots) for page in pages), np.int64, len(pages))
    counts = _joined((page.counts for page in pages), "<u4")
    steps = _widened((page.steps for page in pages), (page.wide_steps for page in pages))
    values = _widened((page.values for page in pages), (page.wide_values for page in pages))
    return Content(segments, _joined((page.slots for page in pages), "u1"), counts, _cells(steps, counts), values)


def steps_of(cells: Ints, begins: Ints) -> Ints:
    """The step of each cell from the one before; where a segment begins, the cell itself."""
    steps = np.diff(cells, prepend=0)
    steps[begins] = cells[begins]
    return steps


def _cells(steps: Ints, counts: Ints) -> Ints:
    """The cells of steps; `counts` of the cells of each segment, none of them 0."""
    if not len(steps):
        return steps
    walked = np.cumsum(steps)
    begins = np.cumsum(counts) - counts
    cells: Ints = walked - np.repeat(walked[begins] - steps[begins], counts)
    return cells


def _widened(small: Iterable[bytes], wide: Iterable[bytes]) -> Ints:
    numbers = _joined(small, "<i2")
    numbers[numbers == _MARK] = _joined(wide, "<i8")
    return numbers


def _joined(parts: Iterable[bytes], kind: str) -> Ints:
    return np.frombuffer(b"".join(parts), dtype=kind).astype(np.int64)


def cells_by_segment(packed: bytes | None) -> dict[str, Cells]:
    """The cells of a page by the name of their segment, for whoever looks at one."""
    if packed is None:
        return {}
    held = content([packed])
    cells, values = held.cells.tolist(), held.values.tolist()
    found, begin = {}, 0
    for name, count in zip(unpack(packed).names, held.counts.tolist(), strict=True):
        found[name] = dict(zip(cells[begin : begin + count], values[begin : begin + count], strict=True))
        begin += count
    return found
