"""Pages of partitions as rows of a table."""

from __future__ import annotations

import pytest

from stream.durations import HOUR
from stream.kpis.definition import SLIDING
from stream.segments import Keys
from stream.state.panes import SLOT_BITS
from stream.state.sums import Sums
from stream.windows import panestore
from stream.windows.panestore import PaneStore


@pytest.mark.parametrize("known", [[1000], [1, 256], [1, 256, 768, 1000]])
def test_a_page_with_segments_of_another_table(known: list[int]) -> None:
    """A table that knows some segments of a page reads those, also where the numbers of the others are higher than all it knows."""
    sums = Sums()
    for number in range(1006):
        sums.apply((HOUR, Keys((f"s{number}",), (), number), SLIDING, ((1, number),)), 1)
    store = PaneStore([1])
    for number in known:
        store.name(0, number, number)
    for key, packed in sums.close():
        kind, _, rest = key.decode().partition("|")
        if int(rest) in {number >> SLOT_BITS["H"] for number in known}:
            store.update(kind[0], int(kind[1:]), (0, int(rest)), packed)
    ((_, changes),) = store.changes()
    assert (sorted(changes.rows.tolist()), sorted(changes.values.tolist())) == (known, known)


@pytest.mark.parametrize("at_once", [1, 2, 1_000])
def test_changes_come_in_parts(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """A page each, or all together: of two states of a page only what differs, in either partition; what is taken back is negative."""
    monkeypatch.setattr(panestore, "PAGES_AT_ONCE", at_once)
    store, partitions = PaneStore([1, 2, 3]), [Sums(), Sums()]
    for number in range(40):
        store.name(0, number, number)
        store.name(1, number, 100 + number)
    keys = [Keys((f"s{number}",), (), number) for number in range(40)]

    def flushed() -> list[tuple[int, int, int]]:
        for number, sums in enumerate(partitions):
            for key, packed in sums.close():
                kind, _, rest = key.decode().partition("|")
                store.update(kind[0], int(kind[1:]), (number, int(rest)), packed)
        found = [changes for kind, changes in store.changes() if kind == "H"]
        return sorted(each for part in found for each in zip(part.rows.tolist(), part.cells.tolist(), part.values.tolist(), strict=True))

    for sums in partitions:
        for segment in keys:
            sums.apply((HOUR, segment, SLIDING, ((1, 5), (2, 7))), 1)
    assert flushed() == [(row, cell, value) for row in (*range(40), *range(100, 140)) for cell, value in ((0, 5), (1, 7))]
    partitions[0].apply((HOUR, keys[17], SLIDING, ((1, 5), (2, 3))), -1)
    partitions[1].apply((HOUR, keys[39], SLIDING, ((3, 2),)), 1)
    assert flushed() == [(17, 0, -5), (17, 1, -3), (139, 2, 2)]
