"""A worker without some of its checks (`WITHOUT`, names of `REMOVALS`); everything else is the real thing.

What the transport loses here it loses with the check in its place too (`LOSES`): a check against loss shows nothing where nothing is lost. So do the
sums of a flush come one by one, so many seconds apart (`SPREADS`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, cast

import msgspec
from aiokafka import AIOKafkaProducer
from faust.types import TP, ConsumerMessage

from stream.cli import main
from stream.engine import alert_log, fenced, markers, scorer, slot, slots, topic_watch, topics, transport
from stream.engine.chunk import Chunk
from stream.engine.fenced import FencedProducer, Record
from stream.engine.log_ends import LogEnds
from stream.engine.topics import BATCH_LIMIT
from stream.engine.verify import Ends, verify_marker, verify_offsets
from stream.errors import StartRefused
from stream.kafka_client import client_options
from stream.settings import Settings
from stream.state.marker import FORMAT, Marker
from stream.state.partition import CLAIM_KEY, Partition
from stream.windows.board import Board

VARIABLE, LOSES, SPREADS = "WITHOUT", "LOSES", "SPREADS"
SEPARATOR = ","
_CLAIM_AND_MARKER = 4
"""Records of the changelog before the first flush that holds anything, at most."""
_LEAST_BATCH = 256
"""Bytes of the smallest batch where a flush is spread."""


def _replace(owner: Any, name: str, new: object) -> None:
    setattr(owner, name, new)


# -- fences


def _unfenced(is_meant: Callable[[str], bool]) -> None:
    """Owners whose transactional id is meant get a producer of their own, which fences nobody."""
    fenced_open = FencedProducer.open

    async def open_(_: type[FencedProducer], settings: Settings, transactional_id: str) -> FencedProducer:
        if not is_meant(transactional_id):
            return await fenced_open(settings, transactional_id)
        producer = AIOKafkaProducer(**client_options(settings.kafka), enable_idempotence=True, max_batch_size=BATCH_LIMIT, linger_ms=0)
        await producer.start()
        return FencedProducer(producer)

    _replace(FencedProducer, "open", classmethod(open_))


def _owner_fence() -> None:
    _unfenced(lambda name: not name.endswith("-scorer"))


def _scorer_fence() -> None:
    _unfenced(lambda name: name.endswith("-scorer"))


def _claim(end_of_topic: str, key: bytes) -> None:
    """Claims in these topics are written by a stranger: they are there and fence nobody."""
    append = FencedProducer.append

    async def append_(self: FencedProducer, topic: str, partition: int, records: Sequence[Record]) -> int:
        if not topic.endswith(end_of_topic) or [name for name, _ in records] != [key]:
            return await append(self, topic, partition, records)
        async with AIOKafkaProducer(bootstrap_servers=self._producer.client._bootstrap_servers, enable_idempotence=True) as stranger:
            offset: int = (await stranger.send_and_wait(topic, records[0][1], key=key, partition=partition)).offset
            return offset

    _replace(FencedProducer, "append", append_)


def _changelog_claim() -> None:
    _claim("-changelog", CLAIM_KEY)


def _sums_claim() -> None:
    _claim("-sums", CLAIM_KEY)


def _score_claim() -> None:
    _claim(".scores", scorer.CLAIM)


def _alert_claim() -> None:
    _claim(".alerts", alert_log.CLAIM_KEY)


def _outbox_claim() -> None:
    _claim("-outbox", alert_log.CLAIM_KEY)


def _follow_up_claim() -> None:
    _claim(".followups", alert_log.CLAIM_KEY)


def _end_of_log() -> None:
    _replace(slot.Slot, "_check", lambda _self, _offset: None)


def _watch_of_topics() -> None:
    _replace(topic_watch.TopicWatch, "verify", lambda _self, _found: None)


# -- continuity


def _source_continuity() -> None:
    take = slots.Slots.take

    async def take_(self: slots.Slots, chunk: Any, *seeks: Any) -> None:
        await take(self, chunk._replace(begins=0), *seeks)

    _replace(slots.Slots, "take", take_)


def _changelog_continuity() -> None:
    load = slot.Slot.load

    def load_(self: slot.Slot, _: int | None, records: Sequence[Any]) -> None:
        load(self, self.position, records)

    _replace(slot.Slot, "load", load_)


class Lossy(transport.Consumer):
    """Loses some chunks: of the source topics the first and the third, of a changelog the first that holds more than a claim and a marker."""

    seen = 0

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 (a signature of Faust)
        """What the real consumer fetches, with gaps."""
        async for tp, message in super().getmany(timeout):
            if not self._is_lost(tp, len(cast("Chunk", message.value).records)):
                yield tp, message

    def _is_lost(self, tp: TP, records: int) -> bool:
        is_source = tp.topic in self._sources
        if is_source != (os.environ[LOSES] == "source") or (not is_source and records <= _CLAIM_AND_MARKER):
            return False
        type(self).seen += 1
        return self.seen == 1 or (is_source and self.seen == 3)


def _explanation_of_gaps() -> None:
    async def explain(*_: object) -> None:
        pass

    _replace(slots, "explain_gap", explain)


# -- whole flushes


def spread_sums(seconds: float) -> None:
    """Every record of the sums is a batch of its own, and the next one comes so much later."""
    send = FencedProducer._send

    async def send_(self: FencedProducer, batch: Any, topic: str, partition: int) -> Any:
        sent = await send(self, batch, topic, partition)
        if topic.endswith("-sums"):
            await asyncio.shield(sent)
            await asyncio.sleep(seconds)
        return sent

    _replace(FencedProducer, "_send", send_)
    _replace(fenced, "_SOFT_LIMIT", _LEAST_BATCH)


def _whole_flushes() -> None:
    apply = Board.apply

    def apply_(self: Board, partition: int, records: Any) -> None:
        apply(self, partition, records)
        self._pending.setdefault(partition, {}).update(self._begun.pop(partition, {}))

    _replace(Board, "apply", apply_)


# -- start-up


def _marker(change: Callable[[Marker, str, Mapping[str, str]], tuple[Marker, Mapping[str, str]]]) -> None:
    """Markers are verified after this change, which makes one part of the verification true."""

    def verify(found: Marker, fingerprint: str, topic_ids: Mapping[str, str]) -> None:
        changed, ids = change(found, fingerprint, topic_ids)
        verify_marker(changed, fingerprint, ids)

    for module in (markers, slots, scorer):
        _replace(module, "verify_marker", verify)


def _format() -> None:
    _marker(lambda found, _, ids: (msgspec.structs.replace(found, format=FORMAT), ids))


def _fingerprint() -> None:
    _marker(lambda found, fingerprint, ids: (msgspec.structs.replace(found, fingerprint=fingerprint), ids))


def _topic_ids() -> None:
    _marker(lambda found, _, __: (found, {}))


def _offsets(change: Callable[[Ends, int], Ends]) -> None:
    def verify(partition: Partition, ends: Mapping[str, Ends], number: int) -> None:
        verify_offsets(partition, {topic: change(each, partition.next_offsets.get(topic, 0)) for topic, each in ends.items()}, number)

    _replace(slots, "verify_offsets", verify)


def _log_end() -> None:
    _replace(LogEnds, "verify", lambda *_: True)  # it would find the same seconds later
    _offsets(lambda ends, done: Ends(ends.first, max(ends.end, done)))


def _log_begin() -> None:
    _offsets(lambda ends, _: Ends(0, ends.end))


def _marker_missing() -> None:
    _replace(Partition, "is_empty", property(lambda _: True))


def _sources_alike() -> None:
    async def count(client: Any, settings: Settings) -> int:
        found = await topics.find(client, settings.topics.sources)
        return min(topic.partitions for topic in found.values())

    _replace(topics, "source_partitions", count)


def _without_problem(part: str) -> None:
    """Of what is wrong with topics, problems with this text in them count for nothing."""
    check = topics.check

    async def check_(client: Any, settings: Settings, wanted: Sequence[topics.Topic]) -> dict[str, topics.Found]:
        try:
            return await check(client, settings, wanted)
        except StartRefused as refused:
            if any(part not in problem for problem in refused.problem.split("; ")):
                raise
        return await topics.find(client, [topic.name for topic in wanted])

    _replace(topics, "check", check_)


REMOVALS: dict[str, Callable[[], None]] = {
    "fence of a partition's owner": _owner_fence,
    "fence of the scorer": _scorer_fence,
    "claim in the changelog": _changelog_claim,
    "claim in the sums": _sums_claim,
    "claim in the scores": _score_claim,
    "claim in the alerts": _alert_claim,
    "claim in the outbox": _outbox_claim,
    "claim in the follow-ups": _follow_up_claim,
    "place of a flush in the changelog": _end_of_log,
    "watch of the topics": _watch_of_topics,
    "continuity of source chunks": _source_continuity,
    "continuity of changelog chunks": _changelog_continuity,
    "explanation of gaps": _explanation_of_gaps,
    "sums of a flush together": _whole_flushes,
    "format of the state": _format,
    "fingerprint of the state": _fingerprint,
    "ids of the source topics": _topic_ids,
    "end of a source log": _log_end,
    "beginning of a source log": _log_begin,
    "data without a marker": _marker_missing,
    "one number of partitions": _sources_alike,
    "topics exist": lambda: _without_problem(" is missing"),
    "settings of topics": lambda: _without_problem(" instead of "),
    "least settings of topics": lambda: _without_problem(", less than "),
    "partitions of internal topics": lambda: _without_problem(" partitions instead of "),
}
"""How each check is taken out, by its name."""


if __name__ == "__main__":
    if os.environ.get(LOSES):
        transport.Transport.Consumer = Lossy
    if os.environ.get(SPREADS):
        spread_sums(float(os.environ[SPREADS]))
    for name in filter(None, os.environ.get(VARIABLE, "").split(SEPARATOR)):
        REMOVALS[name]()
    main()
