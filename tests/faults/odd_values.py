"""JSON values, texts and bytes that real records hardly ever hold, and JSON objects in which they can be written."""

from __future__ import annotations

import json
from typing import Any, NamedTuple


class Fields(list[tuple[str, Any]]):
    """A JSON object as its fields in order, so that a name may stand in it twice."""


class Raw(NamedTuple):
    """JSON text that no JSON value stands for."""

    text: str


HUGE = (
    "1e999",
    "-1e999",
    "1e-999",
    "9" * 400,
    "9" * 5_000,
    str(2**63),
    str(2**64),
    "1E+400",
    "0." + "1" * 400,
    "-0",
    "-0.0",
    "4.0",
    "5e0",
    "00",
    "+1",
    ".5",
)
LITERALS = ("NaN", "Infinity", "-Infinity", "nan", "undefined", "True", "null ", "'x'", "0x10", "1_000", "")
SURROGATES = ('"\\ud800"', '"\\udc00\\ud800"', '"a\\ud83d"', '"\\ud83dx\\ude00"', '"\\uD83D\\uDE00"', '"\\u0000"', '"\\u00"')
INVALID = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\xc0\x80", b"\xfe\xff", b"\x00", b"\x80", b"\xef\xbb\xbf")
TIMES: tuple[str, ...] = (
    "",
    "yesterday",
    "2026-10-20",
    "2026-10-20T24:00:00Z",
    "2026-02-30T00:00:00Z",
    "1969-12-31T23:59:59.999Z",
    "9999-12-31T23:59:59-00:01",
)
TIMES += (
    "2026-10-20t00:00:00z",
    "2026-10-20 00:00:00Z",
    "2026-10-20T00:00:00.1234567891Z",
    "2026-10-20T00:00:60Z",
    "0000-01-01T00:00:00Z",
    "1970-01-01T00:00:00Z",
)
STRINGS = (
    "",
    " ",
    "x" * 200,
    "x" * 201,
    "\U0001f600" * 200,
    "\U0001f600" * 201,
    "a\u0000b",
    "\ufeff",
    "\u2028",
    "ticket.opened",
    "1.0",
    "agent",
    "csat",
    *TIMES,
)
OTHERS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    5,
    1000,
    1001,
    4.5,
    [],
    ["x"],
    [""],
    [None],
    Raw(json.dumps(["x"] * 101)),
    Fields(),
    Fields([("ticket_id", "T-1")]),
    *STRINGS,
)
DEPTHS = (1, 2, 20, 59, 60, 61, 62, 63, 64, 65, 66, 80) * 4 + (400, 3_000)
TEXT_PIECES = (b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b" ", b"\\u", b"1e9", b"/**/", b"\n", b"null")
