"""Pages of partitions as rows of a table."""

from __future__ import annotations

import pytest

from stream.durations import HOUR
from stream.kpis.definition import SLIDING
from stream.segments import Keys
from stream.state.panes import SLOT_BITS
from stream.state.sums import Sums
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
