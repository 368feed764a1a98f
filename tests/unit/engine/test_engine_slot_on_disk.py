"""What a slot brings to the disk, and when it takes it away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.durations import HOUR
from stream.errors import LogDamaged
from stream.settings import Settings
from stream.state.partition import MARKER_KEY
from tests.helpdesk import MIDNIGHT, log, of_ticket, opened
from tests.on_disk import OnDisk, last_sums

pytest.importorskip("rocksdict")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[OnDisk]:
    """A slot with two flushes behind it, of different teams."""
    found = OnDisk(Settings(), tmp_path)
    records = log([*of_ticket("T-1", opened(MIDNIGHT, team="one")), *of_ticket("T-2", opened(MIDNIGHT + HOUR, team="two"))])
    for record in records:
        found.feed([record])
        found.flush(0)
    yield found
    found.store.close()


def whole(_first: int, last: int) -> int:
    """Everything in one piece."""
    return last


def test_the_last_flush_is_sent_again_and_no_more(disk: OnDisk) -> None:
    """A copy knows which sums the last flush held."""
    disk.end()
    disk.begin(disk.copies[0], whole)
    assert dict(disk.slot.partition.sum_records()) == last_sums(disk.log.state)


def test_a_copy_in_the_middle_of_a_flush_sends_all(disk: OnDisk) -> None:
    """What it can't know is sent, too: once more is harmless, once less is not."""
    flush = len(disk.log.state)
    disk.end()
    disk.begin(disk.copies[0], whole)
    disk.log.state.extend(disk.log.state[1:3])
    disk.load(flush, flush + 2)
    disk.end()
    disk.begin(disk.copies[1], whole)
    held = {key for key, _ in disk.store.others() if key != MARKER_KEY}
    assert {key for key, value in disk.slot.partition.sum_records() if value is not None} == held


def test_lost_while_a_flush_is_on_its_way(disk: OnDisk) -> None:
    """A partition that was let go of meanwhile leaves its copy where it was."""
    before = disk.store.place

    def let_go() -> None:
        disk.slot.close_local()
        disk.slot.lost = True

    disk.flush(0, let_go, verified=False)
    assert disk.store.place == before


def test_a_piece_is_as_old_as_its_records(disk: OnDisk) -> None:
    """Whoever reads an old piece today is no nearer to the present."""
    end = len(disk.log.state)
    disk.log.state.append((b"C", b"a claim"))
    disk.load(end, end + 1, timestamp=77)
    assert (disk.store.place.position, disk.store.place.written) == (end + 1, 77)


def test_a_log_that_lost_what_the_copy_holds(disk: OnDisk) -> None:
    """It was written on without it: a flush comes whose number the copy has already."""
    state = disk.log.state
    again = [record for record in state if record[0] == MARKER_KEY][-1]
    state.append(again)
    with pytest.raises(LogDamaged, match="has flush 2 behind flush 2: the log has lost data"):
        disk.load(len(state) - 1, len(state))
    assert not disk.store.folder.exists()


async def test_a_claim_before_the_copy(disk: OnDisk) -> None:
    """The log ends before what was acknowledged: the copy must not wait until claims have filled it up."""
    del disk.log.state[-3:]
    with pytest.raises(LogDamaged, match="had been acknowledged"):
        await disk.slot.claim(disk.slot.producer, "worker")  # type: ignore[arg-type]
    assert not disk.store.folder.exists()
