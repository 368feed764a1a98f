"""Offsets without records: only those that retention has removed are told as lost, under a worker or before it starts."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from aiokafka.errors import KafkaConnectionError

from stream.engine.verify import Ends, explain_gap, verify_offsets
from stream.kpis.registry import layout
from stream.rules import rules_of
from stream.settings import Settings
from stream.state.partition import Partition


class Log:
    """Where one topic begins; nobody answers where that is None."""

    def __init__(self, first: int | None) -> None:
        self._first = first

    async def ends(self, partition: int) -> Mapping[str, Ends]:
        """Begin and end, the same for each partition."""
        if self._first is None:
            raise KafkaConnectionError
        return {"ratings": Ends(self._first, 100 + partition)}


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (29, "ratings/3: 19 records were removed by retention before they were read; they are lost"),
        (10, ""),
        (0, ""),
        (None, "ratings/3: records are missing from offset 10 on, and no broker tells why"),
    ],
)
async def test_a_gap_is_explained(caplog: pytest.LogCaptureFixture, first: int | None, told: str) -> None:
    """Removed where the log begins behind the gap; a transaction's end leaves a gap too, and says nothing."""
    await explain_gap(Log(first), "ratings", 3, 10)
    assert caplog.messages == [told] * bool(told)


@pytest.mark.parametrize(
    ("flush", "done", "told"),
    [
        (4, 10, "ratings/3: 19 records were removed by retention before they were read; they are lost"),
        (4, 0, "ratings/3: 29 records were removed by retention before they were read; they are lost"),
        (0, 0, ""),
    ],
)
def test_what_was_removed_before_a_start_is_told(caplog: pytest.LogCaptureFixture, flush: int, done: int, told: str) -> None:
    """Also where nothing of the topic had been read yet; but the first start of all asks for nothing that was there before."""
    partition = Partition(rules_of(Settings(), layout=layout()), {"ratings": "id"})
    partition.flush_number = flush
    partition.next_offsets["ratings"] = done
    verify_offsets(partition, {"ratings": Ends(29, 100)}, 3)
    assert caplog.messages == [told] * bool(told)
    assert partition.next_offsets["ratings"] == 29
