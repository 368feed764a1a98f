"""Pages of partitions as rows of a table."""

from __future__ import annotations

from stream.durations import HOUR
from stream.kpis.definition import SLIDING
from stream.segments import Keys
from stream.state.sums import Sums
from stream.windows.panestore import PaneStore


def test_a_page_with_segments_of_another_table() -> None:
    """A table that knows one segment of a page reads that one, also where the numbers of the others are higher than all it knows."""
    sums = Sums()
    for number in range(1006):
        sums.apply((HOUR, Keys((f"s{number}",), (), number), SLIDING, ((1, number),)), 1)
    store = PaneStore([1])
    store.name(0, 1000, 7)
    for key, packed in sums.close():
        kind, _, rest = key.decode().partition("|")
        store.update(kind[0], int(kind[1:]), (0, int(rest)), packed)
    ((_, changes),) = store.changes()
    assert (changes.rows.tolist(), changes.values.tolist()) == ([7], [1000])
