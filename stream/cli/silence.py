"""`silence` and `silences`: nobody is notified of some alerts for a time; which silences stand, and ending one."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaProducer
from pydantic import ValidationError
from rich.box import SIMPLE_HEAD
from rich.table import Table

from schemas.silences import Silence, silence_key
from schemas.times import from_iso, iso
from stream import durations
from stream.alerts.shipped import rules_in_force
from stream.board.table import segment_text
from stream.cli.common import out, remark, require_broker, time_of, write_lines
from stream.clock import real_ms
from stream.engine.alert_log import ALERTS
from stream.engine.read_back import latest
from stream.errors import UsageError
from stream.kafka_client import client_options
from stream.segments import Dimensions
from stream.settings import Settings, faults

ID_DIGITS = 12


async def run_silence(settings: Settings, rule: str | None, segment: Mapping[str, str] | None, until: int, who: str, why: str) -> None:
    """Write one silence, and say what it covers. `until` in ms."""
    if rule is not None and rule not in rules_in_force(settings):
        raise UsageError(f"--rule {rule} does not exist; there are {', '.join(sorted(rules_in_force(settings)))}")
    unknown = set(segment or ()) - set(Dimensions._fields)
    if unknown:
        raise UsageError(f"--segment: {', '.join(sorted(unknown))} is no dimension; there are {', '.join(Dimensions._fields)}")
    name = uuid.uuid4().hex[:ID_DIGITS]
    fields = {"id": name, "rule": rule, "segment": dict(segment or {}), "until": iso(until), "who": who, "why": why, "created": iso(real_ms())}
    try:
        silence = Silence.model_validate(fields)
    except ValidationError as error:
        raise UsageError("; ".join(f"--{fault.path}: {fault.message}" for fault in faults(error))) from None
    await require_broker(settings)
    await _write(settings, silence_key(name), silence.model_dump_json().encode())
    covered = f"{rule or 'every rule'} in {segment_text(segment or {}) if segment else 'every segment'}"
    write_lines([f"silenced until {silence.until}: {covered}", f"to end it earlier: csat-stream silences --end {name}"])


def end_of(length: str | None, until: str | None) -> int:
    """End of a silence in ms, from --for or --until; UsageError unless exactly one is given, and it lies ahead."""
    if (length is None) == (until is None):
        raise UsageError("exactly one of --for (such as 4h) and --until (RFC 3339) is needed")
    if length is not None:
        try:
            return real_ms() + durations.parse(length)
        except ValueError as error:
            raise UsageError(f"--for: {error}") from None
    end = time_of("--until", until) or 0
    if end <= real_ms():
        raise UsageError("--until lies in the past")
    return end


async def run_silences(settings: Settings, end: str | None, *, as_json: bool) -> None:
    """Show the silences that stand, or end one."""
    await require_broker(settings)
    standing = [silence for silence in await _read(settings) if from_iso(silence.until) > real_ms()]
    if end is not None:
        if end not in {silence.id for silence in standing}:
            raise UsageError(f"--end {end}: no such silence stands")
        await _write(settings, silence_key(end), None)
        write_lines([f"ended: {end}"])
    elif as_json:
        write_lines([json.dumps(silence.model_dump()) for silence in standing])
    elif standing:
        out().print(_table(standing))
    else:
        remark("no silence stands")


async def _read(settings: Settings) -> list[Silence]:
    found = []
    for value in (await latest(settings, settings.topics.silences)).values():
        try:
            silence = Silence.model_validate_json(value)
            from_iso(silence.until)
            found.append(silence)
        except ValueError:  # the schema's form of a time has the 13th month too
            remark(f"a record of {settings.topics.silences} is no silence, and counts for nothing")
    return sorted(found, key=lambda silence: (silence.until, silence.id))


def _table(silences: Sequence[Silence]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("id", "rule", "segment", "until", "who", "why"):
        table.add_column(name, overflow="fold")
    for silence in silences:
        segment = segment_text(silence.segment) if silence.segment else "any"
        table.add_row(silence.id, silence.rule or "any", segment, silence.until, silence.who, silence.why)
    return table


async def _write(settings: Settings, key: bytes, value: bytes | None) -> None:
    producer = AIOKafkaProducer(**client_options(settings.kafka), acks="all")
    await producer.start()
    try:
        await producer.send_and_wait(settings.topics.silences, value, key=key, partition=ALERTS)
    finally:
        await producer.stop()
