"""Sums by hour pane: totals that are kept up to date are those that are added up anew."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.windows.hourly import Hourly
from stream.windows.panestore import Changes

CELLS = [11, 12, 15]
COLUMNS = np.array([-1, 0, 1, -1, 2], dtype=np.int64)
FIRST, LAST = 100, 105
_change = st.tuples(st.integers(FIRST - 2, LAST + 1), st.integers(0, 4), st.integers(0, 4), st.integers(-2, 2))
_steps = st.lists(st.tuples(st.lists(_change, min_size=1, max_size=6), st.integers(FIRST - 1, FIRST + 1)), min_size=1, max_size=6)


def changes_of(changes: list[tuple[int, int, int, int]]) -> Changes:
    """The same as arrays."""
    return Changes(*(np.array(column, dtype=np.int64) for column in zip(*changes, strict=True)))


@given(_steps)
def test_totals_are_kept_up_to_date(steps: list[tuple[list[tuple[int, int, int, int]], int]]) -> None:
    """As segments come, the range slides, and panes change that lie in it or not."""
    kept, rows, seen = Hourly(COLUMNS, CELLS), 1, []
    for changes, first in steps:
        rows = max(rows, *(row + 1 for _, row, _, _ in changes))
        kept.change(changes_of(changes), rows)
        seen += changes
        anew = Hourly(COLUMNS, CELLS)
        anew.change(changes_of(seen), rows)
        for cells in ((11,), (12, 15), (11, 12, 15)):
            assert kept.total(cells, first, first + 5, rows).tolist() == anew.total(cells, first, first + 5, rows).tolist()


def test_a_total_is_to_be_read_only() -> None:
    """Whoever changed it would change what all others read."""
    found = Hourly(COLUMNS, CELLS).total((11,), FIRST, LAST, 2)
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0] = 1


def test_a_cell_that_nobody_asked_for() -> None:
    """An error, not a 0."""
    with pytest.raises(KeyError):
        Hourly(COLUMNS, CELLS).total((13,), FIRST, LAST, 2)
