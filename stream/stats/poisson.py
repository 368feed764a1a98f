"""Exact upper bound of a Poisson mean."""

from __future__ import annotations

from math import lgamma, log

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_CLOSE = 1e-13
"""Relative step at which Newton's method has arrived: it doubles the right digits with every step."""
_STEPS = 60


def upper(count: Ints, confidence: float) -> Floats:
    """The mean at which `count` cases or fewer have the probability 1 - confidence; confidence above 0.5. By F. Garwood, Biometrika 28, 1936.

    Half the chi-square quantile of `confidence` with 2 (count + 1) degrees of freedom. The logarithm of that probability is concave in the
    mean, so Newton's method arrives from any start below the bound.
    """
    counts, place = np.unique(count, return_inverse=True)
    log_factorial = np.array([lgamma(n + 1) for n in counts.tolist()])
    mean: Floats = counts + np.float64(1)
    for _ in range(_STEPS):
        ratio = _at_most_to_exactly(counts, mean)
        log_probability = counts * np.log(mean) - mean - log_factorial + np.log(ratio)
        step = ratio * (log_probability - log(1 - confidence))
        mean = mean + step
        if (np.abs(step) <= _CLOSE * mean).all():
            break
    return np.asarray(mean[place.reshape(np.shape(count))], dtype=np.float64)


def _at_most_to_exactly(counts: Ints, mean: Floats) -> Floats:
    """P(X <= n) / P(X = n) = 1 + n/m + n(n-1)/m^2 + ..., for n below the mean m."""
    total, term = np.ones(len(counts)), np.ones(len(counts))
    left = counts.astype(np.float64)
    while (term > np.finfo(np.float64).eps * total).any():
        term = term * left / mean
        total += term
        left = np.maximum(left - 1, 0)
    return total
