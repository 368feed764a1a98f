"""Whether a rating lies on a scale that is in use."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.essence import Rated
from stream.errors import Fault

NPS = (0, 10)


def scale_faults(rated: Rated, scales: Mapping[tuple[int, int], int]) -> tuple[Fault, ...]:
    """What is wrong with a rating's score and scale. `scales`: lowest satisfied score by (lowest, highest) of each csat scale."""
    faults = []
    if not rated.low <= rated.score <= rated.high:
        faults.append(Fault("data.score", "lies outside its scale"))
    if rated.kind == "csat" and (rated.low, rated.high) not in scales:
        faults.append(Fault("data.scale_max", "this scale is not configured"))
    if rated.kind == "nps" and (rated.low, rated.high) != NPS:
        faults.append(Fault("data.scale_max", "nps is answered from 0 to 10"))
    if rated.kind == "ces" and rated.low >= rated.high:
        faults.append(Fault("data.scale_max", "must be above scale_min"))
    return tuple(faults)
