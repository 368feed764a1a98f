"""Changes as arrays: each place once, in order, and nothing that is 0."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.state.deltas import Deltas, code_of, joined, net, netted, parts_of, place_of

_PANES = [code_of(kind, index) for kind in "BHN" for index in (0, 3, 490_000, 29_500_000)]
_place = st.tuples(st.sampled_from(_PANES), st.integers(0, 40), st.integers(0, 2**20 - 1).map(lambda cell: cell % 7 * 149_796))
_changes = st.lists(st.tuples(_place, st.integers(-3, 3)), max_size=60)


def deltas_of(changes: list[tuple[tuple[int, int, int], int]]) -> Deltas:
    """The same as arrays."""
    rows = [(*place, value) for place, value in changes]
    return Deltas(*(np.array(column, dtype=np.int64) for column in (zip(*rows, strict=True) if rows else [[]] * 4)))


def listed(deltas: Deltas) -> list[tuple[tuple[int, int, int], int]]:
    """Places and values of arrays, in their order."""
    panes, segments, cells, values = (column.tolist() for column in deltas)
    return list(zip(zip(panes, segments, cells, strict=True), values, strict=True))


def summed(changes: list[tuple[tuple[int, int, int], int]]) -> list[tuple[tuple[int, int, int], int]]:
    """What is expected of them: a sum for every place, in order."""
    totals: Counter[tuple[int, int, int]] = Counter()
    for place, value in changes:
        totals[place] += value
    return sorted((place, value) for place, value in totals.items() if value)


@given(_changes)
def test_one_delta_a_place(changes: list[tuple[tuple[int, int, int], int]]) -> None:
    """Whatever order they come in."""
    assert listed(netted(deltas_of(changes))) == summed(changes)


@given(_changes, _changes)
def test_two_runs_in_order_are_merged(one: list[tuple[tuple[int, int, int], int]], other: list[tuple[tuple[int, int, int], int]]) -> None:
    """As if they were sorted together."""
    both = joined([netted(deltas_of(one)), netted(deltas_of(other))])
    assert listed(netted(both, in_runs=True)) == summed([*one, *other])


@given(st.integers(0, 2**20), st.integers(0, 2**22 - 1), st.integers(0, 2**20 - 1))
def test_a_place_is_made_of_its_parts(rank: int, segment: int, cell: int) -> None:
    """Each part at its largest does not reach into the next."""
    parts = (np.array([part], dtype=np.int64) for part in (rank, segment, cell))
    ranks, segments, cells = parts
    assert [int(part[0]) for part in parts_of(place_of(ranks, segments) | cells)] == [rank, segment, cell]


def test_nothing_is_nothing() -> None:
    """No place, no sum."""
    nothing = np.zeros(0, dtype=np.int64)
    assert [len(each) for each in net(nothing, nothing, in_runs=False)] == [0, 0]
