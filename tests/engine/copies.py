"""How far a worker with a `TellingStore` has read the copies that it keeps, from its log."""

from __future__ import annotations

import re

from engine_case import Case
from engine_worker import WorkerProcess, until

_TOLD = re.compile(r"partition (\d+): (?:copied to (\d+)|claimed)")


def copied(log: str) -> dict[int, int]:
    """By partition that is not owned: the first offset that its copy does not hold."""
    last = {int(partition): end for partition, end in _TOLD.findall(log)}
    return {partition: int(end) for partition, end in last.items() if end}


async def until_copied(case: Case, worker: WorkerProcess, seconds: float = 30) -> None:
    """Wait until the copies of a worker reach the end of the changelog, and stay there."""

    async def is_whole() -> bool:
        ends = {record.partition: record.offset + 1 for record in await case.read(case.names.changelog)}
        copies = copied(worker.log)
        return bool(copies) and all(ends[partition] == end for partition, end in copies.items())

    assert await until(is_whole, seconds, poll=0.3), worker.log
