"""When a scorer may begin: not on a flush of which only the beginning was in the log."""

from __future__ import annotations

from typing import cast

from stream.engine.names import Names
from stream.engine.scorer import Scorer
from stream.engine.source_log import BrokerLog
from stream.outlets.health import Health
from stream.settings import Settings
from stream.state import marker, panes
from stream.state.beside import LOW
from stream.state.marker import Marker
from stream.windows.board import STATUS_KEY

PART = panes.encode_key(LOW, 0, "a"), b"1"


def end(flush: int) -> tuple[bytes, bytes]:
    """The end of a flush."""
    return STATUS_KEY, marker.encode(Marker(marker.FORMAT, "", flush, {}, {}, 0, 0))


def new_scorer() -> Scorer:
    """A scorer that was not started, so nothing but its board counts."""
    return Scorer(Settings(), Names("csat", 1), "", cast("BrokerLog", None), Health())


def test_it_waits_for_the_end_of_what_was_half_there() -> None:
    """Also where the successor sends the same flush again, under the same number."""
    scorer = new_scorer()
    scorer.board.apply(0, [PART, end(1), PART])
    scorer.board.apply(1, [PART])
    assert not scorer._has_whole_flushes()
    scorer.board.apply(0, [end(1)])
    assert not scorer._has_whole_flushes()
    scorer.board.apply(1, [PART, end(7)])
    assert scorer._has_whole_flushes()


def test_it_waits_for_no_later_flush() -> None:
    """Of many partitions one is always in the middle of a flush."""
    scorer = new_scorer()
    scorer.board.apply(0, [PART, end(1), PART])
    assert not scorer._has_whole_flushes()
    scorer.board.apply(1, [PART])
    scorer.board.apply(0, [end(2), PART])
    assert scorer._has_whole_flushes()
