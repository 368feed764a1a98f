"""One-sided Wilson bounds of many proportions at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def upper(part: Ints, whole: Ints, z: float) -> Floats:
    """Upper bound of part / whole, in 0..1, at the normal quantile z; NaN where whole is 0. By E. B. Wilson, JASA 22, 1927."""
    centre, half = _centre_and_half(part, whole, z)
    return np.minimum(1.0, centre + half)


def lower(part: Ints, whole: Ints, z: float) -> Floats:
    """Lower bound of part / whole, as `upper`."""
    centre, half = _centre_and_half(part, whole, z)
    return np.maximum(0.0, centre - half)


def share(part: Ints, whole: Ints) -> Floats:
    """The share part / whole; NaN where whole is 0."""
    quotient: Floats = np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole > 0)
    return quotient


def _centre_and_half(part: Ints, whole: Ints, z: float) -> tuple[Floats, Floats]:
    """Middle and half the width of the interval."""
    n = np.where(whole > 0, whole, np.nan)
    p = part / n
    scale = 1 + z * z / n
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (p + z * z / (2 * n)) / scale, half / scale
