"""What the transport hands on: a run of records that says where it begins."""

from __future__ import annotations

from typing import NamedTuple

from aiokafka.structs import ConsumerRecord


class Chunk(NamedTuple):
    """Records of one topic partition in offset order. `begins`: offset from which nothing is missing, None where that is unknown.

    `seek`: number of the seek after which it was fetched; a chunk from before the last seek is void.
    """

    topic: str
    partition: int
    begins: int | None
    seek: int
    records: list[ConsumerRecord[bytes, bytes]]
