"""The sums of a partition, against sums that are worked out plainly; pages of sixteen segments."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.durations import HOUR, MINUTE
from stream.errors import LimitReached
from stream.kpis.definition import HOURLY, LEVEL, LEVEL_FROM, SLIDING, SLIDING_FROM, Contribution
from stream.segments import Keys
from stream.state import panes
from stream.state import sums as module
from stream.state.deltas import Rows
from stream.state.panes import Cells
from stream.state.sums import Sums

NAMES = [f"s{number}" for number in range(40)]
KEYS = [Keys(tuple(NAMES[first : first + 3]), tuple(NAMES[first : first + 2]), first) for first in range(38)]
TIMES = st.integers(0, 5 * HOUR)
CELLS = st.lists(st.tuples(st.integers(0, 3).map(lambda cell: cell * 100_007), st.integers(-3, 3)), min_size=1, max_size=3).map(tuple)
PANES = st.sampled_from((SLIDING, SLIDING_FROM, HOURLY, LEVEL, LEVEL_FROM))
CONTRIBUTIONS = st.tuples(TIMES, st.sampled_from(KEYS), PANES, CELLS)
STEPS = st.one_of(
    st.tuples(st.just("add"), CONTRIBUTIONS),
    st.tuples(st.just("take back"), CONTRIBUTIONS),
    st.tuples(st.just("flush"), st.tuples(st.integers(0, 300), st.integers(0, 5))),
)
Content = dict[tuple[str, int, str], Cells]


class Plain:
    """The same sums in one dictionary."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, int, str, int], int] = defaultdict(int)
        self._minutes_from = self._hours_from = 0

    def apply(self, contribution: Contribution, sign: int) -> None:
        """Add it to every pane and segment."""
        time, keys, counted, cells = contribution
        hour, minute = (-(-time // HOUR), -(-time // MINUTE)) if counted in (SLIDING_FROM, LEVEL_FROM) else (time // HOUR, time // MINUTE)
        kind = "O" if counted in (LEVEL, LEVEL_FROM) else "H"
        for cell, value in cells:
            for name in keys.all:
                self._cells[(kind, hour, name, cell) if hour >= self._hours_from else ("B", 0, name, cell)] += sign * value
            for name in keys.sliding if counted in (SLIDING, SLIDING_FROM, LEVEL_FROM) else ():
                self._cells["D" if kind == "O" else "N", minute, name, cell] += sign * value

    def advance(self, minutes_from: int, hours_from: int) -> None:
        """Drop minutes, fold hours."""
        self._minutes_from, self._hours_from = max(minutes_from, self._minutes_from), max(hours_from, self._hours_from)
        for (kind, index, name, cell), value in list(self._cells.items()):
            if (kind in "ND" and index < self._minutes_from) or (kind in "HO" and index < self._hours_from):
                del self._cells[kind, index, name, cell]
                if kind in "HO":
                    self._cells["B", 0, name, cell] += value

    def content(self) -> Content:
        """Without zeros."""
        found: Content = {}
        for (kind, index, name, cell), value in self._cells.items():
            if value:
                found.setdefault((kind, index, name), {})[cell] = value
        return found


def content_of(log: dict[bytes, bytes]) -> Content:
    """What the records of a log hold."""
    found: Content = {}
    for key, value in log.items():
        kind, index, _ = panes.decode_key(key)
        found.update({(kind, index, name): cells for name, cells in panes.cells_by_segment(value).items()})
    return found


def write(log: dict[bytes, bytes], sums: Sums) -> None:
    """Flush into a compacted log."""
    for key, value in sums.close():
        if value is None:
            assert key in log, "a tombstone for what was never there"
            del log[key]
        else:
            log[key] = value


def recovered(log: dict[bytes, bytes], sums: Sums) -> Sums:
    """The sums read back from a log."""
    again = Sums()
    again.minutes_from, again.hours_from, again.lets_go = sums.minutes_from, sums.hours_from, True
    for key, value in log.items():
        kind, index, page = panes.decode_key(key)
        again.load(kind, index, int(page), value)
    return again


def let_go(content: Content, sums: Sums) -> Content:
    """The same without the panes that wait to be let go."""
    found: Content = {}
    for (kind, index, name), cells in content.items():
        is_old = index < (sums.minutes_from if kind in "ND" else sums.hours_from) and kind != "B"
        if not is_old or kind in "HO":
            into = found.setdefault(("B", 0, name) if is_old else (kind, index, name), {})
            for cell, value in cells.items():
                into[cell] = into.get(cell, 0) + value
    return {key: held for key, cells in found.items() if (held := {cell: value for cell, value in cells.items() if value})}


@given(st.lists(STEPS, max_size=30), st.booleans(), st.sampled_from([1, 64]))
def test_sums_are_what_was_added(steps: list[tuple[str, tuple]], restarts: bool, most: int) -> None:  # type: ignore[type-arg]
    """Whatever the order of adding, taking back, flushing, letting go of panes, so many at once, and starting again; the log holds the same."""
    sums, plain, log = Sums(), Plain(), dict[bytes, bytes]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MOST_FOLDED", most)
        patch.setattr(module, "_MOST_DROPPED", most)
        for step, what in [*steps, ("flush", (0, 0))]:
            if step == "flush":
                sums.advance(*what)
                write(log, sums)
                plain.advance(*what)
                assert content_of(log) == sums.cells()
                assert let_go(sums.cells(), sums) == plain.content()
                assert sums.lets_go or sums.cells() == plain.content()
                assert len(sums) == len(sums.cells())
                sums = recovered(log, sums) if restarts else sums
            else:
                sign = 1 if step == "add" else -1
                sums.apply(what, sign)
                plain.apply(what, sign)


def test_panes_are_let_go_a_few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each flush takes so many pages, until none is left; what is held and what is folded together stays the same."""
    monkeypatch.setattr(module, "_MOST_FOLDED", 2)
    sums = Sums()
    for hour in range(5):
        sums.apply((hour * HOUR, Keys(("a",), (), 0), HOURLY, ((1, 1),)), 1)
    assert len(list(sums.close())) == 5
    left = []
    for _ in range(3):
        sums.advance(0, 5)
        assert len(list(sums.close())) <= 3
        left.append((len(sums), sums.lets_go))
        assert sum(cells[1] for cells in sums.cells().values()) == 5
    assert left == [(4, True), (2, True), (1, False)]


def test_a_page_holds_sixteen_segments_and_one_of_the_base() -> None:
    """Forty segments of an hour are three pages; folded into the base, forty."""
    sums = Sums()
    sums.minutes_from = 10_000
    for number, name in enumerate(NAMES):
        sums.apply((HOUR, Keys((name,), (), number), SLIDING, ((1, 1),)), 1)
    assert sorted(key for key, _ in sums.close()) == [b"H1|0", b"H1|1", b"H1|2"]
    sums.advance(10_000, 2)
    records = dict(sums.close())
    assert sum(value is None for value in records.values()) == 3
    assert {key for key, value in records.items() if value is not None} == {f"B0|{number}".encode() for number in range(40)}


def test_a_page_is_written_only_when_one_of_its_segments_has_changed() -> None:
    """The other two pages of the pane stay as they are; what comes to nothing is a tombstone only if it stood there."""
    sums = Sums()
    sums.minutes_from = 10_000
    one = [(HOUR, Keys((name,), (), number), SLIDING, ((1, 1),)) for number, name in enumerate(NAMES)]
    for contribution in one:
        sums.apply(contribution, 1)
    list(sums.close())
    sums.apply(one[20], 1)
    ((key, value),) = sums.close()
    assert key == b"H1|1"
    assert panes.cells_by_segment(value)["s20"] == {1: 2}
    sums.apply((9 * HOUR, one[0][1], SLIDING, ((1, 1),)), 1)
    sums.apply((9 * HOUR, one[0][1], SLIDING, ((1, 1),)), -1)
    assert list(sums.close()) == []


def test_the_weight_of_a_flush_is_about_its_size() -> None:
    """Counted before anything is packed: at least the pages that are written again."""
    sums = Sums()
    sums.minutes_from = 10_000
    for number, name in enumerate(NAMES):
        for cell in range(200):
            sums.apply((HOUR, Keys((name,), (), number), SLIDING, ((cell, 1),)), 1)
    assert sums.weight > 0
    size = sum(len(value or b"") for _, value in sums.close())
    assert sums.weight == 0
    sums.apply((HOUR, Keys((NAMES[0],), (), 0), SLIDING, ((1, 1),)), 1)
    assert size / 4 < sums.weight < size


def test_more_combinations_than_twenty_bits_hold() -> None:
    """Each has sums of its own; a million sets of keys are met where dimensions have many values."""
    rows = Rows("H")
    rows.open(5, 0)[1] = 7
    assert rows.get(5, 1 << 20) is None
    assert rows.get(4, 1 << 20) is None


def test_more_segments_than_can_be_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one too many is refused, and nothing of it is counted under the number of another."""
    monkeypatch.setattr(module, "MOST_SEGMENTS", 3)
    sums = Sums()
    sums.apply((0, KEYS[0], HOURLY, ((1, 1),)), 1)
    with pytest.raises(LimitReached, match="more than 3 segments"):
        sums.apply((0, KEYS[1], HOURLY, ((1, 1),)), 1)
