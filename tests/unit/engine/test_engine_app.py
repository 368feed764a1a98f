"""How much is fetched at once, what the queues keep, and a recovery that a rebalance overtakes."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.tables.recovery import RebalanceAgain
from faust.types import TP

from stream.engine.app import App, Recovery, Tables, fetch_size

STANDBY = TP("changelog", 1)


@pytest.mark.parametrize(("topic_partitions", "kilobytes"), [(4, 1024), (64, 1024), (128, 512), (4_000, 128)])
def test_all_fetches_together_fit_in_memory(topic_partitions: int, kilobytes: int) -> None:
    """A megabyte of each, less where there are many, and never so little that every record is a fetch."""
    assert fetch_size(topic_partitions) == kilobytes * 1024


async def test_a_flow_that_goes_on_keeps_what_is_queued() -> None:
    """Faust resumes once more where a recovery ends; only what was fetched before the flow stood still is void."""
    app = App("csat-test", store="memory://")
    queue = app.FlowControlQueue(maxsize=4, clear_on_resume=True)
    app.flow_control.resume()
    queue.put_nowait("a copy's chunk")
    app.flow_control.resume()
    assert queue.qsize() == 1
    app.flow_control.suspend()
    app.flow_control.resume()
    assert queue.empty()


class Seeks:
    """A consumer that seeks as aiokafka does: nowhere but to a number."""

    def __init__(self) -> None:
        self.sought: list[dict[TP, int]] = []

    async def seek_wait(self, offsets: dict[TP, int]) -> None:
        """Note where to."""
        if not all(isinstance(offset, int) for offset in offsets.values()):
            raise ValueError("Offset must be a positive integer")
        self.sought.append(dict(offsets))


def recovery_of_tables() -> Recovery:
    """What the worker's tables recover with."""
    app: Any = SimpleNamespace(conf=SimpleNamespace(stream_recovery_delay=0.0))
    return Tables(app).recovery


async def test_a_recovery_that_is_overtaken_seeks_nothing() -> None:
    """A rebalance has come meanwhile: where its standbys begin is not known yet, and the next recovery will find out."""
    recovery, consumer = recovery_of_tables(), Seeks()
    recovery.signal_recovery_start.set()
    with pytest.raises(RebalanceAgain):
        await recovery._seek_offsets(cast("Any", consumer), {STANDBY}, cast("Counter[TP]", {STANDBY: None}), "standby")
    recovery.signal_recovery_start.clear()
    await recovery._seek_offsets(cast("Any", consumer), {STANDBY}, Counter({STANDBY: 7}), "standby")
    assert consumer.sought == [{STANDBY: 7}]
