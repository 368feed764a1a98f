"""Panes: slices of event time in which contributions are summed, and the keys and bytes they are kept under. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from struct import Struct
from typing import NamedTuple

from stream.durations import DAY, HOUR, MINUTE

MINUTES_KEPT = 8 * 60
"""Minute panes reach back this far before the wall clock; windows of up to 4h are made of them."""
HOURS_KEPT = 40 * 24
"""Hour panes reach back this far; older ones are folded into the base of the window `all`."""
HOURS_A_DAY = DAY // HOUR

Cells = dict[int, int]


class PaneKey(NamedTuple):
    """What a sum is of: kind `H` hour pane, `N` minute pane, `B` base (older than every hour pane), `W` oldest waiting, `F` oldest follow-up.

    Number 0 for the last three. Kept in the same way, with number 0 and its name in place of a segment: `L` low rating.
    """

    kind: str
    number: int
    segment: str


_CELL = Struct("<Iq")
"""A cell as it is kept: number and value, 12 bytes. Fixed width, so that the scorer reads thousands of sums as one array."""
CELL_BYTES = _CELL.size


def minute_from(time: int) -> int:
    """Index of the first minute pane that begins at or after a time in ms."""
    return -(-time // MINUTE)


def hour_from(time: int) -> int:
    """Index of the first hour pane that begins at or after a time in ms."""
    return -(-time // HOUR)


def encode_key(kind: str, index: int, segment: str) -> bytes:
    """Key of a sum in internal topics."""
    return f"{kind}{index}|{segment}".encode()


def decode_key(key: bytes) -> PaneKey:
    """The parts of a key made by `encode_key`."""
    head, _, segment = key.decode().partition("|")
    return PaneKey(head[0], int(head[1:]), segment)


def pack(cells: Cells) -> bytes | None:
    """Cells as they are kept, without zeros; None where nothing is left."""
    filled = [number for pair in cells.items() if pair[1] for number in pair]
    return _packer(len(filled) // 2)(*filled) if filled else None


@cache
def _packer(cells: int) -> Callable[..., bytes]:
    return Struct("<" + "Iq" * cells).pack


def unpack(packed: bytes | None) -> Cells:
    """Cells of some bytes."""
    return dict(_CELL.iter_unpack(packed)) if packed else {}
