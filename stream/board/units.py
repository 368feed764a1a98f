"""Values in the form people read: 81.4 %, 67.5 s, 16.3 h."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.scores import Score
from schemas.times import from_iso
from stream.durations import SECOND

NOTHING = "-"
_TIMES = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"))


def human_value(score: Score) -> str:
    """A score's value with its unit; a point in time as how long ago it was."""
    if score.unit == "percent":
        return f"{score.value:.1f} %"
    if score.unit == "seconds":
        return human_seconds(score.value)
    if score.unit == "unix_seconds":
        return human_seconds(from_iso(score.as_of) / SECOND - score.value)
    return f"{score.value:,.0f}"


def human_seconds(seconds: float, beside: float | None = None) -> str:
    """A duration in the unit that leaves one to three digits before the point, or in that of another which it stands `beside` (seconds)."""
    size, name = _time_unit(seconds if beside is None else beside)
    return f"{seconds / size:.1f} {name}"


def human_interval(score: Score) -> str:
    """Both bounds in one unit, which is the upper bound's; `-` where there are none."""
    if score.low is None or score.high is None:
        return NOTHING
    if score.unit != "seconds":
        return f"{score.low:.1f} to {score.high:.1f}"
    size, name = _time_unit(score.high)
    return f"{score.low / size:.1f} to {score.high / size:.1f} {name}"


def human_time(unix_seconds: float) -> str:
    """A point in time (UTC), to the minute."""
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%d %H:%M")


def human_change(difference: float) -> str:
    """A difference in points with an arrow; one that rounds to nothing is `=`."""
    rounded = round(difference, 1)
    if rounded == 0:
        return "="
    return f"{'▲' if rounded > 0 else '▼'} {rounded:+.1f}"


def _time_unit(seconds: float) -> tuple[float, str]:
    # From two of a unit on: 90 s and 100 min say more than 1.5 min and 1.7 h.
    return next(((size, name) for size, name in _TIMES if abs(seconds) >= 2 * size), _TIMES[-1])
