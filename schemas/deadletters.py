"""Dead letters: records that could not be read, whole, with where they stood and everything that is wrong with them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from stream.errors import CsatStreamError, Fault
from stream.kafka_client import LogRecord

_MOST_OF_VALUE, _MOST_OF_KEY = 1_000_000, 100_000
"""Bytes of a record that a dead letter holds: as Base64 all of them are less than the 2 MiB of its topic."""

Base64 = Annotated[str, Field(pattern="^[A-Za-z0-9+/]*={0,2}$")]
"""Bytes as Base64 text."""


class DeadLetterClass(StrEnum):
    """What is wrong, in the order of judgement: the first that applies names the dead letter."""

    NOT_JSON = "not_json"
    UNKNOWN_TYPE = "unknown_type"
    SCHEMA = "schema"
    SCORE = "score"
    WRONG_KEY = "wrong_key"
    FUTURE = "future"
    LATE = "late"
    CONFLICT = "conflict"


class Refused(CsatStreamError):
    """A record can't be used: it goes to the dead letters, and the stream goes on. Never carries text of the record."""

    def __init__(self, kind: DeadLetterClass, faults: tuple[Fault, ...]) -> None:
        self.kind, self.faults = kind, faults
        super().__init__(kind, faults)

    def __str__(self) -> str:
        return f"{self.kind.value}: {'; '.join(str(fault) for fault in self.faults)}"


class FaultAt(BaseModel):
    """One thing wrong at one place."""

    model_config = ConfigDict(strict=True, frozen=True, use_attribute_docstrings=True)

    path: str
    """Dotted path into the record; empty for the record itself."""
    message: str
    """What is wrong there; never text of the record."""


class DeadLetter(BaseModel):
    """A record that could not be read. Bytes are kept as Base64, so that anything can be sent again as it was."""

    model_config = ConfigDict(strict=True, frozen=True, use_attribute_docstrings=True, serialize_by_alias=True, validate_by_name=True)

    kind: Annotated[DeadLetterClass, Field(alias="class", strict=False)]
    """What is wrong."""
    faults: tuple[FaultAt, ...]
    """Everything that is wrong, with its place."""
    topic: str
    """Topic it stood in."""
    partition: int
    """Partition it stood in."""
    offset: int
    """Offset it stood at."""
    timestamp: int
    """The broker's timestamp of the record, ms since 1970."""
    key: Base64 | None
    """Key of the record; null where it had none."""
    value: Base64 | None
    """Value of the record; null for a tombstone."""
    headers: tuple[tuple[str, Base64 | None], ...]
    """Headers of the record: name and value."""
    missing: int = 0
    """Bytes of key, value and headers that are left out here, since a dead letter must fit its topic; all of them stand at the offset."""


class OutRecord(NamedTuple):
    """Key, value and headers of a Kafka record to be produced."""

    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]


def dead_letter(record: LogRecord, refused: Refused) -> OutRecord:
    """The dead letter of a record, keyed by where it stood, so that writing it twice changes nothing; of a very large one its beginning."""
    key, value = (None if part is None else part[:most] for part, most in ((record.key, _MOST_OF_KEY), (record.value, _MOST_OF_VALUE)))
    # A header of nothing takes some bytes of JSON, a control character six.
    headers = record.headers if sum(16 + 6 * len(name) + len(content or b"") for name, content in record.headers) <= 2 * _MOST_OF_KEY else ()
    letter = DeadLetter(
        kind=refused.kind,
        faults=tuple(FaultAt(path=fault.path, message=fault.message) for fault in refused.faults),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=record.timestamp,
        key=_base64(key),
        value=_base64(value),
        headers=tuple((name, _base64(content)) for name, content in headers),
        missing=_whole(record.key, record.value, record.headers) - _whole(key, value, headers),
    )
    key = f"{record.topic}/{record.partition}/{record.offset}".encode()
    return OutRecord(key, letter.model_dump_json().encode(), [("content-type", b"application/json"), ("class", refused.kind.value.encode())])


def _size(headers: Sequence[tuple[str, bytes | None]]) -> int:
    return sum(len(name.encode()) + len(content or b"") for name, content in headers)


def _whole(key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]) -> int:
    return len(key or b"") + len(value or b"") + _size(headers)


def _base64(content: bytes | None) -> str | None:
    return None if content is None else b64encode(content).decode("ascii")
