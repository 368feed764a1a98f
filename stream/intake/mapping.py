"""The model of a mapping file: which events a row of a table makes, and where each field comes from. Guide: docs/mapping.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from stream.durations import Duration
from stream.intake.fields import EventType
from stream.intake.times import Unit, format_fault


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


def _text_keys(value: Any) -> Any:
    return {_text(key): entry for key, entry in value.items()} if isinstance(value, dict) else value


Text = Annotated[str, BeforeValidator(_text)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_listed), Field(min_length=1)]
Condition = Annotated[dict[str, Texts], BeforeValidator(_text_keys), Field(min_length=1)]
Conditions = Annotated[tuple[Condition, ...], BeforeValidator(_listed)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Cell(_Part):
    """Where a value comes from: a column of the row, or a constant `value`."""

    column: str | None = None
    """Name of the column."""
    value: Text | None = None
    """The same for every row."""
    values: Annotated[dict[str, Text], BeforeValidator(_text_keys)] | None = None
    """What each text of the column stands for; any other text is a fault."""
    default: Text | None = None
    """Taken where the column is empty."""

    @model_validator(mode="after")
    def _one_source(self) -> Cell:
        if (self.column is None) == (self.value is None):
            raise ValueError("give either column or value")
        if self.column is None and (self.values is not None or self.default is not None):
            raise ValueError("values and default need a column")
        return self

    @property
    def constants(self) -> Iterator[str]:
        """Every text that the mapping itself gives."""
        yield from (text for text in (self.value, self.default) if text is not None)
        yield from (self.values or {}).values()


class TimeRule(_Part):
    """How to read a time; several columns are joined with a blank."""

    column: Texts
    """Name of the column, or a list of names."""
    format: Texts = ("iso",)
    """`iso`, `unix` (seconds), `unix_ms` or a strptime format, or a list of those: the first that fits is taken."""
    zone: str | None = None
    """IANA time zone of times that do not say theirs. Of an hour that the clock shows twice the first is meant."""

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str | None) -> str | None:
        try:
            return value if value is None else ZoneInfo(value).key
        except (KeyError, ValueError, OSError):
            raise ValueError("no IANA time zone of this name, such as Europe/Rome") from None

    @model_validator(mode="after")
    def _formats_fit(self) -> TimeRule:
        for name in self.format:
            fault = format_fault(name, zoned=self.zone is not None)
            if fault:
                raise ValueError(fault)
        return self


class Plus(_Part):
    """A duration that is added to the time: a column with its unit, or a constant such as 30s."""

    column: str | None = None
    """Name of the column."""
    unit: Unit | None = None
    """Unit of the column."""
    value: Duration | None = None
    """The same for every row."""

    @model_validator(mode="after")
    def _one_source(self) -> Plus:
        if (self.column is None) == (self.value is None):
            raise ValueError("give either column (with unit) or value")
        if (self.column is None) != (self.unit is None):
            raise ValueError("column and unit belong together")
        return self


class EventRule(_Part):
    """One kind of event that rows make."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,40}$")
    """Name of the rule, unique in the file; part of the id of its events."""
    type: EventType
    """Type of the event."""
    when: Conditions = ()
    """Only rows with these texts: all of one condition, any of a list of conditions."""
    unless: Conditions = ()
    """Not rows with these texts."""
    first: bool = False
    """Only the earliest such row of each ticket."""
    time: TimeRule | None = None
    """Time of the event; the file's `time` where absent."""
    plus: tuple[Plus, ...] = ()
    """Durations added to the time."""
    id: Cell | None = None
    """Id of the event; `<line>-<name of the rule>` where absent."""
    fields: dict[str, Cell] = {}
    """Fields of the event."""


class Mapping(_Part):
    """A whole mapping file."""

    format: Literal["csv", "jsonl"] | None = None
    """Format of the files; by the name's ending where absent (.jsonl, .ndjson, otherwise CSV)."""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    """Delimiter of a CSV file."""
    encoding: Literal["utf-8", "latin-1", "cp1252"] = "utf-8"
    """Encoding of a CSV file."""
    ticket_id: Cell
    """The ticket that a row is about."""
    source: Cell | None = None
    """Source of all events; the name of the file without its ending where absent."""
    time: TimeRule | None = None
    """Time of every event that has no `time` of its own."""
    skip: Conditions = ()
    """Rows to leave out; they are counted."""
    events: tuple[EventRule, ...] = Field(min_length=1)
    """The events; a row makes one of each rule that fits it."""
    settings: dict[str, Any] = {}
    """Settings for `csat-stream try`, as in csat.yaml."""

    def columns(self) -> Iterator[tuple[str, str]]:
        """Every column that is named, with the path of the place."""
        yield from _cell_columns("ticket_id", self.ticket_id)
        yield from _cell_columns("source", self.source)
        yield from _time_columns("time", self.time)
        yield from _condition_columns("skip", self.skip)
        for index, rule in enumerate(self.events):
            yield from _rule_columns(f"events.{index}", rule)


def _cell_columns(path: str, cell: Cell | None) -> Iterator[tuple[str, str]]:
    if cell is not None and cell.column is not None:
        yield f"{path}.column", cell.column


def _time_columns(path: str, time: TimeRule | None) -> Iterator[tuple[str, str]]:
    for name in time.column if time else ():
        yield f"{path}.column", name


def _condition_columns(path: str, conditions: Conditions) -> Iterator[tuple[str, str]]:
    for condition in conditions:
        for name in condition:
            yield path, name


def _rule_columns(path: str, rule: EventRule) -> Iterator[tuple[str, str]]:
    yield from _condition_columns(f"{path}.when", rule.when)
    yield from _condition_columns(f"{path}.unless", rule.unless)
    yield from _time_columns(f"{path}.time", rule.time)
    for index, plus in enumerate(rule.plus):
        if plus.column is not None:
            yield f"{path}.plus.{index}.column", plus.column
    yield from _cell_columns(f"{path}.id", rule.id)
    for name, cell in rule.fields.items():
        yield from _cell_columns(f"{path}.fields.{name}", cell)
