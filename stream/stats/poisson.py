"""Exact upper bound of a Poisson mean."""

from __future__ import annotations

from functools import lru_cache
from math import lgamma, log
from sys import float_info

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_CLOSE = 1e-13
"""Relative step at which Newton's method has arrived: it doubles the right digits with every step."""
_STEPS = 60
_REMEMBERED = 100_000
"""Bounds that are kept: a live rule asks for the same ones ten times a second."""


def upper(count: Ints, confidence: float) -> Floats:
    """The mean at which `count` cases or fewer have the probability 1 - confidence; confidence above 0.5. By F. Garwood, Biometrika 28, 1936."""
    counts, place = np.unique(count, return_inverse=True)
    bounds = np.array([_upper(each, confidence) for each in counts.tolist()], dtype=np.float64)
    return np.asarray(bounds[place.reshape(np.shape(count))], dtype=np.float64)


@lru_cache(maxsize=_REMEMBERED)
def _upper(count: int, confidence: float) -> float:
    """Half the chi-square quantile of `confidence` with 2 (count + 1) degrees of freedom.

    The logarithm of that probability is concave in the mean, so Newton's method arrives from any start below the bound.
    """
    log_factorial = lgamma(count + 1)
    mean = count + 1.0
    for _ in range(_STEPS):
        ratio = _at_most_to_exactly(count, mean)
        log_probability = count * log(mean) - mean - log_factorial + log(ratio)
        step = ratio * (log_probability - log(1 - confidence))
        mean += step
        if abs(step) <= _CLOSE * mean:
            break
    return mean


def _at_most_to_exactly(count: int, mean: float) -> float:
    """P(X <= n) / P(X = n) = 1 + n/m + n(n-1)/m^2 + ..., for n below the mean m."""
    total = term = 1.0
    left = count
    while term > float_info.epsilon * total:
        term *= left / mean
        total += term
        left -= 1
    return total
