"""Marked incidents: when and where something was really wrong, from a CSV file of from, to and segment."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from schemas.times import from_iso, iso
from stream import segment_text as written
from stream.alerts.phrases import moment
from stream.backtest.history import History, Segment, Span, lies_in
from stream.errors import ConfigError, Fault
from stream.segments import AGENT, Dimensions

COLUMNS = ("from", "to", "segment")
WHOLE = "all"
_DIMENSIONS = ", ".join(name for name in Dimensions._fields if name != AGENT)


class Incident(NamedTuple):
    """Something was wrong in a segment from `begin` until `end` (ms). `metric`: only that figure was, any may have been where None."""

    segment: Segment
    begin: int
    end: int
    metric: str | None = None

    def concerns(self, segment: Segment) -> bool:
        """Whether it can be seen in a segment: some cases may belong to both."""
        return all(self.segment.get(name, value) == value for name, value in segment.items())

    def within(self, span: Span) -> Incident:
        """The part of it that history holds."""
        return self._replace(begin=max(self.begin, span.begin), end=min(self.end, span.end))


class Line(NamedTuple):
    """A line of the file: where it stands, and its values by column."""

    place: str
    values: Mapping[str, str | None]


def read_lines(path: Path) -> list[Line]:
    """The lines of a file; ConfigError where it is no CSV of the three columns."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, skipinitialspace=True)
            if not set(COLUMNS) <= set(rows.fieldnames or ()):
                raise ConfigError(str(path), (Fault("line 1", f"the columns {', '.join(COLUMNS)} are needed"),))
            return [Line(f"line {rows.line_num}", row) for row in rows]
    except OSError as error:
        raise ConfigError(str(path), (Fault("", error.strerror or "can't be read"),)) from None
    except (UnicodeDecodeError, csv.Error):
        raise ConfigError(str(path), (Fault("", "is no CSV in UTF-8"),)) from None


def incidents_of(path: Path, lines: Iterable[Line], history: History) -> list[Incident]:
    """The incidents of a file, as far as history holds them; ConfigError with every fault at once, by line."""
    faults: list[Fault] = []
    found = []
    for line in lines:
        wrong = [*_time_faults(line, history.span), *_segment_faults(line, history)]
        faults += wrong
        if not wrong:
            begin, end = (_time(line.values[column]) for column in ("from", "to"))
            found.append(Incident(segment_of(line.values["segment"]), begin, end).within(history.span))
    if faults:
        raise ConfigError(str(path), tuple(faults))
    return found


def _time_faults(line: Line, span: Span) -> Iterator[Fault]:
    times = []
    for column in ("from", "to"):
        try:
            times.append(_time(line.values[column]))
        except ValueError:
            yield Fault(f"{line.place}, {column}", "is no time; write it as 2026-11-22T10:00:00Z")
    if len(times) < len(COLUMNS) - 1:
        return
    begin, end = times
    if begin >= end:
        yield Fault(line.place, "ends before it begins")
    elif end <= span.begin or begin >= span.end:
        yield Fault(line.place, f"lies outside the history that is replayed ({moment(iso(span.begin))} to {moment(iso(span.end))})")


def _segment_faults(line: Line, history: History) -> Iterator[Fault]:
    place = f"{line.place}, segment"
    try:
        segment = segment_of(line.values["segment"])
    except ValueError as error:
        yield Fault(place, str(error))
        return
    unlisted = set(segment) - {name for dimensions in history.lists for name in dimensions}
    if unlisted:
        yield Fault(place, f"no segment list of the settings has {' or '.join(sorted(unlisted))}")
    elif not any(lies_in(atom, segment) for atom in history.atoms):
        yield Fault(place, "nothing in the history belongs to it")


def _time(text: str | None) -> int:
    text = (text or "").strip()
    return from_iso(text if "T" in text or " " in text else f"{text}T00:00:00Z")


def segment_of(text: str | None) -> Segment:
    """`team=billing`, several joined by commas; `all` is everything. ValueError where it is neither; agents have no segments here."""
    text = (text or "").strip()
    try:
        segment = written.segment_of([text])
    except ValueError:
        segment = None
    if segment is None or not text or AGENT in segment:
        raise ValueError(f"is written as dimension=value, such as team=billing, with one or more of {_DIMENSIONS}; `{WHOLE}` is everything")
    return segment


def segment_text(segment: Segment) -> str:
    """The same as text."""
    return ",".join(f"{name}={value}" for name, value in segment.items()) or WHOLE
