"""The CUSUM: closed form and recursion, its last zero, weights and thresholds."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.stats.cusum import latest, series, threshold, weights

PANES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20)), min_size=1, max_size=40)
USUAL = st.floats(0.01, 0.9)


def recursion(panes: list[tuple[int, int]], usual: float) -> tuple[float, int]:
    """S = max(0, S + x) from 0, and the pane at whose end it was last 0 (to within rounding)."""
    found = min(2 * usual, (1 + usual) / 2)
    a, b = log(found / usual), log((1 - found) / (1 - usual))
    score, zero = 0.0, -1
    for place, (bad, good) in enumerate(panes):
        score = max(0.0, score + bad * a + good * b)
        zero = place if score < 1e-12 else zero
    return score, zero


def split(panes: list[tuple[int, int]]) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Bad and good cases as arrays."""
    return np.array([bad for bad, _ in panes]), np.array([good for _, good in panes])


@given(PANES, USUAL, st.integers(1, 12))
def test_the_closed_form_is_the_recursion_begun_afresh(panes: list[tuple[int, int]], usual: float, window: int) -> None:
    """At every pane, over the panes of its window."""
    found = series(*split(panes), np.array(usual), window)
    for place in range(len(panes)):
        begin = max(place + 1 - window, 0)
        score, zero = recursion(panes[begin : place + 1], usual)
        assert found.score[place] == pytest.approx(score, abs=1e-9)
        # A pane without cases leaves S where it is, 0 or not, so that rounding alone could move the last zero: compare sums from there.
        assert recursion(panes[found.zero[place] + 1 : place + 1], usual)[0] == pytest.approx(score, abs=1e-9)
        assert found.zero[place] >= begin + zero or score < 1e-9


@given(PANES, USUAL, st.integers(1, 12))
def test_the_latest_is_the_end_of_the_series(panes: list[tuple[int, int]], usual: float, window: int) -> None:
    """To the bit, so that what runs and what is backtested agree."""
    whole, last = series(*split(panes), np.array(usual), window), latest(*split(panes), np.array(usual), window)
    assert last.score == whole.score[-1]
    assert last.zero == whole.zero[-1]


def test_by_hand() -> None:
    """Usual share 0.2, to be found 0.4: a bad case adds ln 2, a good one ln 0.75. Ten good ones, then 3 bad 1 good, then 2 bad."""
    bad, good = np.array([0, 3, 2]), np.array([10, 1, 0])
    found = series(bad, good, np.array(0.2))
    assert found.score == pytest.approx([0, 3 * log(2) + log(0.75), 5 * log(2) + log(0.75)])
    assert found.zero.tolist() == [0, 0, 0]


def test_quiet_panes_move_the_last_zero_only_while_it_is_zero() -> None:
    """After good cases each quiet pane ends at 0; after a bad one S stands, and so does the beginning of the shift."""
    found = series(np.array([0, 0, 1, 0, 0]), np.array([5, 0, 0, 0, 0]), np.array(0.2))
    assert found.zero.tolist() == [0, 1, 1, 1, 1]


def test_a_sum_that_was_never_zero_began_before_the_first_pane() -> None:
    """Bad cases from the beginning."""
    assert latest(np.array([2, 1]), np.array([0, 0]), np.array(0.2)).zero == -1


def test_what_leaves_the_window_counts_no_more() -> None:
    """A bad case 720 panes ago is in, one pane later it is out."""
    bad = np.zeros(721, dtype=np.int64)
    bad[0] = 1
    found = series(bad, np.zeros_like(bad), np.array(0.2))
    assert found.score[719] == pytest.approx(log(2))
    assert found.score[720] == 0


def test_rows_have_shares_of_their_own_by_pane() -> None:
    """Segments side by side, each pane with the share known then."""
    bad, good = np.array([[1, 1], [1, 1]]), np.array([[0, 0], [0, 0]])
    usual = np.array([[0.2, 0.1], [0.5, 0.8]])
    found = series(bad, good, usual)
    assert found.score == pytest.approx(np.array([[log(2), 2 * log(2)], [log(1.5), 2 * log(0.9 / 0.8)]]))
    assert latest(bad, good, usual[:, 1]).score == pytest.approx(found.score[:, 1])


@pytest.mark.parametrize(("usual", "found"), [(0.1, 0.2), (0.2, 0.4), (0.5, 0.75), (0.8, 0.9)])
def test_the_share_to_be_found_is_twice_the_usual_or_halfway_to_all(usual: float, found: float) -> None:
    """Whichever is less."""
    a, b = weights(np.array(usual))
    assert a == pytest.approx(log(found / usual))
    assert b == pytest.approx(log((1 - found) / (1 - usual)))


def test_thresholds_follow_the_logarithm_of_the_rate() -> None:
    """The nearest beyond the given rates, none at all included; 10 an hour is halfway from 5 to 20."""
    found = threshold(np.array([0, 1, 5, 10, 20, 500, 5 * sqrt(2)]), {20: 6.4, 5: 5.5})
    assert found == pytest.approx([5.5, 5.5, 5.5, 5.95, 6.4, 6.4, 5.725])
