"""One-sided CUSUM of a share of bad cases over hour panes: whether it has shifted up, and since when.

Each bad case adds a = ln(p1/p0), each good one b = ln((1-p1)/(1-p0)) < 0, where p0 is the usual share of bad cases and p1 the one to be found; the
sum S never falls below 0. By E. S. Page, Biometrika 41, 1954.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WINDOW = 30 * 24
"""Hour panes that a sum is worked out over."""


class Cusum(NamedTuple):
    """`score`: the sum S at the end of a pane. `zero`: the pane at whose end S was last 0 (the shift began after it), -1 for before the first."""

    score: Floats
    zero: Ints


def weights(usual: Floats) -> tuple[Floats, Floats]:
    """Weights a and b for a usual share p0 of bad cases, 0 < p0 < 1; the share to be found is p1 = min(2 p0, (1 + p0) / 2)."""
    found = np.minimum(2 * usual, (1 + usual) / 2)
    return np.log(found / usual), np.log((1 - found) / (1 - usual))


def latest(bad: Ints, good: Ints, usual: Floats, window: int = WINDOW) -> Cusum:
    """S at the end of the last pane, worked out afresh over the last `window` panes: counts (..., panes), usual share (...,)."""
    begin = max(bad.shape[-1] - window, 0)
    a, b = (weight[..., np.newaxis] for weight in weights(np.asarray(usual)))
    # One sum for every pane that the shift may have begun with, the shortest first, so that of equal ones the last zero is found.
    sums = a * _from_the_end(bad[..., begin:]) + b * _from_the_end(good[..., begin:])
    panes = np.argmax(sums, axis=-1)
    score = np.take_along_axis(sums, panes[..., np.newaxis], axis=-1)[..., 0]
    return Cusum(score, bad.shape[-1] - 1 - panes)


def series(bad: Ints, good: Ints, usual: Floats, window: int = WINDOW) -> Cusum:
    """S at the end of every pane, worked out afresh over the `window` panes up to it: counts (..., panes), usual share the same or one of all.

    With C the plain sum, S = max(0, S + x) begun at 0 is C less the least C since the beginning: the largest sum over any last panes, none included.
    """
    panes = bad.shape[-1]
    a, b = (np.broadcast_to(weight, bad.shape) for weight in weights(np.asarray(usual)))
    bads, goods = _up_to(bad), _up_to(good)
    score, length = np.zeros(bad.shape), np.zeros(bad.shape, dtype=np.int64)
    for last in range(1, min(window, panes) + 1):
        ends = np.s_[..., last - 1 :]
        total = a[ends] * (bads[..., last:] - bads[..., :-last]) + b[ends] * (goods[..., last:] - goods[..., :-last])
        larger = total > score[ends]
        score[ends][larger] = total[larger]
        length[ends][larger] = last
    return Cusum(score, np.arange(panes) - length)


def threshold(rate: Floats, thresholds: Mapping[int, float]) -> Floats:
    """Threshold of S for a number of cases an hour: between the given rates by the logarithm, beyond them the nearest."""
    rates = sorted(thresholds)
    found = np.interp(np.log(np.maximum(rate, rates[0])), np.log(rates), [thresholds[known] for known in rates])
    return np.asarray(found, dtype=np.float64)


def _up_to(counts: Ints) -> Ints:
    """Sums up to the beginning of every pane, and of the one after the last: (..., panes + 1)."""
    sums = np.zeros((*counts.shape[:-1], counts.shape[-1] + 1), dtype=np.int64)
    np.cumsum(counts, axis=-1, out=sums[..., 1:])
    return sums


def _from_the_end(counts: Ints) -> Ints:
    """Sums of the last 0, 1, 2, ... panes: (..., panes + 1)."""
    return _up_to(counts[..., ::-1])
