"""Checks between a recovered state and what it was made from: the source log, the settings, the format."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from aiokafka.errors import KafkaError

from stream.errors import StartRefused
from stream.state.marker import FORMAT, Marker
from stream.state.partition import Partition

log = logging.getLogger(__name__)


class Ends(NamedTuple):
    """First offset that a topic partition still has, and the offset behind its last record."""

    first: int
    end: int


class SourceLog(Protocol):
    """Where the source topics begin and end."""

    async def ends(self, partition: int) -> Mapping[str, Ends]:
        """By topic, for one partition number."""


def verify_marker(marker: Marker, fingerprint: str, topic_ids: Mapping[str, str]) -> None:
    """StartRefused where the state can't be used with these settings and topics."""
    if marker.format != FORMAT:
        raise StartRefused(f"the state has format {marker.format}, this version reads {FORMAT}", "run `csat-stream rebuild`")
    if marker.fingerprint != fingerprint:
        raise StartRefused(
            f"the state was made under other settings or figures (fingerprint {marker.fingerprint}, now {fingerprint})",
            "run `csat-stream rebuild`, or go back to the settings it was made under",
        )
    for topic, topic_id in topic_ids.items():
        if marker.topic_ids.get(topic, topic_id) != topic_id:
            raise StartRefused(f"topic {topic} was deleted and made anew since the state was written", "run `csat-stream rebuild`")


def verify_offsets(partition: Partition, ends: Mapping[str, Ends], number: int) -> None:
    """StartRefused where a source log is shorter than what was read from it. What retention has removed unread is counted as lost and skipped."""
    for topic, (first, end) in ends.items():
        done = partition.next_offsets.get(topic, 0)
        verify_end(topic, number, done, end)
        if done < first:
            if done or partition.flush_number:  # otherwise this is the first start, and what was before is not asked for
                _tell_lost(topic, number, first - done)
            partition.next_offsets[topic] = first


def verify_end(topic: str, number: int, done: int, end: int) -> None:
    """StartRefused where a source log ends before what was read from it."""
    if done > end:
        raise StartRefused(
            f"{topic}/{number} ends at offset {end}, but {done} records of it are in the state", "the log lost data: run `csat-stream rebuild`"
        )


async def explain_gap(source_log: SourceLog, topic: str, number: int, done: int) -> None:
    """The offsets from `done` on hold no records: tell it where retention has removed them under a worker; others never held any."""
    try:
        first = (await source_log.ends(number))[topic].first
    except KafkaError:
        log.warning("%s/%d: records are missing from offset %d on, and no broker tells why", topic, number, done)
        return
    if first > done:
        _tell_lost(topic, number, first - done)


def _tell_lost(topic: str, number: int, records: int) -> None:
    log.error("%s/%d: %d records were removed by retention before they were read; they are lost", topic, number, records)
