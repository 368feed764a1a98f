"""`silence` and `silences`: nobody is notified of some alerts for a time; which silences stand, and ending one."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence

from aiokafka import AIOKafkaProducer
from pydantic import ValidationError
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from schemas.silences import Silence, silence_key
from schemas.times import from_iso, iso
from stream import durations
from stream.alerts.phrases import moment
from stream.alerts.rules import Rating, Rule
from stream.alerts.shipped import rules_in_force
from stream.alerts.silences import can_be_silenced, lists_of
from stream.cli.common import out, remark, time_of, write_lines
from stream.clock import real_ms
from stream.durations import DAY
from stream.engine import silence_log, topics
from stream.engine.alert_log import ALERTS
from stream.engine.read_back import latest
from stream.errors import UsageError
from stream.kafka_client import client_options
from stream.segment_text import EVERYTHING, printable, segment_text
from stream.segments import Dimensions
from stream.settings import Settings, faults

ID_DIGITS = 12
LONGEST = 366 * DAY
"""A slip of the keyboard is not to be quiet for ever."""
_BLANKS_AND_DOTS = " .…"
_NOBODY = "YOU"
"""What an alert's command has in place of a name."""


async def run_silence(settings: Settings, rule: str | None, segment: Mapping[str, str] | None, until: int, who: str, why: str) -> None:
    """Write one silence, and say what it covers. `until` in ms."""
    _require_names(who, why)
    _require_alerts(settings, rule, segment or {})
    name = uuid.uuid4().hex[:ID_DIGITS]
    fields = {"id": name, "rule": rule, "segment": dict(segment or {}), "until": iso(until), "who": who, "why": why, "created": iso(real_ms())}
    try:
        silence = Silence.model_validate(fields)
    except ValidationError as error:
        raise UsageError("; ".join(f"--{fault.path}: {fault.message}" for fault in faults(error))) from None
    await _require_topic(settings)
    await _write(settings, silence_key(name), silence.model_dump_json().encode())
    covered = f"{rule or 'every rule'} in {segment_text(segment) if segment else 'every segment'}"
    write_lines([f"silenced until {silence.until}: {covered}", f"to end it earlier: csat-stream silences --end {name}"])


def end_of(length: str | None, until: str | None) -> int:
    """End of a silence in ms, from --for or --until; UsageError unless exactly one is given, and it lies ahead by 366 days at most."""
    if (length is None) == (until is None):
        raise UsageError("exactly one of --for (such as 4h) and --until (RFC 3339) is needed")
    now = real_ms()
    option, end = ("--until", time_of("--until", until) or 0) if length is None else ("--for", now + _length(length))
    if end <= now:
        raise UsageError("--until lies in the past" if length is None else "--for: a silence of no length silences nothing")
    if end - now > LONGEST:
        raise UsageError(f"{option}: at most {durations.text(LONGEST)} ahead; a rule that nobody wants is switched off in the settings")
    return end


async def run_silences(settings: Settings, end: str | None, *, as_json: bool) -> None:
    """Show the silences that stand, or end one."""
    await _require_topic(settings)
    standing = [silence for silence in await read_silences(settings) if from_iso(silence.until) > real_ms()]
    if end is not None:
        if end not in {silence.id for silence in standing}:
            raise UsageError(f"--end {end}: no such silence stands")
        await _write(settings, silence_key(end), None)
        write_lines([f"ended: {end}"])
    elif as_json:
        write_lines([json.dumps(silence.model_dump()) for silence in standing])
    elif standing:
        out().print(silences_table(standing))
    else:
        remark("no silence stands")


async def read_silences(settings: Settings) -> list[Silence]:
    """Every silence of the topic, those that are over too; what is none is told."""
    found = []
    for key, value in (await latest(settings, settings.topics.silences)).items():
        try:
            found.append(silence_log.read(key, value))
        except ValueError as error:
            remark(f"a record of {settings.topics.silences} {error}, and counts for nothing")
    return sorted(found, key=lambda silence: (silence.until, silence.id))


def silences_table(silences: Sequence[Silence]) -> Table:
    """Silences for people; neither a time nor an id of ours is broken."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("id", width=ID_DIGITS, overflow="fold")
    table.add_column("until", no_wrap=True)
    for name in ("rule", "segment", "who and why"):
        table.add_column(name, overflow="fold")
    for silence in silences:
        segment = segment_text(silence.segment) if silence.segment else "any"
        cells = (silence.id, moment(silence.until), silence.rule or "any", segment, f"{silence.who}: {silence.why}")
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _length(text: str) -> int:
    try:
        return durations.parse(text)
    except ValueError as error:
        raise UsageError(f"--for: {error}") from None


def _require_names(who: str, why: str) -> None:
    """UsageError where an alert's command was pasted as it stands: who asks, and why, go into alerts."""
    missing = []
    if who.strip() in {"", _NOBODY}:
        missing.append("--who takes your name")
    if not why.strip(_BLANKS_AND_DOTS):
        missing.append("--why takes a reason in words")
    if missing:
        raise UsageError(f"{' and '.join(missing)}: fill in what the alert's command leaves open")


def _require_alerts(settings: Settings, rule: str | None, segment: Mapping[str, str]) -> None:
    """UsageError where no alert could be meant; it says where there can be some."""
    rules = rules_in_force(settings)
    if rule is not None and rule not in rules:
        raise UsageError(f"--rule {rule} does not exist; there are {', '.join(sorted(rules))}")
    meant = [found for name, found in rules.items() if name == rule or (rule is None and found.enabled)]
    if not any(can_be_silenced(found, segment, settings.segments) for found in meant):
        places = dict.fromkeys(place for found in meant for place in _places(found, settings))
        raise UsageError(f"--segment {segment_text(segment)}: {rule or 'every rule'} has alerts only in {', '.join(places) or 'no segment'}")


def _places(rule: Rule, settings: Settings) -> Iterator[str]:
    """Where a rule has alerts, in words: `everything`, `each team x channel`."""
    only = f" of {segment_text(rule.segment)}" if rule.segment and not isinstance(rule, Rating) else ""
    for found in lists_of(rule, settings.segments):
        names = [name for name in Dimensions._fields if name in found]
        yield f"each {' x '.join(names)}{only}" if names else EVERYTHING


async def _require_topic(settings: Settings) -> None:
    """UsageError where the topic of silences is missing, BrokerUnavailable where no broker answers."""
    topic = settings.topics.silences
    async with topics.admin(settings) as client:
        if topic not in await topics.find(client, [topic]):
            raise UsageError(f"the topic {topic} is missing; create it with: csat-stream topics create")


async def _write(settings: Settings, key: bytes, value: bytes | None) -> None:
    producer = AIOKafkaProducer(**client_options(settings.kafka), acks="all")
    await producer.start()
    try:
        await producer.send_and_wait(settings.topics.silences, value, key=key, partition=ALERTS)
    finally:
        await producer.stop()
