"""Marked incidents: when and where something was really wrong, from a CSV file of from, to and segment."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from schemas.times import from_iso
from stream.backtest.history import Segment
from stream.errors import ConfigError, Fault
from stream.segments import AGENT, Dimensions

COLUMNS = ("from", "to", "segment")
WHOLE = "all"


class Incident(NamedTuple):
    """Something was wrong in a segment from `begin` until `end` (ms). `metric`: only that figure was, any may have been where None."""

    segment: Segment
    begin: int
    end: int
    metric: str | None = None

    def concerns(self, segment: Segment) -> bool:
        """Whether it can be seen in a segment: some cases may belong to both."""
        return all(self.segment.get(name, value) == value for name, value in segment.items())


def read_incidents(path: Path) -> list[Incident]:
    """The incidents of a file; ConfigError with every fault at once, by line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, skipinitialspace=True)
            if not set(COLUMNS) <= set(rows.fieldnames or ()):
                raise ConfigError(str(path), (Fault("line 1", f"the columns {', '.join(COLUMNS)} are needed"),))
            found = [(f"line {rows.line_num}", row) for row in rows]
    except OSError as error:
        raise ConfigError(str(path), (Fault("", error.strerror or "can't be read"),)) from None
    except (UnicodeDecodeError, csv.Error):
        raise ConfigError(str(path), (Fault("", "is no CSV in UTF-8"),)) from None
    faults = tuple(fault for line, row in found for fault in _faults(line, row))
    if faults:
        raise ConfigError(str(path), faults)
    return [Incident(segment_of(row["segment"]), _time(row["from"]), _time(row["to"])) for _, row in found]


def _faults(line: str, row: Mapping[str, str | None]) -> Iterator[Fault]:
    times = []
    for column in ("from", "to"):
        try:
            times.append(_time(row[column] or ""))
        except ValueError:
            yield Fault(f"{line}, {column}", "is no time; write it as 2026-11-22T10:00:00Z")
    if len(times) == len(COLUMNS) - 1 and times[0] >= times[1]:
        yield Fault(line, "ends before it begins")
    try:
        segment_of(row["segment"] or "")
    except ValueError as error:
        yield Fault(f"{line}, segment", str(error))


def _time(text: str) -> int:
    text = text.strip()
    return from_iso(text if "T" in text or " " in text else f"{text}T00:00:00Z")


def segment_of(text: str) -> Segment:
    """`team=billing`, several joined by commas; `all` is everything. ValueError where it is neither."""
    if text.strip() == WHOLE:
        return {}
    parts = [part.partition("=") for part in text.split(",")]
    if not all(name.strip() and sign and value.strip() for name, sign, value in parts):
        raise ValueError("is written as dimension=value, such as team=billing; `all` is everything")
    segment = {name.strip(): value.strip() for name, _, value in parts}
    known = [name for name in Dimensions._fields if name != AGENT]
    if set(segment) - set(known):
        raise ValueError(f"has an unknown dimension; there are {', '.join(known)}")
    return segment


def segment_text(segment: Segment) -> str:
    """The same as text."""
    return ",".join(f"{name}={value}" for name, value in segment.items()) or WHOLE
