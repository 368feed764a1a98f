"""What a condition finds, and how it becomes verdicts. Pure."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from stream.alerts.sight import Sight
from stream.alerts.verdict import Flags, Floats, Ints, Verdicts

_Scalar = TypeVar("_Scalar", bound=np.generic)


class Found(NamedTuple):
    """The arrays of `Verdicts` as a condition works them out: whatever can be broadcast to its shape. `known` has the shape (segments,)."""

    known: Flags
    hot: Flags
    clear: Flags
    data: Flags
    value: Floats
    n: Ints
    bound: Floats
    target: Floats


def nothing(sight: Sight) -> Found:
    """The rule can be judged nowhere."""
    known = np.zeros(len(sight.segments), dtype=np.bool_)
    no, absent = np.zeros(shape_of(sight), dtype=np.bool_), np.full(shape_of(sight), np.nan)
    return Found(known, no, no, no, absent, np.zeros(shape_of(sight), dtype=np.int64), absent, absent)


def verdicts(sight: Sight, covered: Flags, found: Found) -> Verdicts:
    """What was found, for the segments that the rule covers; where it does not apply nothing holds."""
    shape = shape_of(sight)
    applies = covered & found.known
    mask = beside(applies, sight)
    return Verdicts(
        applies,
        found.hot & mask,
        found.clear & mask,
        found.data & mask,
        np.broadcast_to(found.value, shape),
        np.broadcast_to(found.n, shape),
        np.broadcast_to(found.bound, shape),
        np.broadcast_to(found.target, shape),
    )


def shape_of(sight: Sight) -> tuple[int, ...]:
    """(segments,) or (segments, ticks)."""
    return (len(sight.segments), *sight.ticks.shape)


def beside(by_segment: npt.NDArray[_Scalar], sight: Sight) -> npt.NDArray[_Scalar]:
    """Values of segments, shaped so that they fit beside arrays of the sight."""
    return by_segment[:, np.newaxis] if sight.ticks.ndim else by_segment
